"""`make run` with all its services: a first cycle from nothing, restarts, kills and an end while a cycle runs."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import requests

from db.embedded.cluster import Cluster
from shared import topology
from shared.launcher.samples import SAMPLES
from tests.launcher.arena import Arena, is_alive, wait_for

SMALL_WORLD = {
    "SANDBOX_MARKETS": "300",
    "CYCLE_EVERY_SECONDS": "604800",  # no cycle but those that a test asks for
    "ARENA_ENABLED": "false",  # the models have a test of their own
}


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    arena = Arena(tmp_path_factory.mktemp("whole") / "data", ("all",), **SMALL_WORLD).start()
    yield arena.wait_until_ready()
    arena.kill()
    Cluster(arena.folder / "postgres").stop()


def get(arena: Arena, path: str, service: str = "orchestrator") -> Any:
    return requests.get(arena.address(service) + path, timeout=30).json()


def run_cycle(arena: Arena) -> Any:
    return requests.post(f"{arena.address('orchestrator')}/trading/run-all-portfolios", timeout=60).json()


def audit(arena: Arena) -> Any:
    return get(arena, "/paper-trading/audit", "paper_trading")


def test_the_first_start_ends_in_a_cycle_of_all_samples(arena: Arena) -> None:
    wait_for(lambda: "The next one follows by itself." in arena.said())

    said = arena.said().splitlines()
    [opened] = [line for line in said if "Coliseum is open" in line]
    assert opened.endswith(f"Coliseum is open: {arena.address('orchestrator')}")
    [ended] = [line for line in said if line.startswith("cycle:")]
    assert ended.startswith(f"cycle: success; {len(SAMPLES)} portfolios, ")
    assert {line.split(":")[0] for line in said if "seen" in line} == {"events", "markets"}
    assert {row["name"] for row in get(arena, "/trading/portfolio-summary")["portfolios"]} == {s.name for s in SAMPLES}
    assert audit(arena)["status"] == "clean"
    assert "starts again" not in arena.said()  # what was to be done once was done once


def test_every_service_that_is_killed_comes_back_and_the_next_cycle_works(arena: Arena) -> None:
    wait_for(lambda: len(services_of(arena)) == len(topology.SERVICES))
    before = services_of(arena)

    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: arena.said().count("runs again as process") == len(before))
    wait_for(lambda: get(arena, "/trading/status")["status"] == "healthy" if answers(arena) else False)

    answer = run_cycle(arena)
    assert answer["status"] == "success", answer
    assert answer["portfolios_processed"] == len(SAMPLES)
    assert audit(arena)["status"] == "clean"
    assert len(services_of(arena) - before) == len(before)


def test_it_ends_within_seconds_while_a_cycle_runs_and_the_next_start_goes_on(arena: Arena) -> None:
    processes = services_of(arena)
    cycle = Thread(target=run_cycle_whatever_comes, args=(arena,))
    cycle.start()
    wait_for(lambda: get(arena, "/trading/status")["running"] is not None)

    told = time.monotonic()
    arena.tell(signal.SIGTERM)
    code = arena.wait_for_end()
    seconds = time.monotonic() - told
    cycle.join()

    assert code == 0
    assert seconds < 5
    assert not any(is_alive(pid) for pid in processes)
    arena.start().wait_until_ready()
    wait_for(lambda: "The next one follows by itself." in arena.said())
    assert "made" not in arena.said()  # the samples are there
    assert audit(arena)["status"] == "clean"
    wait_for(lambda: "running" not in statuses_of(arena))  # of the next one, which may have begun meanwhile
    assert statuses_of(arena)[0] == "success"


def run_cycle_whatever_comes(arena: Arena) -> None:
    try:
        run_cycle(arena)
    except (requests.RequestException, ValueError):
        return  # the service went while it was asked


def statuses_of(arena: Arena) -> list[str]:
    return [cycle["status"] for cycle in get(arena, "/trading/cycles")["cycles"]]


def answers(arena: Arena) -> bool:
    try:
        return requests.get(f"{arena.address('orchestrator')}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def services_of(arena: Arena) -> set[int]:
    """The launcher's own children: everything but Postgres."""
    assert arena.process is not None
    command = ["ps", "-o", "pid=,args=", "--ppid", str(arena.process.pid)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {int(line.split()[0]) for line in lines if "tests.launcher.tiny" in line}
