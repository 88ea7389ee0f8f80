"""What single jobs of the schedule do, and when they leave it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.orchestrator.domain.schedule import job_named
from services.orchestrator.jobs import run_job
from services.orchestrator.resources import Resources
from shared.calls import Calls
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, NOWHERE, Clock
from tests.orchestrator.town import Town, refusal


def run(here: Resources, name: str) -> dict[str, Any]:
    job = job_named(here.schedule, name)
    assert job is not None
    return run_job(here, job)


def test_prices_are_left_to_the_updater_while_it_lives(
    here: Resources, clock: Clock, town: Town, fresh_database: Database
) -> None:
    now = datetime.now(UTC)
    clock.now = now
    build.portfolio(fresh_database, "Harbour", now, open_positions=1, last_price_update=now - timedelta(minutes=5))

    fresh = run(here, "prices")
    clock.go(minutes=1)
    stale = run(here, "prices")
    build.change(fresh_database, "UPDATE portfolios SET open_positions = 0")
    empty = run(here, "prices")
    here.settings = here.settings.model_copy(update={"price_update_seconds": 0})
    by_hand = run(here, "prices")

    assert (fresh["status"], fresh["note"]) == ("skipped", "the last marks are 300 s old")
    assert (stale["status"], stale["note"]) == ("done", "open positions were marked")
    assert (empty["status"], empty["note"]) == ("skipped", "nothing is held")
    assert by_hand["status"] == "skipped"
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
    assert done["note"] == (
        "3 equity points and 1 steps were thinned, 0 signals archived, 0 entries of the feed forgotten"
    )


def arena_event(database: Database, market_no: int, status: str, closes_at: datetime) -> None:
    row = {"event_id": uuid4(), "market_no": market_no, "status": status, "origin": "selection", "title": "Harbours"}
    when = {"selection_date": NOON.date(), "close_time": closes_at, "created_at": NOON, "updated_at": NOON}
    build.insert(database, "arena_events", {**row, **when, "question": "Will it rain?", "chosen_for": "{}"})


def test_the_arena_is_reminded_of_what_is_left_to_do(
    here: Resources, clock: Clock, town: Town, fresh_database: Database
) -> None:
    idle = [run(here, "arena_prices"), run(here, "arena_settlements")]
    arena_event(fresh_database, town.market_no, "active", NOON + timedelta(minutes=5))
    betting = [run(here, "arena_prices"), run(here, "arena_settlements")]
    clock.go(minutes=5)
    ending = run(here, "arena_settlements")
    build.change(fresh_database, "UPDATE arena_events SET status = 'settled', outcome = 'yes'")
    over = [run(here, "arena_prices"), run(here, "arena_settlements")]
    always = [run(here, "event_selection"), run(here, "leaderboard")]

    assert [(done["status"], done["note"]) for done in idle] == [
        ("skipped", "no event is bet on"),
        ("skipped", "no event waits for its end"),
    ]
    assert [(done["status"], done["note"]) for done in betting] == [
        ("done", "2 prices moved"),
        ("skipped", "no event waits for its end"),
    ]
    assert (ending["status"], ending["note"]) == ("done", "1 events were settled")
    assert {done["status"] for done in over} == {"skipped"}
    assert [done["note"] for done in always] == ["5 events were selected", "9 entrants were ranked"]
    assert len(town.asked("arena")) == 4


def test_an_arena_that_is_not_running_is_no_failure_and_one_that_refuses_is(
    here: Resources, town: Town, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena_event(fresh_database, town.market_no, "closed", NOON)
    town.faults["arena", "/admin/settlements"] = lambda call: refusal(503, "Not now.")
    refused = run(here, "arena_settlements")
    town.faults["arena", "/leaderboard/refresh"] = lambda call: refusal(409, "The board is being computed.")
    busy = run(here, "leaderboard")
    monkeypatch.setattr(here.services, "arena", Calls("arena", NOWHERE))
    away = [run(here, name) for name in ("event_selection", "arena_settlements", "leaderboard")]

    assert (refused["status"], refused["error"]) == ("failed", "arena said: Not now.")
    assert (busy["status"], busy["note"]) == ("skipped", "arena said: The board is being computed.")
    assert {(done["status"], done["note"]) for done in away} == {("skipped", "the arena is not running")}
