"""G19: how soon after its commit an entry of the feed has been read, beside a bare notification of Postgres."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from time import perf_counter

import psycopg2
from sqlalchemy import Connection, text

from shared.database import Database
from shared.feed import CHANNEL, NewEntry, append_entries, wake
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.venues import CHECKOUT

READERS = 4
PER_SECOND = 200
SECONDS_EACH = 2  # for each repeat
BARE = "bench_bare"
BATCHES = (10, 1_000, 10_000)


def feed_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    url = postgres.create("feed")
    database = Database(url)
    count = PER_SECOND * SECONDS_EACH
    bare: list[float] = []
    feed: list[float] = []
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(scale.repeats):  # in turns, so that both meet the same neighbours on the machine
            bare += _delays("bare", url, count, lambda number: _notify(connection, number))
            feed += _delays("feed", url, count, lambda number: _say(database, number))
    for share in (50, 99):
        floor = Floor("bare NOTIFY", _percentile(bare, share))
        name = f"commit → reader, {READERS} listeners, {PER_SECOND}/s, p{share}"
        yield Figure("G19", name, _percentile(feed, share), floor=floor, goal=Goal(4) if share == 99 else None)
    heard = len(feed) / (READERS * count * scale.repeats)
    yield Figure("G19", "entries heard, of those committed", heard, "", goal=Goal(1, at_least=True, unit=""))
    for size in BATCHES:
        notified = _notifications(database, url, size)
        yield Figure(
            "G19", f"notifications for a batch of {size:,} entries", notified, "requests", goal=Goal(1, unit="requests")
        )
    database.dispose()


def _notify(connection: Connection, number: int) -> float:
    began = perf_counter()
    connection.execute(text(f"NOTIFY {BARE}, '{number}'"))
    return began


def _say(database: Database, number: int) -> float:
    with database.transaction() as connection:
        append_entries(connection, [NewEntry("trade", {"number": number}, 1)], datetime.now(UTC))
    committed = perf_counter()
    wake(database)
    return committed


def _delays(kind: str, url: str, count: int, say: Callable[[int], float]) -> list[float]:
    """`say` answers the moment from which the delay counts."""
    with _readers(kind, url) as readers:
        began = perf_counter()
        said = []
        for number in range(count):
            time.sleep(max(0.0, began + number / PER_SECOND - perf_counter()))
            said.append(say(number))
        time.sleep(0.5)
        answers = [reader.communicate()[0] for reader in readers]
    return [heard - said[number] for answer in answers for number, heard in json.loads(answer)]


@contextmanager
def _readers(kind: str, url: str) -> Iterator[list["subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "tests.bench.feed_process", kind, url, BARE]
    readers = [
        subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(READERS)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n", "the reader did not start"
        yield readers
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()


def _notifications(database: Database, url: str, size: int) -> int:
    entries = [NewEntry("trade", {"number": number}, 1) for number in range(size)]
    with closing(psycopg2.connect(url)) as session:
        session.autocommit = True
        session.cursor().execute(f"LISTEN {CHANNEL}")
        with database.transaction() as connection:
            append_entries(connection, entries, datetime.now(UTC))
        wake(database)
        time.sleep(0.2)
        session.poll()
        return len(session.notifies)


def _percentile(values: list[float], share: int) -> float:
    return sorted(values)[len(values) * share // 100]
