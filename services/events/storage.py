"""SQL for the tables that the events service owns, and what it reads of markets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, text

from services.events.domain.catalogue import EVENT_COLUMNS, SERIES_COLUMNS, Known, Row, copy_line
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.database import copy_out, copy_rows

Entity = Literal["events", "series"]

_ID: dict[Entity, str] = {"events": "event_id", "series": "series_id"}
_CONTENT: dict[Entity, tuple[str, ...]] = {"events": EVENT_COLUMNS, "series": SERIES_COLUMNS}
_STAGE: dict[Entity, str] = {
    entity: f"""
        CREATE TEMP TABLE IF NOT EXISTS staged_{entity} ON COMMIT DELETE ROWS AS
        SELECT {_ID[entity]}, {", ".join(_CONTENT[entity])}, content_hash, venue_updated_at, updated_at AS received_at
        FROM {entity} WITH NO DATA"""
    for entity in ("events", "series")
}
_UPSERT_EVENTS = f"""
INSERT INTO events (event_id, {", ".join(EVENT_COLUMNS)}, content_hash, venue_updated_at, created_at, updated_at)
SELECT event_id, {", ".join(EVENT_COLUMNS)}, content_hash, venue_updated_at, received_at, received_at
FROM staged_events
ON CONFLICT (event_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in EVENT_COLUMNS)},
    content_hash = excluded.content_hash, venue_updated_at = excluded.venue_updated_at, updated_at = excluded.updated_at
WHERE events.content_hash <> excluded.content_hash
"""
_UPSERT_SERIES = f"""
INSERT INTO series (series_id, {", ".join(SERIES_COLUMNS)}, content_hash, venue_updated_at, created_at, updated_at)
SELECT series_id, {", ".join(SERIES_COLUMNS)}, content_hash, venue_updated_at, received_at, received_at
FROM staged_series
ON CONFLICT (series_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in SERIES_COLUMNS)},
    content_hash = excluded.content_hash, venue_updated_at = excluded.venue_updated_at, updated_at = excluded.updated_at
WHERE series.content_hash <> excluded.content_hash
"""
_UPSERT: dict[Entity, str] = {"events": _UPSERT_EVENTS, "series": _UPSERT_SERIES}
_UPSERT_PLATFORM = """
INSERT INTO platforms (platform, display_name, base_url, simulated, updated_at)
VALUES (:platform, :display_name, :base_url, :simulated, :now)
ON CONFLICT (platform) DO UPDATE SET display_name = excluded.display_name, base_url = excluded.base_url,
    simulated = coalesce(excluded.simulated, platforms.simulated), updated_at = excluded.updated_at
WHERE (platforms.display_name, platforms.base_url, platforms.simulated)
    IS DISTINCT FROM (excluded.display_name, excluded.base_url, coalesce(excluded.simulated, platforms.simulated))
"""

_EVENT_SHAPE = """
e.event_id, e.platform, e.external_id, e.series_id, e.title, e.subtitle, coalesce(e.category, lower(s.category))
    AS category, e.tags, e.status, e.mutually_exclusive, e.exhaustive, e.starts_at, e.closes_at,
