"""The schedule: what runs when, on which replica, and what it survives."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from services.orchestrator.jobs import WORK
from services.orchestrator.resources import Resources
from services.orchestrator.scheduler import Scheduler
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Clock, Desk, Open
from tests.orchestrator.outage import database_away, end_sessions
from tests.orchestrator.town import Town, refusal
from tests.orchestrator.waiting import wait_for


def look(scheduler: Scheduler) -> list[str]:
    """One look, and the end of what it began."""
    begun = scheduler.look()
    for thread in list(scheduler.running.values()):
        thread.join(20)
    return begun


def jobs(database: Database) -> dict[str, dict[str, Any]]:
    return {row["job"]: row for row in build.rows(database, "SELECT * FROM scheduled_jobs")}


ALL = {
    "trading_cycle",
    "reconciliation",
    "health_check",
    "prices",
    "settlements",
    "price_history",
    "full_sync",
    "clean_up",
    "event_selection",
    "arena_prices",
    "arena_settlements",
    "leaderboard",
}
HALF_A_MINUTE = {"arena_prices"}
MINUTELY = {"trading_cycle", "reconciliation", "health_check", "prices", *HALF_A_MINUTE}


def test_everything_runs_at_first_and_then_in_its_own_time(
    scheduler: Scheduler, clock: Clock, fresh_database: Database
) -> None:
    assert set(look(scheduler)) == ALL
    assert look(scheduler) == []

    clock.go(seconds=29)
    assert look(scheduler) == []
    clock.go(seconds=30)
    assert set(look(scheduler)) == HALF_A_MINUTE
    clock.go(seconds=1)
    assert set(look(scheduler)) == MINUTELY
    clock.go(minutes=4)
    assert set(look(scheduler)) == ALL - {"full_sync", "clean_up", "event_selection", "leaderboard"}
    clock.now = NOON + timedelta(hours=12)
    assert set(look(scheduler)) == ALL - {"clean_up"}
    clock.now = NOON + timedelta(hours=15)
    assert set(look(scheduler)) == ALL - {"event_selection"}
    assert {name: row["runs"] for name, row in jobs(fresh_database).items()} == {
        "trading_cycle": 5,
        "reconciliation": 5,
        "health_check": 5,
        "prices": 5,
        "settlements": 4,
        "price_history": 4,
        "full_sync": 3,
        "clean_up": 2,
        "event_selection": 2,
        "arena_prices": 6,
        "arena_settlements": 4,
        "leaderboard": 3,
    }


def test_what_was_missed_is_not_made_up_for(scheduler: Scheduler, clock: Clock) -> None:
    look(scheduler)
    clock.go(days=3)

    assert set(look(scheduler)) == ALL
    assert look(scheduler) == []


def test_a_clock_that_goes_back_stops_nothing_and_doubles_nothing(scheduler: Scheduler, clock: Clock) -> None:
    look(scheduler)
    clock.go(seconds=-20)

    assert look(scheduler) == []
    clock.go(seconds=80)
    assert "reconciliation" in look(scheduler)
    clock.go(hours=-2)
    assert "reconciliation" in look(scheduler)
    assert look(scheduler) == []


def test_a_job_that_fails_is_a_row_and_the_others_go_on(
    scheduler: Scheduler, town: Town, fresh_database: Database
) -> None:
    town.faults["paper_trading", "/paper-trading/settle"] = lambda call: refusal(500, "No.")
    town.faults["paper_trading", "/paper-trading/audit"] = lambda call: refusal(500, "No sums.")

    look(scheduler)

    rows = jobs(fresh_database)
    assert (
        rows["settlements"]["status"] == rows["reconciliation"]["status"] == rows["trading_cycle"]["status"] == "failed"
    )
    assert rows["settlements"]["error"] == "paper_trading said: No."
    assert rows["trading_cycle"]["error"].endswith("settle: paper_trading said: No.")
    assert {name for name, row in rows.items() if row["status"] in ("done", "skipped")} == ALL - {
        "settlements",
        "reconciliation",
        "trading_cycle",
    }


def test_a_job_that_breaks_in_a_way_nobody_thought_of_is_a_row_too(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, fresh_database: Database
) -> None:
    def broken(here: Resources) -> str:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setitem(WORK, "clean_up", broken)

    look(scheduler)

    row = jobs(fresh_database)["clean_up"]
    assert (row["status"], row["error"]) == ("failed", "ZeroDivisionError: by nothing")


def test_the_scheduled_cycle_runs_who_is_due(
    scheduler: Scheduler, clock: Clock, town: Town, fresh_database: Database
) -> None:
    for frequency in ("every_cycle", "hourly", "daily", "weekly"):
        build.portfolio(fresh_database, frequency, NOON, frequency=frequency)
    monday = NOON.replace(day=23, hour=0)
    ran = []
    for moment in (
        NOON,
        NOON + timedelta(minutes=1),
        NOON + timedelta(hours=1),
        NOON + timedelta(hours=12),
        monday,
        monday + timedelta(minutes=2),
    ):
        clock.now = moment
        town.calls.clear()
        look(scheduler)
        ran.append(town.asked("strategy_momentum")[0].ids)

    assert ran == [[1, 2, 3, 4], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1]]


def test_each_run_has_one_run_id_through_all_services(scheduler: Scheduler, town: Town) -> None:
    look(scheduler)

    cycle = {call.run_id for call in town.calls if call.path == "/paper-trading/update-prices"}
    audit = {call.run_id for call in town.calls if call.path == "/paper-trading/audit"}
    assert len(cycle) == len(audit) == 1
    assert cycle != audit
    assert None not in cycle | audit


def test_a_portfolio_that_failed_is_due_again_in_the_next_cycle(
    scheduler: Scheduler, clock: Clock, town: Town, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Weekly", NOON, frequency="weekly")
    town.faults["strategy_momentum", "/strategy/generate-signals"] = lambda call: refusal(500, "No.")
    look(scheduler)
    town.faults.clear()
    town.calls.clear()

    for _ in range(2):
        clock.go(minutes=1)
        look(scheduler)

    assert [call.ids for call in town.asked("strategy_momentum")] == [[1]]


def test_a_cycle_that_runs_already_is_left_alone(scheduler: Scheduler, fresh_database: Database) -> None:
    cycle_id = build.cycle(fresh_database, NOON, status="running", finished_at=None)

    with fresh_database.lock("cycle"):
        look(scheduler)

    row = jobs(fresh_database)["trading_cycle"]
    assert (row["status"], row["note"]) == ("skipped", f"the cycle {cycle_id} is running")


def test_two_replicas_hold_one_schedule_and_the_other_takes_over(
    here: Resources, fresh_database: Database, fresh_database_url: str, clock: Clock, server_url: str
) -> None:
    other_database = Database(fresh_database_url)
    one, two = Scheduler(here), Scheduler(Resources(here.settings, other_database, clock))

    first, second = look(one), look(two)
    clock.go(minutes=1)
    led = look(two), look(one)
    one.stop()
    clock.go(minutes=1)
    taken_over = look(two)

    assert (set(first), second) == (ALL, [])
    assert led[0] == [] and "prices" in led[1]
    assert "prices" in taken_over
    assert jobs(fresh_database)["reconciliation"]["runs"] == 3
    two.stop()
    other_database.dispose()


def test_a_leader_whose_session_ended_leads_again_or_another_one_does(
    scheduler: Scheduler, fresh_database: Database, clock: Clock, server_url: str
) -> None:
    look(scheduler)
    end_sessions(server_url, fresh_database)
    clock.go(minutes=1)

    assert "prices" in look(scheduler)


def test_what_a_dead_leader_left_running_is_failed_and_runs_again(
    scheduler: Scheduler, clock: Clock, fresh_database: Database
) -> None:
    row = {"job": "settlements", "status": "running", "started_at": NOON - timedelta(minutes=5), "runs": 1}
    build.insert(fresh_database, "scheduled_jobs", row)
    build.insert(fresh_database, "scheduled_jobs", {**row, "job": "clean_up", "started_at": NOON})

    look(scheduler)

    rows = jobs(fresh_database)
    assert (rows["settlements"]["status"], rows["settlements"]["runs"]) == ("done", 2)
    assert (rows["clean_up"]["status"], rows["clean_up"]["error"]) == ("failed", "the process that ran it ended")


def test_the_thread_survives_that_the_database_is_away(
    open_desk: Open, fresh_database: Database, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.orchestrator.scheduler.AWAY_SECONDS", 0.1)
    monkeypatch.setattr("services.orchestrator.scheduler.LOOK_SECONDS", 0.1)
    clock = Clock()
    desk = open_desk(clock, schedule_enabled=True, cycle_every_seconds=60)
    wait_for(lambda: len(jobs(fresh_database)) == len(ALL) and not _running(fresh_database))

    with database_away(server_url, fresh_database):
        clock.go(minutes=1)
        wait_for(lambda: desk.get("/health", None)["status"] == "unavailable")
        threads = [thread.name for thread in _threads()]

    assert "schedule" in threads
    wait_for(lambda: jobs(fresh_database)["reconciliation"]["runs"] == 2)
    assert desk.get("/health")["schedule"] == {"enabled": True, "leading": True}


def test_a_line_of_the_schedule_can_be_run_by_hand(desk: Desk, town: Town, fresh_database: Database) -> None:
    done = desk.post("/trading/schedule/settlements")
    town.faults["paper_trading", "/paper-trading/settle"] = lambda call: refusal(500, "No.")
    failed = desk.post("/trading/schedule/settlements", expect=502)
    unknown = desk.post("/trading/schedule/lunch", expect=404)

    assert (done["status"], done["note"]) == ("done", "0 positions were settled")
    assert (failed["status"], failed["error"]) == ("failed", "paper_trading said: No.")
    assert unknown["error"] == "JobNotFound"
    lines = {line["job"]: line for line in desk.get("/trading/schedule")["jobs"]}
    assert lines["settlements"]["runs"] == 2
    assert lines["settlements"]["next_at"] is None  # the schedule is off here
    assert lines["clean_up"]["calls"] == "POST orchestrator /trading/schedule/clean_up"


def _running(database: Database) -> bool:
    return any(row["status"] == "running" for row in jobs(database).values())


def _threads() -> list[threading.Thread]:
    return threading.enumerate()
