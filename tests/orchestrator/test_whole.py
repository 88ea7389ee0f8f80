"""The whole arena over the sandbox: every service on a socket of its own, asked only through public endpoints."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from services.arena import app as arena_service
from services.arena.resources import Settings as ArenaSettings
from services.events import app as events_service
from services.events.resources import Settings as EventsSettings
from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from services.orchestrator.app import orchestrator_app
from services.orchestrator.resources import Settings
from services.paper_trading import app as paper_service
from services.paper_trading.resources import Settings as PaperSettings
from services.sandbox.app import build_app
from services.sandbox.settings import Settings as SandboxSettings
from services.strategy.app import strategy_app
from services.strategy.resources import Settings as StrategySettings
from shared import topology
from shared.launcher.samples import SAMPLES
from shared.launcher.world import sandbox_variables
from tests.orchestrator.conftest import Desk
from tests.serving import serving


@pytest.fixture
def arena(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Desk]]:
    with ExitStack() as running:

        def open_one(name: str, app: Any) -> None:
            url = running.enter_context(serving(app))
            monkeypatch.setenv(f"{name.upper()}_URL", url)
            desks[name] = Desk(url)

        desks: dict[str, Desk] = {}
        open_one("sandbox", build_app(SandboxSettings(sandbox_markets=300)))
        for name, value in sandbox_variables({}, desks["sandbox"].url).items():
            monkeypatch.setenv(name, value)
        database: dict[str, Any] = {"database_url": fresh_database_url}
        open_one("events", events_service.events_app(EventsSettings(**database)))
        open_one("markets", markets_service.markets_app(MarketsSettings(**database)))
        for kind, service in topology.STRATEGIES.items():
            if kind != "ai_model":
                open_one(service.name, strategy_app(kind, StrategySettings(**database)))
        open_one("arena", arena_service.arena_app(ArenaSettings(arena_enabled=False, **database)))
        open_one("paper_trading", paper_service.paper_trading_app(PaperSettings(price_update_seconds=0, **database)))
        open_one("orchestrator", orchestrator_app(Settings(schedule_enabled=False, **database), _clock))
        yield desks


def _clock() -> datetime:
    return datetime.now(UTC)


def test_the_sample_portfolios_trade_and_every_sum_agrees(arena: dict[str, Desk]) -> None:
    orchestrator, paper = arena["orchestrator"], arena["paper_trading"]
    for sample in SAMPLES:
        facts = {"name": sample.name, "strategy_type": sample.strategy_type, "initial_balance": 10_000}
        paper.post("/paper-trading/portfolios", {**facts, "strategy_config": dict(sample.strategy_config)}, 201)

    first = orchestrator.run()
    second = orchestrator.run()

    for answer in (first, second):
        assert answer["status"] == "success", answer
        assert [result["portfolio_name"] for result in answer["results"]] == [sample.name for sample in SAMPLES]
        assert [result["error"] for result in answer["results"]] == [None] * len(SAMPLES)
    results = {result["portfolio_name"]: result for result in first["results"]}
    assert results["Null: cash"]["trades_executed"] == 0
    assert results["Null: random"]["trades_executed"] > 0
    audit = paper.get("/paper-trading/audit")
    assert (audit["status"], audit["disagreements"]) == ("clean", [])
    summary = orchestrator.get("/trading/portfolio-summary")
    balances = {each["name"]: each["current_balance"] for each in summary["portfolios"]}
    assert balances == {result["portfolio_name"]: result["new_balance"] for result in second["results"]}
    traded = sum(result["trades_executed"] for answer in (first, second) for result in answer["results"])
    assert summary["totals"]["trade_count"] == traded
    assert orchestrator.get("/trading/status")["status"] == "healthy"
    history = orchestrator.get("/trading/history", params={"portfolio_id": results["Null: random"]["portfolio_id"]})
    assert [point["cycle_id"] for point in history["points"]] == [first["cycle_id"], second["cycle_id"]]


def test_one_portfolio_runs_alone_and_may_be_asked_twice(arena: dict[str, Desk]) -> None:
    orchestrator, paper = arena["orchestrator"], arena["paper_trading"]
    config = {"entrant": "random", "seed": 1, "accept_unknown_liquidity": True}
    facts = {"name": "Chance", "strategy_type": "baseline", "strategy_config": config}
    made = paper.post("/paper-trading/portfolios", facts, 201)

    run = orchestrator.post(
        "/trading/run-portfolio-cycle",
        {"portfolio_id": made["portfolio_id"]},
        headers={"Idempotency-Key": "once"},
    )
    again = orchestrator.post(
        "/trading/run-portfolio-cycle",
        {"portfolio_id": made["portfolio_id"]},
        headers={"Idempotency-Key": "once"},
    )

    assert again == run
    assert run["results"][0]["trades_executed"] > 0
    portfolio = paper.get("/paper-trading/portfolio", params={"portfolio_id": made["portfolio_id"]})
    assert portfolio["trade_count"] == run["results"][0]["trades_executed"]
    figures = orchestrator.get("/trading/performance", params={"portfolio_id": made["portfolio_id"]})
    assert figures["trade_count"] == portfolio["trade_count"]
    assert figures["equity"] == portfolio["equity"]
    assert figures["signal_execution_rate"] > 0
