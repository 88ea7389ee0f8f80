"""When things are due, and the schedule that runs them."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.schedule import (
    DAY,
    HOUR,
    MINUTE,
    is_due,
    job_named,
    next_time,
    portfolio_is_due,
    slot,
)
from services.orchestrator.jobs import WORK, run_job
from services.orchestrator.resources import Resources, Settings
from services.orchestrator.scheduler import Scheduler
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Clock, Desk, Open
from tests.orchestrator.test_interruption import database_away, end_sessions
from tests.orchestrator.town import Town, refusal
from tests.orchestrator.waiting import wait_for

MOMENTS = st.integers(0, 10**9).map(lambda seconds: NOON + timedelta(seconds=seconds))
SPANS = st.sampled_from([MINUTE, 5 * MINUTE, HOUR, DAY, 7 * DAY])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "last", "now", "due"),
    [
        ("every_cycle", "2026-11-21 12:00:00", "2026-11-21 12:00:01", True),
        ("hourly", "2026-11-21 11:59:59", "2026-11-21 12:00:00", True),
        ("hourly", "2026-11-21 12:00:00", "2026-11-21 12:59:59", False),
        ("hourly", "2026-11-21 12:03:10", "2026-11-21 13:00:00", True),
        ("daily", "2026-11-21 00:00:05", "2026-11-21 23:59:59", False),
        ("daily", "2026-11-20 23:59:59", "2026-11-21 00:00:00", True),
        ("weekly", "2026-11-16 00:00:00", "2026-11-22 23:59:59", False),  # Monday to Sunday
        ("weekly", "2026-11-22 23:00:00", "2026-11-23 00:00:00", True),
        # a clock that went back: a little is waited for, more than a period says nothing
        ("hourly", "2026-11-21 12:00:00", "2026-11-21 11:30:00", False),
        ("hourly", "2026-11-21 12:00:00", "2026-11-21 10:59:00", True),
        ("daily", "2036-11-21 12:00:00", "2026-11-21 12:00:00", True),
    ],
)
def test_a_portfolio_is_due_once_in_each_hour_day_or_week(frequency: str, last: str, now: str, due: bool) -> None:
    assert portfolio_is_due(frequency, at(last), at(now)) is due


def test_who_never_ran_is_due() -> None:
    assert portfolio_is_due("weekly", None, NOON)


@given(MOMENTS, SPANS, st.integers(0, 10_000))
def test_a_job_that_ran_at_its_next_time_is_not_due_again_before_the_following(
    last: datetime, every: timedelta, seconds: int
) -> None:
    due_at = next_time(last, last, every)

    assert last < due_at <= last + every
    assert is_due(last, due_at, every)
    assert not is_due(last, due_at - timedelta(microseconds=1), every)
    later = due_at + timedelta(seconds=seconds)
    assert is_due(due_at, later, every) == (slot(later, every) > slot(due_at, every))


@given(MOMENTS, SPANS, st.lists(st.integers(-100_000, 100_000), max_size=30))
def test_whatever_the_clock_does_a_job_never_waits_longer_than_two_periods(
    start: datetime, every: timedelta, jumps: list[int]
) -> None:
    last = now = start
    for jump in jumps:
        now += timedelta(seconds=jump)
        if is_due(last, now, every):
            last = now

    assert is_due(last, now + 2 * every, every)


@pytest.fixture
def here(addresses: str, fresh_database: Database, fresh_database_url: str, clock: Clock) -> Iterator[Resources]:
    here = Resources(Settings(database_url=fresh_database_url, cycle_every_seconds=60), fresh_database, clock)
    yield here
    here.services.close()


@pytest.fixture
def scheduler(here: Resources) -> Iterator[Scheduler]:
    scheduler = Scheduler(here)
    yield scheduler
    scheduler.stop()


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
}


def test_everything_runs_at_first_and_then_in_its_own_time(
    scheduler: Scheduler, clock: Clock, fresh_database: Database
) -> None:
    assert set(look(scheduler)) == ALL
    assert look(scheduler) == []

    clock.go(seconds=59)
    assert look(scheduler) == []
    clock.go(seconds=1)
    assert set(look(scheduler)) == {"trading_cycle", "reconciliation", "health_check", "prices"}
    clock.go(minutes=4)
    assert set(look(scheduler)) == ALL - {"full_sync", "clean_up"}
    clock.now = NOON + timedelta(hours=15)
    assert set(look(scheduler)) == ALL
    assert {name: row["runs"] for name, row in jobs(fresh_database).items()} == {
        "trading_cycle": 4,
        "reconciliation": 4,
        "health_check": 4,
        "prices": 4,
        "settlements": 3,
        "price_history": 3,
        "full_sync": 2,
        "clean_up": 2,
    }


def test_what_was_missed_is_not_made_up_for(scheduler: Scheduler, clock: Clock) -> None:
    look(scheduler)
    clock.go(days=3)

    assert set(look(scheduler)) == ALL
    assert look(scheduler) == []


def test_a_clock_that_goes_back_stops_nothing_and_doubles_nothing(scheduler: Scheduler, clock: Clock) -> None:
    look(scheduler)
    clock.go(seconds=-30)

    assert look(scheduler) == []
    clock.go(seconds=90)
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


def test_prices_are_left_to_the_updater_while_it_lives(
    scheduler: Scheduler, here: Resources, clock: Clock, town: Town, fresh_database: Database
) -> None:
    now = datetime.now(UTC)
    clock.now = now
    build.portfolio(fresh_database, "Harbour", now, open_positions=1, last_price_update=now - timedelta(minutes=5))

    fresh = run(here, "prices")
    clock.go(minutes=1)
    stale = run(here, "prices")
    build.change(fresh_database, "UPDATE portfolios SET open_positions = 0")
    empty = run(here, "prices")

    assert (fresh["status"], fresh["note"]) == ("skipped", "the last marks are 300 s old")
    assert (stale["status"], stale["note"]) == ("done", "open positions were marked")
    assert (empty["status"], empty["note"]) == ("skipped", "nothing is held")
    assert len(town.asked("paper_trading", "/paper-trading/update-prices")) == 1


def test_everything_is_collected_only_where_nobody_else_did(here: Resources, clock: Clock, town: Town) -> None:
    clock.now = datetime.now(UTC)
    town.sync("events")

    first = run(here, "full_sync")
    clock.go(minutes=14)
    second = run(here, "full_sync")
    clock.go(minutes=2)
    third = run(here, "full_sync")

    assert first["note"] == "markets: success"
    assert second["status"] == "skipped"
    assert third["note"] == "events: success, markets: success"


def test_candles_are_rolled_between_syncs_for_what_is_held(
    here: Resources, clock: Clock, town: Town, fresh_database: Database
) -> None:
    nothing = run(here, "price_history")
    portfolio_id = build.portfolio(fresh_database, "Harbour", NOON)
    build.position(fresh_database, portfolio_id, town.market_no, NOON)
    rolled = run(here, "price_history")
    build.insert(fresh_database, "tick_rolls", {"one": 1, "rolled_to": NOON - timedelta(minutes=4)})
    fresh = run(here, "price_history")
    clock.go(minutes=2)
    run(here, "price_history")

    assert nothing["status"] == "skipped"
    assert rolled["note"] == "quotes of 1 held markets were read and rolled"
    assert (fresh["status"], fresh["note"]) == ("skipped", "candles were rolled 240 s ago")
    assert [call.body for call in town.asked("markets", "/markets/refresh-prices")] == [
        {"market_ids": ["polymarket:1"]}
    ] * 2


def test_sums_that_disagree_are_down_until_they_agree(
    here: Resources, clock: Clock, town: Town, fresh_database: Database
) -> None:
    def health() -> dict[str, Any]:
        [row] = build.rows(fresh_database, "SELECT * FROM system_health WHERE component = 'audit'")
        return row

    run(here, "reconciliation")
    clean = health()
    town.audit = {"status": "disagreements", "portfolios": 3, "disagreements": [{"portfolio_id": 2, "off": "0.01"}]}
    clock.go(minutes=1)
    run(here, "reconciliation")
    clock.go(minutes=1)
    done = run(here, "reconciliation")
    wrong = health()

    assert clean["status"] == "healthy"
    assert done["note"] == "1 sums disagree with history"
    assert (wrong["status"], wrong["since"], wrong["last_check"]) == (
        "down",
        NOON + timedelta(minutes=1),
        NOON + timedelta(minutes=2),
    )
    assert wrong["details"]["disagreements"] == [{"portfolio_id": 2, "off": "0.01"}]


def test_clean_up_leaves_one_old_point_an_hour_and_the_failed_steps(
    here: Resources, clock: Clock, town: Town, fresh_database: Database
) -> None:
    portfolio_id = build.portfolio(fresh_database, "Harbour", NOON)
    for minutes in (0, 20, 40, 59, 60, 90):
        build.equity_point(fresh_database, portfolio_id, NOON + timedelta(minutes=minutes), Decimal(minutes))
    cycle_id = build.cycle(fresh_database, NOON)
    for step, portfolio, status in (("settle", None, "done"), ("signals", 1, "done"), ("signals", 2, "failed")):
        facts = {"step": step, "portfolio_id": portfolio, "status": status, "started_at": NOON, "counts": "{}"}
        build.insert(fresh_database, "cycle_steps", {"cycle_id": cycle_id, **facts})
    clock.now = NOON + timedelta(days=7, minutes=60)

    done = run(here, "clean_up")

    points = build.rows(fresh_database, "SELECT equity FROM equity_points ORDER BY taken_at")
    assert [point["equity"] for point in points] == [59, 60, 90]
    steps = build.rows(fresh_database, "SELECT step, portfolio_id FROM cycle_steps ORDER BY portfolio_id")
    assert [(step["step"], step["portfolio_id"]) for step in steps] == [("signals", 2), ("settle", None)]
    assert done["note"] == "3 equity points and 1 steps were thinned, 0 signals archived"


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


def run(here: Resources, name: str) -> dict[str, Any]:
    job = job_named(here.schedule, name)
    assert job is not None
    return run_job(here, job)


def _running(database: Database) -> bool:
    return any(row["status"] == "running" for row in jobs(database).values())


def _threads() -> list[threading.Thread]:
    return threading.enumerate()
