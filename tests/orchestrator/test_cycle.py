"""A trading cycle from beginning to end, as its caller sees it and as its rows tell it."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

from fastapi import Response

from shared.answers import json_answer
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, Clock, Desk
from tests.orchestrator.town import Call, Town, refusal


def test_the_answer_is_the_documented_one(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Aggressive Momentum", NOON, {"signals": 5}, balance=Decimal(30))
    build.portfolio(fresh_database, "Conservative Arbitrage", NOON, strategy_type="arbitrage")

    answer = desk.run()

    cycle_id = answer.pop("cycle_id")
    assert len(cycle_id) == 36
    assert {name: answer[name] for name in ("status", "portfolios_processed", "failed_step", "error")} == {
        "status": "success",
        "portfolios_processed": 2,
        "failed_step": None,
        "error": None,
    }
    assert answer["results"] == [
        {
            "portfolio_id": 1,
            "portfolio_name": "Aggressive Momentum",
            "strategy_type": "momentum",
            "signals_generated": 5,
            "trades_executed": 3,
            "signals_skipped": 2,
            "orders_placed": 0,
            "new_balance": 0,
            "total_pnl": 0,
            "error": None,
        },
        {
            "portfolio_id": 2,
            "portfolio_name": "Conservative Arbitrage",
            "strategy_type": "arbitrage",
            "signals_generated": 2,
            "trades_executed": 2,
            "signals_skipped": 0,
            "orders_placed": 0,
            "new_balance": 9980,
            "total_pnl": 0,
            "error": None,
        },
    ]


def test_steps_happen_in_order_and_each_is_a_row(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    cycle_id = desk.run()["cycle_id"]

    assert town.commands() == [
        "/events/export-all-active-events-db",
        "/markets/export-all-markets-db",
        "/paper-trading/update-prices",
        "/paper-trading/settle",
        "/strategy/generate-signals",
        "/paper-trading/execute-signals",
    ]
    steps = desk.get(f"/trading/cycles/{cycle_id}/steps")["steps"]
    assert [(step["step"], step["portfolio_id"], step["status"]) for step in steps] == [
        ("archive", None, "done"),
        ("collect_events", None, "done"),
        ("collect_markets", None, "done"),
        ("settle", None, "done"),
        ("update_prices", None, "done"),
        ("execute", 1, "done"),
        ("signals", 1, "done"),
        ("snapshot", 1, "done"),
    ]


def test_steps_carry_their_counts_and_times(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    cycle = desk.get(f"/trading/cycles/{desk.run()['cycle_id']}")

    steps = {step["step"]: step for step in cycle["steps"]}
    assert list(steps) == [
        "collect_events",
        "collect_markets",
        "update_prices",
        "settle",
        "signals",
        "execute",
        "snapshot",
        "archive",
    ]
    assert steps["collect_events"]["counts"]["platforms"]["polymarket"] == {
        "seen": 7,
        "new": 1,
        "changed": 2,
        "unchanged": 4,
        "rejected": 1,
        "error": None,
    }
    assert steps["settle"]["counts"] == {
        "markets_checked": 0,
        "markets_settled": 0,
        "positions_settled": 0,
        "failures": 0,
    }
    assert steps["signals"]["portfolios"] == 1
    assert steps["signals"]["failed"] == 0
    assert all(step["started_at"] and step["finished_at"] for step in cycle["steps"])
    [signals] = desk.get(f"/trading/cycles/{cycle['cycle_id']}/steps", params={"step": "signals"})["steps"]
    assert signals["counts"] == {
        "reasons": {"no_quote": 5},
        "markets_matched": 4,
        "signals_generated": 2,
        "markets_considered": 9,
    }
    assert cycle["results"][0]["trades_executed"] == 2
    assert cycle["progress"] == {"step": None, "portfolios": 1, "portfolios_done": 1, "portfolios_failed": 0}


def test_every_portfolio_is_snapshotted_for_the_curve_and_for_the_day(
    desk: Desk, clock: Clock, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    build.portfolio(fresh_database, "Paused", NOON, status="paused")
    build.portfolio(fresh_database, "Closed", NOON, status="closed")

    first = desk.run()["cycle_id"]
    clock.go(hours=1)
    second = desk.run()["cycle_id"]

    points = build.rows(fresh_database, "SELECT * FROM equity_points ORDER BY portfolio_id, taken_at")
    assert [(str(point["cycle_id"]), point["portfolio_id"], point["ran"]) for point in points] == [
        (first, 1, True),
        (second, 1, True),
        (first, 2, False),
        (second, 2, False),
    ]
    assert [point["current_balance"] for point in points] == [9980, 9960, 10_000, 10_000]
    assert {point["equity"] for point in points} == {10_000}
    days = build.rows(fresh_database, "SELECT * FROM portfolio_history ORDER BY portfolio_id")
    assert [(day["portfolio_id"], str(day["snapshot_date"]), day["current_balance"]) for day in days] == [
        (1, "2026-11-21", 9960),
        (2, "2026-11-21", 10_000),
    ]


def test_a_clock_that_goes_back_leaves_the_later_word_of_the_day(
    desk: Desk, clock: Clock, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    desk.run()
    clock.go(hours=-1)

    assert desk.run()["status"] == "success"

    points = build.rows(fresh_database, "SELECT count(*) AS n FROM equity_points")
    [day] = build.rows(fresh_database, "SELECT taken_at, current_balance FROM portfolio_history")
    assert points == [{"n": 2}]
    assert day == {"taken_at": NOON, "current_balance": 9980}


def test_one_venue_that_is_down_is_noted_and_stops_nothing(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    town.faults["markets", "/markets/export-all-markets-db"] = lambda call: json_answer(
        town.sync("markets", "partial", "CircuitOpen: kalshi is away")
    )

    answer = desk.run()

    assert answer["status"] == "success"
    [step] = desk.get(f"/trading/cycles/{answer['cycle_id']}/steps", params={"step": "collect_markets"})["steps"]
    assert step["status"] == "done"
    assert step["counts"]["status"] == "partial"
    assert step["counts"]["platforms"]["kalshi"]["error"] == "CircuitOpen: kalshi is away"


def test_a_sync_that_somebody_else_runs_is_waited_for_and_taken(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    theirs = town.sync("events")
    town.syncs["events"] = {"running": theirs, "last": None}

    def busy(call: Call) -> Response:
        threading.Timer(0.8, lambda: town.syncs.update(events={"running": None, "last": theirs})).start()
        return refusal(409, "A sync is running already.", "SyncRunning", {"sync_id": theirs["sync_id"]})

    town.faults["events", "/events/export-all-active-events-db"] = busy

    answer = desk.run()

    assert answer["status"] == "success"
    [step] = desk.get(f"/trading/cycles/{answer['cycle_id']}/steps", params={"step": "collect_events"})["steps"]
    assert (step["counts"]["awaited"], step["counts"]["sync_id"]) == (True, theirs["sync_id"])
    assert len(town.asked("events", "/events/export-all-active-events-db")) == 1


def test_a_foreign_sync_that_came_to_nothing_is_made_up_for(desk: Desk, town: Town) -> None:
    busy = refusal(409, "A sync is running already.", "SyncRunning", {"sync_id": "dead"})
    replies = iter([busy])
    town.faults["events", "/events/export-all-active-events-db"] = lambda call: next(replies, None)

    answer = desk.run()

    assert answer["status"] == "success"
    [step] = desk.get(f"/trading/cycles/{answer['cycle_id']}/steps", params={"step": "collect_events"})["steps"]
    assert step["counts"]["awaited"] is False


def test_without_collecting_it_trades_on_what_is_stored(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    answer = desk.run(collect=False)

    assert answer["results"][0]["trades_executed"] == 2
    assert town.asked("events", None) == []
    assert town.commands()[0] == "/paper-trading/update-prices"


def test_options_come_in_the_address_as_well(desk: Desk, town: Town, fresh_database: Database) -> None:
    for name in ("Harbour", "Mole", "Pier"):
        build.portfolio(fresh_database, name, NOON)

    answer = desk.get("/trading/run-all-portfolios?collect=false&portfolio_ids=1&portfolio_ids=3")

    assert [result["portfolio_id"] for result in answer["results"]] == [1, 3]
    assert town.asked("events") == []


def test_one_portfolio_runs_alone(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    build.portfolio(fresh_database, "Weekly", NOON, frequency="weekly")

    answer = desk.post("/trading/run-portfolio-cycle", {"portfolio_id": 2, "collect": False})

    assert [result["portfolio_name"] for result in answer["results"]] == ["Weekly"]
    [cycle] = desk.get("/trading/cycles")["cycles"]
    assert (cycle["kind"], cycle["portfolio_id"], cycle["portfolios_done"]) == ("portfolio", 2, 1)
    assert build.rows(fresh_database, "SELECT portfolio_id FROM equity_points") == [{"portfolio_id": 2}]


def test_portfolios_that_cannot_run_are_named_before_anything_happens(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    build.portfolio(fresh_database, "Paused", NOON, status="paused")

    unknown = desk.run(404, portfolio_ids=[1, 7, 8])
    paused = desk.run(409, portfolio_ids=[1])

    assert (unknown["error"], unknown["facts"]) == ("PortfoliosNotFound", {"portfolio_ids": [7, 8]})
    assert paused["detail"] == "These portfolios are paused or closed: [1]."
    assert desk.get("/trading/cycles")["cycles"] == []
    assert town.calls == []


def test_without_portfolios_a_cycle_still_collects(desk: Desk, town: Town) -> None:
    answer = desk.run()

    assert (answer["status"], answer["portfolios_processed"], answer["results"]) == ("success", 0, [])
    assert len(town.commands()) == 4


def test_groups_are_of_one_type_and_bounded(desk: Desk, town: Town, fresh_database: Database) -> None:
    for number in range(120):
        build.portfolio(
            fresh_database, f"Number {number}", NOON, strategy_type="momentum" if number < 110 else "hybrid"
        )

    answer = desk.run()

    assert answer["portfolios_processed"] == 120
    assert sorted(len(call.ids) for call in town.asked("strategy_momentum")) == [10, 50, 50]
    assert [len(call.ids) for call in town.asked("strategy_hybrid")] == [10]
    assert sum(len(call.ids) for call in town.asked("paper_trading", "/paper-trading/execute-signals")) == 120
    assert [result["portfolio_id"] for result in answer["results"]] == list(range(1, 121))


def test_the_run_id_goes_through_all_services(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)

    desk.post("/trading/run-all-portfolios", headers={"X-Run-Id": "one-afternoon"})

    assert {call.run_id for call in town.calls} == {"one-afternoon"}


def test_old_signals_move_to_the_archive_of_their_month(desk: Desk, clock: Clock, fresh_database: Database) -> None:
    clock.now = datetime.now(UTC)  # signals are as old as the services that made them say
    build.portfolio(fresh_database, "Harbour", NOON)
    desk.run()
    clock.go(days=32)
    build.change(fresh_database, "UPDATE portfolios SET status = 'paused'")

    answer = desk.run()

    [archived] = build.rows(fresh_database, "SELECT count(*) AS n, min(month) AS month FROM signal_archives")
    assert archived["n"] == 2
    assert (archived["month"].day, archived["month"].hour) == (1, 0)
    [step] = desk.get(f"/trading/cycles/{answer['cycle_id']}/steps", params={"step": "archive"})["steps"]
    assert step["counts"]["signals_archived"] == 2