trim_scale(e.volume) AS volume, trim_scale(e.volume_24h) AS volume_24h, trim_scale(e.liquidity) AS liquidity,
trim_scale(e.open_interest) AS open_interest, e.game_id, e.updated_at,
(SELECT count(*) FROM markets m WHERE m.event_id = e.event_id) AS markets
"""
_SERIES_SHAPE = """
s.series_id, s.platform, s.external_id, s.title, lower(s.category) AS category, s.tags, s.frequency, s.fee_type,
trim_scale(s.fee_multiplier) AS fee_multiplier, s.settlement_sources, s.updated_at
"""


@dataclass(frozen=True, slots=True)
class EventFilter:
    platform: str | None = None
    status: str | None = None
    category: str | None = None
    tag: str | None = None
    series_id: str | None = None
    text: str | None = None
    min_liquidity: Decimal | None = None
    min_volume: Decimal | None = None
    closes_after: datetime | None = None
    closes_before: datetime | None = None
    categories: list[str] | None = None


_CONDITIONS = {
    "platform": "e.platform = :platform",
    "status": "e.status = :status",
    "category": "coalesce(e.category, lower(s.category)) = lower(:category)",
    "tag": "lower(:tag) = ANY(SELECT lower(t) FROM unnest(e.tags) t)",
    "series_id": "e.series_id = :series_id",
    "text": "(e.title ILIKE :text OR e.subtitle ILIKE :text)",
    "min_liquidity": "coalesce(e.liquidity, traded.liquidity) >= :min_liquidity",
    "min_volume": "coalesce(e.volume, traded.volume) >= :min_volume",
    "closes_after": "coalesce(e.closes_at, traded.closes_at) > :closes_after",
    "closes_before": "coalesce(e.closes_at, traded.closes_at) <= :closes_before",
    "categories": """(coalesce(e.category, lower(s.category)) = ANY(:categories)
        OR EXISTS (SELECT 1 FROM unnest(e.tags) t WHERE lower(t) = ANY(:categories)))""",
}
# Kalshi says of an event neither volume nor closing time: both are those of its markets.
_TRADED = """
LEFT JOIN LATERAL (
    SELECT sum(m.liquidity) AS liquidity, sum(m.volume) AS volume, max(m.closes_at) AS closes_at
    FROM markets m WHERE m.event_id = e.event_id
) traded ON true
"""


def known_rows(connection: Connection, entity: Entity, platform: str) -> Known:
    known = Known({})
    status = "status" if entity == "events" else "'listed'"
    query = f"SELECT {_ID[entity]}, encode(content_hash, 'hex'), {status} FROM {entity} WHERE platform = '{platform}'"
    for line in copy_out(connection, query):
        row_id, digest, state = line.rstrip("\n").split("\t")
        known.hashes[row_id] = bytes.fromhex(digest)
        if state == "open":
            known.open_ids.add(row_id)
    known.stored = frozenset(known.hashes)
    return known


def write_rows(connection: Connection, entity: Entity, rows: Sequence[Row], received_at: datetime) -> None:
    if not rows:
        return
    connection.execute(text(_STAGE[entity]))
    columns = (_ID[entity], *_CONTENT[entity], "content_hash", "venue_updated_at", "received_at")
    copy_rows(connection, f"staged_{entity}", columns, [copy_line(row, received_at) for row in rows])
    connection.execute(text(_UPSERT[entity]))


def record_platform(
    connection: Connection, platform: str, display_name: str, base_url: str, simulated: bool | None, now: datetime
) -> None:
    values = {
        "platform": platform,
        "display_name": display_name,
        "base_url": base_url,
        "simulated": simulated,
        "now": now,
    }
    connection.execute(text(_UPSERT_PLATFORM), values)


def events_page(connection: Connection, which: EventFilter, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
    """A JSON array of events in the order of their ids, and where the next page begins."""
    conditions, values = _where(which)
    traded = _TRADED if any("traded." in condition for condition in conditions) else ""
    frm = f"FROM events e LEFT JOIN series s ON s.series_id = e.series_id {traded}"
    return _page(connection, "e.event_id", _EVENT_SHAPE, frm, conditions, values, cursor, limit)


def count_events(connection: Connection, which: EventFilter) -> int:
    conditions, values = _where(which)
    traded = _TRADED if any("traded." in condition for condition in conditions) else ""
    where = " AND ".join(conditions) or "true"
    query = f"SELECT count(*) FROM events e LEFT JOIN series s ON s.series_id = e.series_id {traded} WHERE {where}"
    return int(connection.execute(text(query), values).scalar_one())


def series_page(
    connection: Connection, platform: str | None, category: str | None, cursor: str | None, limit: int
) -> tuple[bytes, str | None]:
    conditions, values = [], {}
    if platform is not None:
        conditions.append("s.platform = :platform")
        values["platform"] = platform
    if category is not None:
        conditions.append("lower(s.category) = lower(:category)")
        values["category"] = category
    return _page(connection, "s.series_id", _SERIES_SHAPE, "FROM series s", conditions, values, cursor, limit)


def event_json(connection: Connection, event_id: str) -> bytes | None:
    """One event with its text and its markets."""
    query = f"""
        SELECT to_json(shape)::text FROM (
            SELECT {_EVENT_SHAPE}, e.description, e.fee_type_override, e.fee_multiplier_override,
                (SELECT coalesce(json_agg(json_build_object('market_id', m.market_id, 'question', m.question,
                    'group_title', m.group_title, 'status', m.status, 'outcome', m.outcome,
                    'yes_bid', trim_scale(m.yes_bid), 'yes_ask', trim_scale(m.yes_ask)) ORDER BY m.market_no), '[]')
                    FROM markets m WHERE m.event_id = e.event_id) AS market_list
            FROM events e LEFT JOIN series s ON s.series_id = e.series_id WHERE e.event_id = :event_id
        ) shape
    """
    found = connection.execute(text(query), {"event_id": event_id}).scalar()
    return found.encode() if found else None


def summary(connection: Connection) -> list[dict[str, Any]]:
    query = """
        SELECT p.platform, p.display_name, p.simulated, coalesce(e.open, 0) AS open, coalesce(e.closed, 0) AS closed,
            (SELECT count(*) FROM series s WHERE s.platform = p.platform) AS series
        FROM platforms p LEFT JOIN (SELECT platform, count(*) FILTER (WHERE status = 'open') AS open,
            count(*) FILTER (WHERE status = 'closed') AS closed FROM events GROUP BY platform) e USING (platform)
        ORDER BY p.platform
    """
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def syncs_before(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Those that have ended, the oldest first, with how long they took and what they saw."""
    query = """
        SELECT started_at, status, extract(epoch FROM finished_at - started_at) AS seconds,
            (SELECT coalesce(sum((p.value ->> 'seen')::bigint), 0) FROM jsonb_each(platforms) p) AS seen
        FROM (SELECT started_at, finished_at, status, platforms FROM event_syncs WHERE finished_at IS NOT NULL
            ORDER BY started_at DESC LIMIT :limit) s ORDER BY started_at
    """
    return [dict(row) for row in connection.execute(text(query), {"limit": limit}).mappings()]


