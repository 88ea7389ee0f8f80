"""What readers see: figures, curves, sums, the state of everything, and progress as it happens."""

import json
import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.orchestrator import resources
from services.orchestrator.domain.figures import DayEnd, sharpe
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, NOWHERE, Clock, Desk, Open
from tests.orchestrator.test_once import Held
from tests.orchestrator.town import Town


def example(database: Database, market_no: int) -> int:
    """Five positions that are over and one that is open; worked out by hand below."""
    portfolio_id = build.portfolio(
        database,
        "Harbour",
        NOON,
        balance=Decimal(1000),
        realized_pnl=Decimal("18.5"),
        unrealized_pnl=Decimal("-3.5"),
        liquidation_value=Decimal("46.5"),
        total_invested=Decimal(50),
        fees_paid=Decimal("1.25"),
        execution_cost=Decimal("2.75"),
        trade_count=6,
        open_positions=1,
    )
    build.change(database, "UPDATE portfolios SET current_balance = 968.5 WHERE portfolio_id = :id", id=portfolio_id)
    ended: list[tuple[str, str, str | None]] = [
        ("settled", "30", "won"),
        ("settled", "-0.5", "won"),  # won, and less than its fees
        ("settled", "-20", "lost"),
        ("settled", "-0.25", "push"),  # void: the fees are gone
        ("closed", "9.25", None),
    ]
    for number, (status, pnl, standing) in enumerate(ended):
        market = build.market(database, NOON, f"over-{number}")
        facts = {"status": status, "quantity": 0, "cost": 0, "realized_pnl": Decimal(pnl), "closed_at": NOON}
        position_id = build.position(database, portfolio_id, market, NOON, **facts)
        if standing:
            build.settlement(database, portfolio_id, market, position_id, NOON, standing)
    build.position(database, portfolio_id, market_no, NOON)
    for signal_id in range(1, 9):
        decision_id = build.decision(database, portfolio_id, market_no, signal_id, NOON)
        for _ in range(2 if signal_id == 1 else 1 if signal_id <= 5 else 0):
            build.trade(database, portfolio_id, market_no, decision_id, NOON)
    for hours, equity in enumerate(("1000", "1100", "990", "1050", "1155", "924", "1015")):
        build.equity_point(database, portfolio_id, NOON + timedelta(hours=hours), Decimal(equity))
    return portfolio_id


def test_performance_of_a_portfolio_that_was_worked_out_by_hand(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    portfolio_id = example(fresh_database, town.market_no)

    said = desk.get("/trading/performance", params={"portfolio_id": portfolio_id})

    assert said == {
        "portfolio_id": portfolio_id,
        "portfolio_name": "Harbour",
        "strategy_type": "momentum",
        "initial_balance": 1000,
        "equity": 1015,
        "total_pnl": 15,
        "realized_pnl": Decimal("18.5"),
        "unrealized_pnl": Decimal("-3.5"),
        "fees_paid": Decimal("1.25"),
        "execution_cost": Decimal("2.75"),
        "trade_count": 6,
        "signals_decided": 8,
        "signals_traded": 5,
        "positions_won": 2,
        "positions_lost": 2,
        "positions_pushed": 1,
        "equity_points": 7,
        "win_rate": Decimal("0.5"),
        "average_pnl_per_trade": Decimal("2.5"),  # 15 / 6
        "average_pnl_per_position": Decimal("3.7"),  # (30 - 0.5 - 20 - 0.25 + 9.25) / 5
        "growth": Decimal("0.015"),
        "signal_execution_rate": Decimal("0.625"),
        "max_drawdown": Decimal("0.2"),  # from 1155 to 924
        "sharpe": None,
        "missing": {"sharpe": "needs 20 daily returns and has 0"},
    }


def test_figures_without_a_basis_are_missing_with_the_reason(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "New", NOON)

    said = desk.get("/trading/performance?portfolio_id=1")

    assert said["missing"] == {
        "win_rate": "no position has been won or lost yet",
        "average_pnl_per_trade": "nothing has been traded yet",
        "average_pnl_per_position": "no position is over yet",
        "signal_execution_rate": "no signal has been decided yet",
        "max_drawdown": "no cycle has taken a snapshot yet",
        "sharpe": "needs 20 daily returns and has 0",
    }
    assert all(said[name] is None for name in said["missing"])
    assert said["growth"] == 0


def test_the_sharpe_ratio_of_alternating_days() -> None:
    days = [DayEnd(date(2026, 1, 1) + timedelta(days=n), Decimal(100 + n % 2)) for n in range(21)]

    figure = sharpe(days)

    # Ten returns of 1/100 and ten of -1/101: mean 0.0000495050, deviation 0.0102090, times the root of 365.
    assert figure.value == Decimal("0.092643")


def days_apart(apart: int, equities: list[int]) -> list[DayEnd]:
    return [DayEnd(date(2026, 1, 1) + timedelta(days=apart * n), Decimal(each)) for n, each in enumerate(equities)]


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (days_apart(1, list(range(100, 120))), "needs 20 daily returns and has 19"),
        (days_apart(2, list(range(100, 160))), "needs 20 daily returns and has 0"),
        (days_apart(1, [100] * 60), "the equity has not moved"),
    ],
)
def test_a_sharpe_ratio_that_would_say_nothing_is_missing(days: list[DayEnd], reason: str) -> None:
    assert (sharpe(days).value, sharpe(days).reason) == (None, reason)


