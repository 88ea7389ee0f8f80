"""One cycle at a time, and the same request once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Desk, Open
from tests.orchestrator.town import Call, Town, refusal
from tests.orchestrator.waiting import wait_for

SETTLE = ("paper_trading", "/paper-trading/settle")


class Held:
    """A call that stays open until the test lets it go."""

    def __init__(self, town: Town, service: str, path: str) -> None:
        self.reached, self.go = Event(), Event()
        town.faults[service, path] = self._hold

    def _hold(self, call: Call) -> None:
        self.reached.set()
        assert self.go.wait(30)


def test_two_callers_at_one_instant_run_one_cycle(town: Town, open_desk: Open, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    replicas = [open_desk(), open_desk()]
    held = Held(town, *SETTLE)

    with ThreadPoolExecutor(8) as callers:
        asked = [
            callers.submit(replicas[number % 2].post, "/trading/run-all-portfolios", None, None) for number in range(8)
        ]
        wait_for(lambda: sum(each.done() for each in asked) == 7)
        held.go.set()
        answers = [each.result() for each in asked]

    [done] = [answer for answer in answers if "results" in answer]
    refused = [answer for answer in answers if "results" not in answer]
    assert done["results"][0]["trades_executed"] == 2
    assert {answer["error"] for answer in refused} == {"CycleRunning"}
    assert {answer["facts"]["cycle_id"] for answer in refused} == {done["cycle_id"]}
    assert build.rows(fresh_database, "SELECT count(*) AS n FROM trading_cycles") == [{"n": 1}]
    assert len(town.asked("events", "/events/export-all-active-events-db")) == 1


def test_the_same_key_repeats_the_answer_and_runs_nothing(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    key = {"Idempotency-Key": "monday"}

    first = desk.session.post(f"{desk.url}/trading/run-all-portfolios", headers=key, timeout=60)
    build.change(fresh_database, "UPDATE portfolios SET name = 'Renamed'")
    again = desk.session.get(f"{desk.url}/trading/run-all-portfolios", headers=key, timeout=60)

    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert len(town.asked("events", "/events/export-all-active-events-db")) == 1


def test_the_same_key_repeats_a_failure_too(desk: Desk, town: Town) -> None:
    town.faults[SETTLE] = lambda call: refusal(500, "No.")

    first = desk.post("/trading/run-all-portfolios", None, 502, headers={"Idempotency-Key": "k"})
    town.faults.clear()
    again = desk.post("/trading/run-all-portfolios", None, 502, headers={"Idempotency-Key": "k"})

    assert again == first
    assert len(town.asked(*SETTLE)) == 1


def test_a_key_stands_for_one_request(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    key = {"Idempotency-Key": "k"}
    first = desk.run_with(key, collect=False, portfolio_ids=[1])

    other = desk.run_with(key, 422, collect=True, portfolio_ids=[1])
    alone = desk.post("/trading/run-portfolio-cycle", {"portfolio_id": 1, "collect": False}, 422, headers=key)
    same = desk.run_with(key, collect=False, portfolio_ids=[1, 1])

    assert (other["error"], other["facts"]) == ("KeyReused", {"cycle_id": first["cycle_id"]})
    assert alone["error"] == "KeyReused"
    assert same == first


def test_a_key_whose_cycle_still_runs_is_answered_with_its_address(
    town: Town, open_desk: Open, fresh_database: Database
) -> None:
    one, two = open_desk(), open_desk()
    held = Held(town, *SETTLE)
    key = {"Idempotency-Key": "k"}

    begun = one.run_with(key, 202, wait=False)
    waiting = two.run_with(key, 409)
    not_waiting = two.run_with(key, 202, wait=False)
    held.go.set()
    ended = wait_for(lambda: two.run_with(key, None).get("results") is not None)

    assert ended
    assert waiting["facts"]["cycle_id"] == not_waiting["cycle_id"] == begun["cycle_id"]


def test_without_waiting_the_address_of_the_cycle_comes_at_once(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, *SETTLE)

    begun = desk.session.post(f"{desk.url}/trading/run-all-portfolios?wait=false", timeout=60)
    held.reached.wait(10)
    running = desk.get(begun.headers["location"])
    state = desk.get("/trading/status")
    held.go.set()
    ended = wait_for(lambda: _unless_running(desk.get(begun.headers["location"])))

    assert begun.status_code == 202
    assert begun.json() == {
        "status": "running",
        "cycle_id": running["cycle_id"],
        "address": f"/trading/cycles/{running['cycle_id']}",
    }
    assert running["progress"] == {"step": "settle", "portfolios": 1, "portfolios_done": 0, "portfolios_failed": 0}
    assert running["steps"][-1]["status"] == "running"
    assert state["running"]["cycle_id"] == running["cycle_id"]
    assert (ended["status"], ended["results"][0]["trades_executed"]) == ("success", 2)


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é"])
def test_a_key_that_cannot_be_one_is_refused(desk: Desk, town: Town, key: str) -> None:
    said = desk.post("/trading/run-all-portfolios", None, 422, headers={"Idempotency-Key": key.encode()})

    assert said["error"] == "Invalid"
    assert town.calls == []


def _unless_running(cycle: dict[str, Any]) -> dict[str, Any] | None:
    return None if cycle["status"] == "running" else cycle
