"""The pool's columns out of Postgres: rows of fixed width in COPY's binary form, read by numpy without a loop."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import jiter
import numpy as np
from sqlalchemy import Connection, text

from services.strategy.domain.columns import KINDS, Array, Columns, columns_of
from services.strategy.domain.history import SCALE, Ticks
from services.strategy.domain.pool import EventLegs
from shared.trading.books import Grid, NoGrid

Part: TypeAlias = dict[str, Array]  # columns of some rows

HEADER_BYTES = 19  # of COPY's binary form
CHUNK_BYTES = 1 << 20
_SQL_KINDS = {"i2": "int2", "i4": "int4", "i8": "int8", "f8": "float8"}

_CATEGORY = "coalesce(e.category, lower(s.category))"
_GRID = "hashtextextended(coalesce(m.price_bands::text, '') || coalesce(trim_scale(m.tick_size)::text, ''), 0)"
_EXPRESSIONS: dict[str, str] = {
    "market_no": "m.market_no",
    "platform": "CASE m.platform WHEN 'kalshi' THEN 1 ELSE 0 END",
    "event": "coalesce(hashtextextended(m.event_id, 0), 0)",
    "category": f"coalesce(hashtextextended(lower({_CATEGORY}), 0), 0)",
    "grid": _GRID,
    "place": r"CASE WHEN m.strike ->> 'threshold' ~ '^\d{1,4}$' THEN (m.strike ->> 'threshold')::int ELSE -1 END",
    "exclusive": "coalesce(e.mutually_exclusive::int, -1)",
    "exhaustive": "coalesce(e.exhaustive::int, -1)",
    "accepting": "coalesce(m.accepting_orders::int, -1)",
    "placeholder": "m.placeholder::int",
    "order_delay": "coalesce(m.order_delay_seconds, 0)",
    "tick": "m.tick_size",
    "fee_rate": """CASE m.platform WHEN 'kalshi' THEN
        CASE WHEN coalesce(e.fee_type_override, s.fee_type) IN ('quadratic', 'quadratic_with_maker_fees',
            'quadratic_with_combo_maker_fees', 'flat') THEN coalesce(e.fee_multiplier_override, s.fee_multiplier) END
        ELSE (m.fee ->> 'rate')::numeric END""",
    "fee_exponent": "coalesce((m.fee ->> 'exponent')::numeric, 1)",
    "fee_waived_until": "extract(epoch FROM (m.fee ->> 'waived_until')::timestamptz)",
    "opened_at": "extract(epoch FROM m.opens_at)",
    "closes_at": "extract(epoch FROM m.closes_at)",
    "resolves_at": "extract(epoch FROM m.resolves_at)",
    "quoted_at": "extract(epoch FROM m.quoted_at)",
    "created_at": "extract(epoch FROM m.created_at)",
}
_FROM = """FROM markets m LEFT JOIN events e ON e.event_id = m.event_id
    LEFT JOIN series s ON s.series_id = e.series_id WHERE m.status = 'open'"""


def _expression(name: str, kind: str) -> str:
    expression = f"({_EXPRESSIONS.get(name, f'm.{name}')})::{_SQL_KINDS[kind]}"
    return f"coalesce({expression}, 'NaN')" if kind == "f8" else expression


_COLUMNS = ", ".join(_expression(name, kind) for name, kind in KINDS.items())


def open_columns(connection: Connection, since: datetime | None = None) -> Columns:
    """All open markets, or those of them of which something was written since then."""
    changed = ""
    if since is not None:
        moment = f"'{since.isoformat()}'"
        changed = f"AND (m.updated_at >= {moment} OR e.updated_at >= {moment} OR s.updated_at >= {moment})"
    rows = _read(connection, f"SELECT {_COLUMNS} {_FROM} {changed}", KINDS)
    return columns_of(**{name: rows[name] for name in KINDS})


def open_numbers(connection: Connection) -> Array:
    return _read(connection, "SELECT market_no FROM markets WHERE status = 'open'", {"market_no": "i4"})["market_no"]


def categories(connection: Connection) -> dict[str, int]:
    """Each category in lower case with the number that stands for it in the column."""
    query = f"""SELECT DISTINCT lower({_CATEGORY}) AS name, hashtextextended(lower({_CATEGORY}), 0) AS code
        FROM events e LEFT JOIN series s ON s.series_id = e.series_id WHERE {_CATEGORY} IS NOT NULL"""
    return {row.name: row.code for row in connection.execute(text(query))}


def grids(connection: Connection) -> dict[int, Grid]:
    """Each grid of prices with the number that stands for it; markets without one are not traded."""
    query = f"""SELECT DISTINCT {_GRID} AS code, m.price_bands::text AS bands, trim_scale(m.tick_size) AS tick
        FROM markets m WHERE m.status = 'open'"""
    found = {}
    for row in connection.execute(text(query)):
        bands = jiter.from_json(row.bands.encode(), float_mode="decimal") if row.bands else None
        try:
            found[row.code] = Grid.of(row.tick, bands)
        except NoGrid:
            continue
    return found


def event_legs(connection: Connection) -> EventLegs:
    """Of open events of which at most one market wins: how many markets are stored, and how many of them can neither
    be bought nor have ended as no."""
    query = """SELECT hashtextextended(m.event_id, 0) AS event, count(*)::int8 AS stored,
        (count(*) FILTER (WHERE m.status <> 'open' AND (m.status, coalesce(m.outcome, '')) <> ('final', 'no')))::int8
            AS untradable,
        coalesce(max(e.volume)::float8, 'NaN') AS volume, coalesce(sum(m.volume)::float8, 0) AS stored_volume
        FROM events e JOIN markets m ON m.event_id = e.event_id WHERE e.mutually_exclusive AND e.status = 'open'
        GROUP BY m.event_id ORDER BY 1"""
    kinds = {"event": "i8", "stored": "i8", "untradable": "i8", "volume": "f8", "stored_volume": "f8"}
    return EventLegs(**_read(connection, query, kinds))


def tell_ticks(connection: Connection, minutes: int, first: int, until: int, tell: Callable[[Ticks], None]) -> None:
    """Closes of candles of so many minutes, from period `first` (counted since 1970) up to `until`, some at a time."""
    seconds = 60 * minutes
    query = f"""SELECT market_no, (extract(epoch FROM opened_at) / {seconds})::int4 AS period,
        round(close * {SCALE})::int4 AS close
        FROM market_ticks WHERE period = {minutes} AND opened_at >= to_timestamp({first * seconds})
            AND opened_at < to_timestamp({until * seconds})"""
    kinds = {"market_no": "i4", "period": "i4", "close": "i4"}
    _copied(
        connection,
        query,
        kinds,
        lambda part: tell(Ticks(part["market_no"], part["period"], part["close"].astype(np.uint16))),
    )


def _read(connection: Connection, query: str, kinds: Mapping[str, str]) -> Part:
    parts: list[Part] = []
    _copied(connection, query, kinds, parts.append)
    empty = {name: np.empty(0, dtype=kind) for name, kind in kinds.items()}
    return {name: np.concatenate([part[name] for part in parts or [empty]]) for name in kinds}


def _copied(connection: Connection, query: str, kinds: Mapping[str, str], take: Callable[[Part], None]) -> None:
    """Columns of whole rows in the order in which they come. No value may be null: then every row has one width."""
    sink = _Sink(kinds, take)
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", sink, CHUNK_BYTES)
    finally:
        cursor.close()
    sink.hand_over()


class _Sink:
    """Takes what COPY writes and hands it over as columns whenever a chunk is full, so that no more is ever held."""

    def __init__(self, kinds: Mapping[str, str], take: Callable[[Part], None]) -> None:
        self.kinds = kinds
        self.take = take
        fields = [field for name, kind in kinds.items() for field in ((f"{name} bytes", ">i4"), (name, f">{kind}"))]
        self.row = np.dtype([("fields", ">i2"), *fields])
        self.pending = bytearray()
        self.skipped = HEADER_BYTES

    def write(self, data: bytes) -> int:
        self.pending += data
        if len(self.pending) >= CHUNK_BYTES:
            self.hand_over()
        return len(data)

    def hand_over(self) -> None:
        """What is left over at the end is shorter than a row: the mark that the rows are all."""
        count = (len(self.pending) - self.skipped) // self.row.itemsize
        if count < 1:
            return
        rows: Any = np.frombuffer(bytes(self.pending), dtype=self.row, count=count, offset=self.skipped)
        del self.pending[: self.skipped + count * self.row.itemsize]
        self.skipped = 0
        self.take({name: rows[name].astype(kind) for name, kind in self.kinds.items()})