@pytest.mark.parametrize(
    ("equities", "drawdown"),
    [(["110", "120"], "0"), (["90"], "0.1"), (["90", "200", "100", "150"], "0.5"), (["0"], "1"), (["-50"], "1.5")],
)
def test_a_drawdown_is_measured_from_the_highest_point_before(
    desk: Desk, fresh_database: Database, equities: list[str], drawdown: str
) -> None:
    portfolio_id = build.portfolio(fresh_database, "Harbour", NOON, balance=Decimal(100))
    for hours, equity in enumerate(equities):
        build.equity_point(fresh_database, portfolio_id, NOON + timedelta(hours=hours), Decimal(equity))

    said = desk.get("/trading/performance", params={"portfolio_id": portfolio_id})

    assert said["max_drawdown"] == Decimal(drawdown)


def test_a_curve_is_thinned_to_points_that_can_be_read_and_ends_exactly(
    desk: Desk, clock: Clock, fresh_database: Database
) -> None:
    portfolio_id = build.portfolio(fresh_database, "Harbour", NOON)
    for minutes in range(0, 600, 2):
        build.equity_point(fresh_database, portfolio_id, NOON + timedelta(minutes=minutes), Decimal(minutes))
    clock.now = NOON + timedelta(hours=10)

    everything = curve(desk, portfolio_id)
    thin = curve(desk, portfolio_id, points=10)
    hour = curve(desk, portfolio_id, period="1h")

    assert len(everything) == 300
    assert thin == [58, 118, 178, 238, 298, 358, 418, 478, 538, 598]
    assert hour == list(range(540, 600, 2))


def curve(desk: Desk, portfolio_id: int, **how: Any) -> list[Decimal]:
    answer = desk.get("/trading/history", params={"portfolio_id": portfolio_id, **how})
    return [point["equity"] for point in answer["points"]]


def test_an_empty_curve_is_empty(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "New", NOON)

    assert desk.get("/trading/history?portfolio_id=1") == {"portfolio_id": 1, "period": "all", "points": []}
    assert desk.get("/trading/history?portfolio_id=2", 404)["error"] == "PortfolioNotFound"
    assert desk.get("/trading/performance?portfolio_id=2", 404)["error"] == "PortfolioNotFound"


def test_the_summary_lists_portfolios_and_adds_them_up(desk: Desk, fresh_database: Database) -> None:
    for number in range(5):
        build.portfolio(
            fresh_database,
            f"Number {number}",
            NOON,
            status="paused" if number else "active",
            balance=Decimal(100),
            liquidation_value=Decimal("1.5"),
            owed=Decimal("0.5"),
            realized_pnl=Decimal("1"),
        )

    first = desk.get("/trading/portfolio-summary?limit=3")
    rest = desk.get("/trading/portfolio-summary", params={"limit": 3, "cursor": first["cursor"]})

    assert [portfolio["portfolio_id"] for portfolio in first["portfolios"] + rest["portfolios"]] == [1, 2, 3, 4, 5]
    assert rest["cursor"] is None
    assert (
        first["totals"]
        == rest["totals"]
        == {
            "portfolios": 5,
            "active": 1,
            "initial_balance": 500,
            "equity": 505,
            "total_pnl": 5,
            "fees_paid": 0,
            "execution_cost": 0,
            "open_positions": 0,
            "trade_count": 0,
        }
    )
    assert first["portfolios"][0]["equity"] == 101
    assert first["portfolios"][0]["growth"] == Decimal("0.01")


def test_cycles_are_listed_newest_first_a_page_at_a_time(desk: Desk, clock: Clock, fresh_database: Database) -> None:
    made = []
    for _ in range(5):
        made.append(desk.run(collect=False)["cycle_id"])
        clock.go(minutes=1)

    first = desk.get("/trading/cycles?limit=2")
    second = desk.get("/trading/cycles", params={"limit": 2, "cursor": first["cursor"]})
    third = desk.get("/trading/cycles", params={"limit": 2, "cursor": second["cursor"]})

    listed = [cycle["cycle_id"] for page in (first, second, third) for cycle in page["cycles"]]
    assert listed == made[::-1]
    assert third["cursor"] is None


