"""G5: a snapshot of all quotes appended, and what a row of it weighs."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter

import psycopg2

from services.markets.storage.snapshots import write_quotes
from shared.database import Database
from shared.venues.records import Quote
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.floor import copy_raw
from tests.bench.listing import Listing, cents
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.sql_clock import SqlClock
from tests.bench.syncs import sync_apart
from tests.bench.venues import running_venues

_CENT = Decimal("0.01")
_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def quote_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    url = postgres.create("quotes")
    with running_venues() as venues:
        venues.show(Listing(scale.markets))
        sync_apart(venues.settings(url))
    raw = copy_raw(url)
    ids = [line.split("\t", 1)[0] for line in raw.text.splitlines()]
    raws: list[float] = []
    wholes: list[float] = []
    appends: list[float] = []
    bytes_a_row = {False: 0.0, True: 0.0}
    for step in range(scale.repeats * 2):
        sized = step % 2 == 1
        postgres.checkpoint()
        raws.append(raw.seconds())
        before = _snapshot_bytes(url)
        whole, append = _append(url, _quotes(ids, step, sized=sized), _NOON + timedelta(minutes=step))
        wholes.append(whole)
        appends.append(append)
        bytes_a_row[sized] = (_snapshot_bytes(url) - before) / len(ids)
    floor = Floor("copy_raw", min(raws))
    name = f"append a snapshot of {len(ids):,} quotes"
    note = "COPY, INSERT and COMMIT of write_quotes; without the update of the current quotes"
    yield Figure("G5", name, min(appends), floor=floor, goal=Goal(0.3), note=note)
    yield Figure("G5", "the whole of write_quotes", min(wholes), floor=floor)
    goal = Goal(56, unit="B")
    yield Figure("G5", "a row in Postgres, without sizes (Polymarket)", bytes_a_row[False], "B", goal=goal)
    yield Figure("G5", "a row in Postgres, with sizes (Kalshi)", bytes_a_row[True], "B", goal=goal)
    yield Figure("G5", "a row in an archive", None, "B", goal=Goal(20, unit="B"), note="nothing is archived yet")


def _append(url: str, quotes: Mapping[str, Quote], now: datetime) -> tuple[float, float]:
    """The whole, and of it what appends."""
    database, clock = Database(url), SqlClock()
    clock.watch(database.engine)
    with database.connection():
        clock.seconds.clear()
    began = perf_counter()
    with database.transaction() as connection:
        moved = write_quotes(connection, quotes, now)
    whole = perf_counter() - began
    database.dispose()
    if moved != len(quotes):
        raise ValueError(f"{moved} of {len(quotes)} quotes moved")
    append = sum(spent for kind, spent in clock.seconds.items() if kind.split()[0] in ("COPY", "INSERT", "COMMIT"))
    return whole, append


def _quotes(ids: list[str], moves: int, *, sized: bool) -> dict[str, Quote]:
    quotes = {}
    for place, market_id in enumerate(ids):
        bid, ask = cents(place, 1_000 + moves)
        size = Decimal(100 + place % 90_000) / 100 if sized else None
        quotes[market_id] = Quote(bid * _CENT, ask * _CENT, size, size, bid * _CENT)
    return quotes


def _snapshot_bytes(url: str) -> int:
    """Of all partitions, with their indexes."""
    query = """SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits
        WHERE inhparent = 'market_snapshots'::regclass"""
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        cursor.execute(query)
        [size] = cursor.fetchone() or (0,)
        return int(size)