def health(connection: Connection) -> dict[str, Any] | None:
    """Of this service, as the schedule of the orchestrator found it last."""
    query = "SELECT status, last_check, since, details FROM system_health WHERE component = 'events'"
    found = connection.execute(text(query)).mappings().first()
    return dict(found) if found else None


def _page(
    connection: Connection,
    key: str,
    shape: str,
    frm: str,
    conditions: list[str],
    values: dict[str, Any],
    cursor: str | None,
    limit: int,
) -> tuple[bytes, str | None]:
    if cursor is not None:
        [after] = key_of(cursor, str)
        if "\x00" in str(after):
            raise UnknownCursor(cursor=cursor[:80])
        conditions, values = [*conditions, f"{key} > :after"], {**values, "after": after}
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    query = f"""
        SELECT to_json(shape)::text AS shaped, {key} AS key
        {frm} CROSS JOIN LATERAL (SELECT {shape}) shape {where} ORDER BY {key} LIMIT :limit + 1
    """
    rows = connection.execute(text(query), {**values, "limit": limit}).all()
    body = ",".join([row.shaped for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(rows[limit - 1].key) if len(rows) > limit else None


def _where(which: EventFilter) -> tuple[list[str], dict[str, Any]]:
    values = {name: getattr(which, name) for name in _CONDITIONS if getattr(which, name) is not None}
    if "text" in values:
        escaped = values["text"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["text"] = f"%{escaped}%"
    return [_CONDITIONS[name] for name in values], values
