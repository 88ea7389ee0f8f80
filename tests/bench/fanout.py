"""G18: how soon after its commit an entry has reached all readers, beside a bare loop of the same library."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from shared.database import Database
from shared.feed import NewEntry, append_entries, wake
from tests.bench.apps import free_port, running_app
from tests.bench.fanout_process import FILLING
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.venues import CHECKOUT

SECONDS_EACH = 3  # for each repeat
SETTLE_SECONDS = 1.0
STALLED = 20


@dataclass(frozen=True)
class Load:
    readers: int
    per_second: int

    @property
    def entries(self) -> int:
        return self.per_second * SECONDS_EACH


LOADS = (Load(200, 100), Load(1_000, 10))


def fanout_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    url = postgres.create("fanout")
    database = Database(url)
    with running_app("tests.bench.fanout_process:feed_app", {"DATABASE_URL": url}) as app:
        for load in LOADS:
            bare: list[float] = []
            feed: list[float] = []
            whole = 0
            for _ in range(scale.repeats):  # in turns, so that both meet the same neighbours on the machine
                bare += _bare(load)[0]
                delays, complete = _fed(app.port, database, load)
                feed, whole = feed + delays, whole + complete
            yield from _figures(load, bare, feed)
            name = f"of {load.readers:,} readers, those who had every entry once and in order"
            yield Figure("G18", name, whole / scale.repeats, "", goal=Goal(load.readers, at_least=True, unit=""))
        load = LOADS[0]
        alone: list[float] = []
        beside: list[float] = []
        for _ in range(scale.repeats):
            alone += _fed(app.port, database, load)[0]
            beside += _fed(app.port, database, load, STALLED)[0]
        floor = Floor("without them", _percentile(alone, 99))
        yield Figure(
            "G18", f"p99 beside {STALLED} readers who do not read", _percentile(beside, 99), floor=floor, goal=Goal(1.3)
        )
    database.dispose()


def _figures(load: Load, bare: list[float], feed: list[float]) -> Iterator[Figure]:
    for share in (50, 99):
        floor = Floor("bare loop", _percentile(bare, share))
        name = f"commit → {load.readers:,} sockets, {load.per_second}/s, p{share}"
        goal = Goal(3) if share == 99 else None
        note = "the bare loop makes its frame itself, without Postgres"
        yield Figure("G18", name, _percentile(feed, share), floor=floor, goal=goal, note=note if goal else "")


def _bare(load: Load) -> tuple[list[float], int]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.fanout_process"]
    with (
        _process([*command, str(port), str(load.per_second), str(SECONDS_EACH)]) as server,
        _process(_readers(port, "/", load.readers)) as readers,
    ):
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write("\n")
        server.stdin.flush()
        made = json.loads(server.stdout.readline())
        time.sleep(SETTLE_SECONDS)
        heard = json.loads(readers.communicate()[0])
    return _delays(heard, made)


def _fed(port: int, database: Database, load: Load, stalled: int = 0) -> tuple[list[float], int]:
    """Delays of all frames of all readers, and how many readers had all of them."""
    with _process(_readers(port, "/ws", load.readers, stalled)) as readers:
        began, committed = perf_counter(), []
        for number in range(load.entries):
            time.sleep(max(0.0, began + number / load.per_second - perf_counter()))
            committed.append(_say(database, number))
        time.sleep(SETTLE_SECONDS)
        heard = json.loads(readers.communicate()[0])
    return _delays(heard, committed)


def _say(database: Database, number: int) -> float:
    with database.transaction() as connection:
        entry = NewEntry("message", {"number": number, "content": FILLING}, 1)
        append_entries(connection, [entry], datetime.now(UTC))
    committed = perf_counter()
    wake(database)
    return committed


def _delays(heard: list[list[tuple[int, float]]], said: list[float]) -> tuple[list[float], int]:
    delays = [moment - said[number] for reader in heard for number, moment in reader]
    whole = sum([number for number, _ in reader] == list(range(len(said))) for reader in heard)
    return delays, whole


def _readers(port: int, path: str, count: int, stalled: int = 0) -> list[str]:
    return [sys.executable, "-m", "tests.bench.socket_readers", str(port), path, str(count), str(stalled)]


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Once it says that it is ready."""
    process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the process did not start"
        yield process
    finally:
        process.kill()
        process.wait()


def _percentile(values: list[float], share: int) -> float:
    return sorted(values)[len(values) * share // 100]
