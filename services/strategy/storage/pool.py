"""The pool out of Postgres: whole, or what has changed since it was loaded last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from services.strategy.domain.columns import Columns, Ints, merged
from services.strategy.domain.history import HOURS, MINUTES, Prices, Span, empty_span, scaled
from services.strategy.domain.pool import Pool
from services.strategy.domain.rules import Rule
from services.strategy.domain.volumes import Volumes
from services.strategy.storage import columns as stored
from services.strategy.storage.collections import collected_at
from services.strategy.storage.pairs import standing_pairs
from services.strategy.storage.stamps import Stamp
from shared.trading.books import Grid

# Rows that were received earlier can become visible later: so far back they are read again.
OVERLAP = timedelta(minutes=2)
TICKS_OVERLAP = timedelta(minutes=6)  # candles of the last minutes are made again with each collection
MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True, slots=True)
class Loaded:
    pool: Pool
    stamp: Stamp
    changed: int  # rows that were read

    @property
    def read_from(self) -> datetime:
        """Whatever was written before this moment is in the pool."""
        began = self.pool.loaded_at
        running = self.stamp.running_since
        return min(began, running or began) - OVERLAP


def load(connection: Connection, rule: Rule, stamp: Stamp, now: datetime, before: Loaded | None) -> Loaded:
    """`before` is the pool loaded last: then only what changed since is read."""
    if before is None:
        columns = stored.open_columns(connection)
        rows, changed = np.full(len(columns), -1, dtype=np.int64), len(columns)
    else:
        fresh = stored.open_columns(connection, min(before.read_from, now - OVERLAP))
        columns, rows = merged(before.pool.columns, fresh, stored.open_numbers(connection))
        changed = len(fresh)
    minutes = hours = None
    volumes = Volumes()
    if rule.history:
        old = before.pool if before else None
        hours = _span(connection, columns, rows, stamp, HOUR, old.hours if old else None, None)
        minutes = _span(connection, columns, rows, stamp, MINUTE, old.minutes if old else None, hours)
        ends = collected_at(connection, hours.first * HOUR)
        for span, seconds in ((hours, HOUR), (minutes, MINUTE)):
            span.hear(ends // seconds)
        if stamp.rolled_to is not None and (old is None or old.minutes is None or old.minutes.end == 0):
            _fill_unmoved(columns, minutes, hours)
        volumes = (old.volumes.moved_to(rows) if old else volumes).with_total(
            now.timestamp(), columns.volume.astype(np.float32)
        )
    pool = Pool(
        columns=columns,
        loaded_at=now,
        categories=stored.categories(connection),
        grids=_grids(connection, columns, before),
        minutes=minutes,
        hours=hours,
        volumes=volumes,
        legs=stored.event_legs(connection) if rule.sets else None,
        pairs=standing_pairs(connection) if rule.sets else (),
        lookalikes=before.pool.lookalikes if before else (),
    )
    return Loaded(pool, stamp, changed)


def _grids(connection: Connection, columns: Columns, before: Loaded | None) -> Mapping[int, Grid]:
    """A grid that is known does not change: its number is made of what it says."""
    if before is not None and before.pool.grids.keys() >= set(np.unique(columns.grid).tolist()):
        return before.pool.grids
    return stored.grids(connection)


def _span(
    connection: Connection,
    columns: Columns,
    rows: Ints,
    stamp: Stamp,
    seconds: int,
    old: Span | None,
    hours: Span | None,
) -> Span:
    """Closes of the last two hours by the minute, or of the last two days by the hour."""
    depth = MINUTES if seconds == MINUTE else HOURS
    if stamp.rolled_to is None:
        return empty_span(0, depth, len(columns))
    end = int(stamp.rolled_to.timestamp()) // seconds - 1
    if old is None or old.end == 0:
        span = empty_span(end, depth, len(columns))
        since, base = span.first, _before(connection, columns, span, hours)
    else:
        span = old.moved_to(end, rows)
        since = min(old.end, end) + 1 - max(1, int(TICKS_OVERLAP.total_seconds()) // seconds)
        base = np.zeros(len(columns), dtype=np.uint16)
    span.forget(since)
    numbers = columns.market_no
    first = max(since, span.first)
    stored.tell_ticks(connection, seconds // MINUTE, first, end + 1, lambda ticks: span.tell(ticks, numbers))
    span.carry(since, base)
    return span


def _before(connection: Connection, columns: Columns, span: Span, hours: Span | None) -> Prices:
    """What stood when the minutes begin: the close of the hour before, and the minutes since that hour."""
    base = np.zeros(len(columns), dtype=np.uint16)
    if hours is None:
        return base
    hour = span.first * MINUTE // HOUR
    row = hour - 1 - hours.first
    if 0 <= row < len(hours.closes):
        base = hours.closes[row]
    first = hour * HOUR // MINUTE
    if first == span.first:
        return base
    lead = empty_span(span.first - 1, span.first - first, len(columns))
    stored.tell_ticks(connection, 1, first, span.first, lambda ticks: lead.tell(ticks, columns.market_no))
    lead.carry(lead.first, base)
    last: Prices = lead.closes[-1].copy()
    return last


def _fill_unmoved(columns: Columns, minutes: Span, hours: Span) -> None:
    """A market that was there before a span and has no candle in hours has stood where it stands now."""
    mid = scaled((columns.yes_bid + columns.yes_ask) / 2)
    silent = (minutes.closes[-1] == 0) & (hours.closes[-1] == 0) & (mid > 0)
    for span, seconds in ((minutes, MINUTE), (hours, HOUR)):
        unmoved = np.flatnonzero(silent & (columns.created_at < span.first * seconds))
        span.closes[:, unmoved] = mid[unmoved]
