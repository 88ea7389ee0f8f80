"""Cycles whose process is killed or stopped, or whose database goes away: the next one works, and they go on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Desk, Open
from tests.orchestrator.outage import database_away, end_sessions
from tests.orchestrator.test_once import Held
from tests.orchestrator.town import Call, Town, refusal
from tests.orchestrator.waiting import wait_for

REPOSITORY = Path(__file__).resolve().parents[2]

PLACES = [
    ("events", "/events/export-all-active-events-db"),
    ("markets", "/markets/export-all-markets-db"),
    ("paper_trading", "/paper-trading/update-prices"),
    ("paper_trading", "/paper-trading/settle"),
    ("strategy_momentum", "/strategy/generate-signals"),
    ("paper_trading", "/paper-trading/execute-signals"),
]
ONCE = "SELECT count(*) AS n FROM decisions GROUP BY portfolio_id ORDER BY portfolio_id"

Start = Callable[[], tuple[Desk, subprocess.Popen[bytes]]]


@pytest.fixture
def start(addresses: str, fresh_database_url: str) -> Iterator[Start]:
    """An orchestrator in a process of its own."""
    with ExitStack() as running:

        def start_one() -> tuple[Desk, subprocess.Popen[bytes]]:
            with closing(socket.socket()) as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            variables = {name: value for name, value in os.environ.items() if name.endswith("_URL") or name == "PATH"}
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.orchestrator.orchestrator_process", str(port)],
                cwd=REPOSITORY,
                env={**variables, "DATABASE_URL": fresh_database_url, "SCHEDULE_ENABLED": "false"},
                stdout=subprocess.DEVNULL,
            )
            running.callback(process.wait)
            running.callback(process.kill)
            desk = Desk(f"http://127.0.0.1:{port}")
            wait_for(lambda: _answers(desk))
            return desk, process

        yield start_one


def _answers(desk: Desk) -> bool:
    try:
        return bool(desk.session.get(f"{desk.url}/health", timeout=5).ok)
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize(("service", "path"), PLACES)
def test_a_killed_cycle_is_found_dead_and_resumed_where_it_was(
    town: Town, start: Start, open_desk: Open, fresh_database: Database, service: str, path: str
) -> None:
    for name in ("Harbour", "Mole"):
        build.portfolio(fresh_database, name, NOON)
    held = Held(town, service, path)
    desk, process = start()
    cycle_id = desk.run(202, wait=False)["cycle_id"]
    assert held.reached.wait(10)
    before = town.commands()

    process.kill()
    process.wait()
    town.faults.clear()
    other = open_desk()
    dead = wait_for(lambda: _unless(other.get(f"/trading/cycles/{cycle_id}"), "running"))
    held.go.set()
    resumed = other.post(f"/trading/cycles/{cycle_id}/resume")

    assert (dead["status"], dead["error"]) == ("interrupted", "the process that ran it ended")
    assert resumed["status"] == "success"
    assert [result["trades_executed"] for result in resumed["results"]] == [2, 2]
    assert [result["new_balance"] for result in resumed["results"]] == [9980, 9980]
    assert build.rows(fresh_database, ONCE) == [{"n": 2}, {"n": 2}]
    shared_and_done = set(before[:-1]) & {path for _, path in PLACES[:4]}
    assert [path for path in town.commands()[len(before) :] if path in shared_and_done] == []
    assert other.get(f"/trading/cycles/{cycle_id}")["attempt"] == 2


def test_after_a_kill_the_next_cycle_works_without_resuming(
    town: Town, start: Start, open_desk: Open, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/execute-signals")
    desk, process = start()
    cycle_id = desk.run(202, wait=False)["cycle_id"]
    assert held.reached.wait(10)

    process.kill()
    process.wait()
    town.faults.clear()
    held.go.set()
    other = open_desk()
    answer = wait_for(lambda: other.run(None) if not _busy(other) else None)

    assert answer["status"] == "success"
    cycles = {cycle["cycle_id"]: cycle["status"] for cycle in other.get("/trading/cycles")["cycles"]}
    assert cycles == {cycle_id: "interrupted", answer["cycle_id"]: "success"}
    assert build.rows(fresh_database, ONCE) == [{"n": 4}]


def _busy(desk: Desk) -> bool:
    return desk.get("/trading/status")["running"] is not None


def test_a_service_that_is_told_to_stop_marks_its_cycle_and_ends_at_once(
    town: Town, start: Start, open_desk: Open, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    desk, process = start()
    with ThreadPoolExecutor(1) as caller:
        caller.submit(requests.post, f"{desk.url}/trading/run-all-portfolios", timeout=30)
        assert held.reached.wait(10)

        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        took = time.monotonic() - began
    town.faults.clear()
    held.go.set()
    other = open_desk()
    [cycle] = other.get("/trading/cycles")["cycles"]
    resumed = other.post(f"/trading/cycles/{cycle['cycle_id']}/resume")

    assert took < 5
    assert (cycle["status"], cycle["error"]) == ("interrupted", "the service was stopped")
    assert (resumed["status"], resumed["results"][0]["trades_executed"]) == ("success", 2)


def test_who_waits_for_a_cycle_when_the_service_is_told_to_stop_is_told_how_to_go_on(
    town: Town, start: Start, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    desk, process = start()
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(requests.post, f"{desk.url}/trading/run-all-portfolios", timeout=30)
        assert held.reached.wait(10)

        process.send_signal(signal.SIGTERM)
        answer = waiting.result()
        process.wait(10)
    held.go.set()

    [cycle] = build.rows(fresh_database, "SELECT cycle_id::text, status, error FROM trading_cycles")
    assert answer.status_code == 503
    assert answer.json()["error"] == "CycleInterrupted"
    assert f"POST /trading/cycles/{cycle['cycle_id']}/resume goes on with it" in answer.json()["detail"]
    assert (cycle["status"], cycle["error"]) == ("interrupted", "the service was stopped")


def test_a_cycle_survives_that_postgres_ends_its_sessions(
    desk: Desk, town: Town, fresh_database: Database, server_url: str
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    town.faults["paper_trading", "/paper-trading/settle"] = lambda call: end_sessions(server_url, fresh_database)

    answer = desk.run()

    assert answer["status"] == "success"
    town.faults.clear()
    assert desk.run()["status"] == "success"


def test_a_cycle_that_lost_its_lock_says_nothing_more_once_another_one_runs(
    town: Town, open_desk: Open, fresh_database: Database, server_url: str
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    one, two = open_desk(), open_desk()
    held = Held(town, "paper_trading", "/paper-trading/settle")
    with ThreadPoolExecutor(1) as caller:
        first = caller.submit(one.run, 503)
        assert held.reached.wait(10)
        town.faults.clear()

        end_sessions(server_url, fresh_database)
        second = two.run()
        held.go.set()
        said = first.result()

    assert second["status"] == "success"
    assert said["error"] == "CycleInterrupted"
    assert said["facts"]["cycle_id"] != second["cycle_id"]
    statuses = [cycle["status"] for cycle in two.get("/trading/cycles")["cycles"]]
    assert sorted(statuses) == ["interrupted", "success"]
    assert build.rows(fresh_database, ONCE) == [{"n": 2}]


def test_a_database_that_went_away_interrupts_and_the_cycle_goes_on_later(
    desk: Desk, town: Town, fresh_database: Database, server_url: str
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    away = ExitStack()

    def going(call: Call) -> None:
        away.enter_context(database_away(server_url, fresh_database))

    town.faults["paper_trading", "/paper-trading/settle"] = going

    said = desk.run(503)
    away.close()
    town.faults.clear()
    cycle = desk.get(f"/trading/cycles/{said['facts']['cycle_id']}")
    resumed = desk.post(f"/trading/cycles/{cycle['cycle_id']}/resume")

    assert cycle["status"] == "interrupted"
    assert (resumed["status"], resumed["results"][0]["trades_executed"]) == ("success", 2)


def test_what_is_done_is_not_resumed(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    cycle_id = desk.run()["cycle_id"]

    done = desk.post(f"/trading/cycles/{cycle_id}/resume", expect=409)
    unknown = desk.post("/trading/cycles/7d4fe8f8-96d9-4c1b-8d4a-000000000000/resume", expect=404)

    assert done["detail"] == "This cycle ended success; there is nothing to resume."
    assert unknown["error"] == "CycleNotFound"


def test_a_partial_cycle_runs_only_those_that_failed(desk: Desk, town: Town, fresh_database: Database) -> None:
    for name in ("Harbour", "Mole", "Pier"):
        build.portfolio(fresh_database, name, NOON)
    signals = ("strategy_momentum", "/strategy/generate-signals")
    town.faults[signals] = lambda call: refusal(500, "No.") if 2 in call.ids else None
    partial = desk.run()
    town.faults.clear()
    town.calls.clear()

    resumed = desk.post(f"/trading/cycles/{partial['cycle_id']}/resume")

    assert town.commands() == ["/strategy/generate-signals", "/paper-trading/execute-signals"]
    assert town.asked(*signals)[0].ids == [2]
    assert resumed["status"] == "success"
    assert [result["trades_executed"] for result in resumed["results"]] == [2, 2, 2]
    cycle = desk.get(f"/trading/cycles/{partial['cycle_id']}")
    assert (cycle["portfolios_done"], cycle["portfolios_failed"], cycle["trades_executed"]) == (3, 0, 6)


def _unless(cycle: dict[str, object], status: str) -> dict[str, object] | None:
    return None if cycle["status"] == status else cycle
