"""The markets as a search keeps them in memory: read as whole columns in one statement."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from services.markets.domain.search import PLATFORMS, STATUSES, Shelf, Texts
from services.markets.storage.reading import INDICATIVE_SPREAD_MAX

_FIGURES = {
    "volume": "volume",
    "volume_24h": "volume_24h",
    "liquidity": "liquidity",
    "closes_at": "extract(epoch FROM closes_at)",
    "quoted_at": "extract(epoch FROM quoted_at)",
    "price": f"""CASE WHEN yes_ask - yes_bid <= {INDICATIVE_SPREAD_MAX} THEN (yes_ask + yes_bid) / 2
        ELSE last_price END""",
}
_WHOLE = ("market_no", "platform", "status", "place", "quoted")
_PACKED = ", ".join(
    [f"string_agg(int4send({name}), '') AS {name}" for name in _WHOLE]
    + [f"string_agg(float8send({name}), '') AS {name}" for name in _FIGURES]
)
_SAID = ", ".join(f"coalesce({said}, 'NaN')::float8 AS {name}" for name, said in _FIGURES.items())
# Texts stand one after the other, with \x1e between two of them and \x1f between two tags.
_LOAD = text(f"""
WITH listed AS MATERIALIZED (
    SELECT e.event_id, (row_number() OVER (ORDER BY e.event_id) - 1)::int AS place,
        translate(e.title, E'\\n\\r\\x1e', '   ') AS title,
        translate(coalesce(e.category, s.category, ''), E'\\x1e', ' ') AS category,
        translate(array_to_string(e.tags, E'\\x1f'), E'\\x1e', ' ') AS tags
    FROM events e LEFT JOIN series s ON s.series_id = e.series_id
)
SELECT of_events.*, of_markets.* FROM (
    SELECT count(*)::int AS events, string_agg(title, E'\\x1e' ORDER BY place) AS event_texts,
        string_agg(category, E'\\x1e' ORDER BY place) AS categories, string_agg(tags, E'\\x1e' ORDER BY place) AS tags
    FROM listed
) of_events, (
    SELECT count(*)::int AS markets, string_agg(texts, E'\\x1e') AS texts, {_PACKED}
    FROM (
        SELECT m.market_no, array_position(CAST(:platforms AS text[]), m.platform) - 1 AS platform,
            array_position(CAST(:statuses AS text[]), m.status) - 1 AS status, coalesce(l.place, -1) AS place,
            (m.yes_bid IS NOT NULL AND m.yes_ask IS NOT NULL)::int AS quoted, {_SAID},
            translate(m.question || coalesce(' · ' || m.group_title, ''), E'\\n\\r\\x1e', '   ') AS texts
        FROM markets m LEFT JOIN listed l ON l.event_id = m.event_id ORDER BY m.market_no
    ) ordered
) of_markets
""")
_SYNCED = text("""
SELECT finished_at FROM market_syncs WHERE finished_at IS NOT NULL ORDER BY started_at DESC LIMIT 1
""")


def synced_at(connection: Connection) -> datetime | None:
    """When markets last came in and left: their columns are others since then."""
    found: datetime | None = connection.execute(_SYNCED).scalar()
    return found


def load_shelf(connection: Connection) -> Shelf:
    row = connection.execute(_LOAD, {"platforms": list(PLATFORMS), "statuses": list(STATUSES)}).mappings().one()

    def whole(name: str) -> NDArray[np.int64]:
        return np.frombuffer(row[name] or b"", ">i4").astype(np.int64)

    def listed(name: str) -> tuple[str, ...]:
        return tuple((row[name] or "").split("\x1e")) if row["events"] else ()

    return Shelf(
        market_nos=whole("market_no"),
        platforms=whole("platform"),
        statuses=whole("status"),
        figures={name: np.frombuffer(row[name] or b"", ">f8").astype(np.float64) for name in _FIGURES},
        quoted=whole("quoted").astype(bool),
        events=whole("place"),
        texts=Texts.of(row["texts"], row["markets"]),
        event_texts=Texts.of(row["event_texts"], row["events"]),
        categories=tuple(each.casefold() for each in listed("categories")),
        tags=listed("tags"),
    )