def test_steps_are_listed_a_page_at_a_time(desk: Desk, fresh_database: Database) -> None:
    for number in range(3):
        build.portfolio(fresh_database, f"Number {number}", NOON)
    cycle_id = desk.run()["cycle_id"]
    seen, cursor = [], None

    while True:
        page = desk.get(f"/trading/cycles/{cycle_id}/steps", params={"limit": 4, "cursor": cursor})
        seen += [(step["portfolio_id"], step["step"]) for step in page["steps"]]
        if (cursor := page["cursor"]) is None:
            break

    assert len(seen) == len(set(seen)) == 5 + 3 * 3
    assert seen == sorted(seen, key=lambda each: (each[0] or 0, each[1]))


def test_the_state_of_everything_names_what_is_not_well(
    town: Town, open_desk: Open, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATEGY_HYBRID_URL", NOWHERE)
    town.ill.add("markets")
    build.breaker(fresh_database, NOON)
    desk = open_desk()
    desk.run(portfolio_ids=None)

    state = desk.get("/trading/status")

    services = {each["service"]: each for each in state["services"]}
    assert state["status"] == "degraded"
    assert services["strategy_hybrid"]["status"] == "down"
    assert services["strategy_hybrid"]["latency_ms"] is None
    assert services["markets"]["status"] == "degraded"
    assert services["paper_trading"] == {
        "service": "paper_trading",
        "address": services["paper_trading"]["address"],
        "version": "0.1.0",
        "error": None,
        "status": "healthy",
        "latency_ms": services["paper_trading"]["latency_ms"],
    }
    assert services["paper_trading"]["latency_ms"] > 0
    assert [breaker["reason"] for breaker in state["breakers"]] == ["the day was bad enough"]
    assert state["data"]["prices"] == {"at": None, "age_seconds": None}
    assert state["data"]["events"]["at"] is not None
    assert [cycle["status"] for cycle in state["last"]] == ["success"]
    assert state["running"] is None
    assert len(state["schedule"]["jobs"]) == 12


def test_progress_is_streamed_until_the_end(desk: Desk, town: Town, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    cycle_id = desk.run(202, wait=False)["cycle_id"]
    held.reached.wait(10)

    answer = desk.session.get(f"{desk.url}/trading/cycles/{cycle_id}/stream", stream=True, timeout=20)
    threading.Timer(0.7, held.go.set).start()
    events = events_of(answer.iter_lines(decode_unicode=True))

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events[0][0] == "progress"
    assert (events[0][1]["step"], events[0][1]["status"]) == ("settle", "running")
    assert events[-1][0] == "end"
    assert (events[-1][1]["status"], events[-1][1]["portfolios_done"], events[-1][1]["trades_executed"]) == (
        "success",
        1,
        2,
    )


def test_a_stream_of_a_cycle_that_ended_ends_at_once(desk: Desk) -> None:
    cycle_id = desk.run()["cycle_id"]

    answer = desk.session.get(f"{desk.url}/trading/cycles/{cycle_id}/stream", timeout=5)

    assert [kind for kind, _ in events_of(answer.text.splitlines())] == ["end"]
    assert desk.get("/trading/cycles/7d4fe8f8-96d9-4c1b-8d4a-000000000000/stream", 404)["error"] == "CycleNotFound"


def test_there_is_room_for_so_many_listeners_and_no_more(
    desk: Desk, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "LISTENERS_MAX", 1)
    held = Held(town, "paper_trading", "/paper-trading/settle")
    cycle_id = desk.run(202, wait=False)["cycle_id"]
    held.reached.wait(10)
    path = f"/trading/cycles/{cycle_id}/stream"
    first = desk.session.get(desk.url + path, stream=True, timeout=20)
    lines = first.iter_lines(decode_unicode=True)
    assert next(lines) == "event: progress"

    refused = desk.get(path, 503)
    held.go.set()
    events_of(lines)

    assert refused["error"] == "TooManyListeners"
    assert "event: end" in desk.session.get(desk.url + path, timeout=20).text


def events_of(lines: Any) -> list[tuple[str, dict[str, Any]]]:
    found, kind = [], ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((kind, json.loads(line.removeprefix("data: "))))
    return found


def test_the_service_counts_what_it_does(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    build.portfolio(fresh_database, "Oracle", NOON, strategy_type="oracle")
    desk.run()
    desk.post("/trading/schedule/health_check")

    metrics = desk.session.get(f"{desk.url}/metrics", timeout=10).text

    for line in (
        'coliseum_cycles_total{status="partial"}',
        'coliseum_cycle_step_seconds_count{step="collect_events"}',
        'coliseum_cycle_step_seconds_count{step="execute"}',
        'coliseum_cycle_portfolios_total{outcome="done"}',
        'coliseum_cycle_portfolios_total{outcome="failed"}',
        'coliseum_scheduled_jobs_total{job="health_check",status="done"}',
        'coliseum_data_age_seconds{what="events"}',
    ):
        assert line in metrics, line
    assert desk.get("/health")["schedule"] == {"enabled": False, "leading": False}
