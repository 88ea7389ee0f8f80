"""The documented example: two portfolios, six signals, and no balance left for the fourth."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Request, Response
from sqlalchemy import text

from services.events import app as events_service
from services.events.resources import Settings as EventsSettings
from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from services.orchestrator.app import orchestrator_app
from services.orchestrator.resources import Settings
from services.paper_trading import app as paper_service
from services.paper_trading.resources import Settings as PaperSettings
from shared.answers import json_answer
from shared.database import Database
from shared.signals import Action, Generation, NewSignal, write_generations
from shared.trading.config_schema import config_schema
from shared.trading.limits import PortfolioConfig
from tests.orchestrator.conftest import Desk
from tests.services.listing import World, gamma, gamma_book
from tests.serving import serving
from tests.venues.double import running_double

UNLIMITED = dict.fromkeys(("polymarket_gamma_rate", "polymarket_clob_rate", "polymarket_data_rate", "kalshi_rate"), 0)

# Market, action, dollars, and the price at which a thousand contracts of that side are offered.
Told = tuple[int, Action, str, str]
AGGRESSIVE: tuple[Told, ...] = (
    (1, "buy_yes", "100", "0.45"),
    (2, "buy_yes", "150", "0.62"),
    (3, "buy_no", "200", "0.38"),
    (4, "buy_yes", "100", "0.50"),
)
CONSERVATIVE: tuple[Told, ...] = ((5, "buy_yes", "100", "0.51"), (6, "buy_no", "100", "0.49"))


def offered(number: int, action: Action, price: str) -> dict[str, Any]:
    """A book in which this side costs that price; who sells no at 38 cents buys yes at 62."""
    ask = Decimal(price) if action == "buy_yes" else 1 - Decimal(price) + Decimal("0.02")
    bid = ask - Decimal("0.02")
    level = {"size": "1000"}
    return gamma_book(number, bids=[{"price": str(bid), **level}], asks=[{"price": str(ask), **level}])


def controller(database: Database, by_name: Mapping[str, tuple[Told, ...]]) -> FastAPI:
    """Says for each portfolio, by its name, what the document says."""
    app = FastAPI()
    app.get("/strategy/config-schema")(lambda: config_schema(PortfolioConfig))

    @app.post("/strategy/generate-signals")
    async def generate(request: Request) -> Response:
        asked = await request.json()
        now, cycle_id = datetime.now(UTC), UUID(asked["cycle_id"])
        results = []
        with database.transaction() as connection:
            for number in asked["portfolio_ids"]:
                query = "SELECT name, strategy_type FROM portfolios WHERE portfolio_id = :id"
                found = connection.execute(text(query), {"id": number}).one()
                numbers = "SELECT market_no FROM markets WHERE external_id = :id"
                signals = [
                    NewSignal(
                        connection.execute(text(numbers), {"id": str(market)}).scalar_one(),
                        action,
                        Decimal(price),
                        "as documented",
                        Decimal(amount),
                    )
                    for market, action, amount, price in by_name[found.name]
                ]
                generation = Generation(number, found.strategy_type, cycle_id, 6, 6, signals, {})
                write_generations(connection, [generation], now, now + timedelta(minutes=5))
                counts = {"markets_considered": 6, "markets_matched": 6, "signals_generated": len(signals)}
                results.append({"portfolio_id": number, "cycle_id": asked["cycle_id"], **counts, "signals": []})
        return json_answer({"results": results})

    return app


@pytest.fixture
def desks(
    fresh_database: Database, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Desk, Desk]]:
    """The orchestrator and paper trading, over venues with the documented prices."""
    with ExitStack() as running:
        world = World(running.enter_context(running_double()))
        wanted = (*AGGRESSIVE, *CONSERVATIVE)
        world.gamma_markets = [gamma(number, feeSchedule=None, feesEnabled=False) for number, *_ in wanted]
        world.books = [offered(number, action, price) for number, action, _, price in wanted]
        venue: dict[str, Any] = {"database_url": fresh_database_url, **world.addresses, **UNLIMITED}
        said = controller(fresh_database, {"Aggressive": AGGRESSIVE, "Conservative": CONSERVATIVE})
        apps: dict[str, Any] = {
            "EVENTS": events_service.events_app(EventsSettings(**venue)),
            "MARKETS": markets_service.markets_app(MarketsSettings(**venue)),
            "STRATEGY_MOMENTUM": said,
            "STRATEGY_ARBITRAGE": said,
        }
        for name, app in apps.items():
            monkeypatch.setenv(f"{name}_URL", running.enter_context(serving(app)))
        settings = PaperSettings(database_url=fresh_database_url, price_update_seconds=0)
        paper = running.enter_context(serving(paper_service.paper_trading_app(settings)))
        monkeypatch.setenv("PAPER_TRADING_URL", paper)
        own = Settings(database_url=fresh_database_url, schedule_enabled=False)
        orchestrator = running.enter_context(serving(orchestrator_app(own, lambda: datetime.now(UTC))))
        yield Desk(orchestrator), Desk(paper)


def test_the_fourth_signal_of_the_documented_example_finds_no_balance(desks: tuple[Desk, Desk]) -> None:
    orchestrator, paper = desks
    for name, strategy_type, balance in (("Aggressive", "momentum", 500), ("Conservative", "arbitrage", 10_000)):
        facts = {"name": name, "strategy_type": strategy_type, "initial_balance": balance}
        paper.post("/paper-trading/portfolios", {**facts, "strategy_config": {"categories": ["sports"]}}, 201)

    answer = orchestrator.run()

    first, second = answer["results"]
    assert (answer["status"], answer["portfolios_processed"]) == ("success", 2)
    assert (first["signals_generated"], first["trades_executed"], first["signals_skipped"]) == (4, 3, 1)
    assert (second["signals_generated"], second["trades_executed"], second["signals_skipped"]) == (2, 2, 0)
    # Whole hundredths of a contract for at most the amount: 222.22 × 0.45, 241.93 × 0.62, 526.31 × 0.38.
    paid = Decimal("99.999") + Decimal("149.9966") + Decimal("199.9978")
    assert first["new_balance"] == 500 - paid
    decisions = paper.get("/paper-trading/decisions", params={"portfolio_id": first["portfolio_id"]})["decisions"]
    outcomes = {each["market_id"]: each["outcome"] for each in decisions}
    assert outcomes == {
        "polymarket:1": "filled",
        "polymarket:2": "filled",
        "polymarket:3": "filled",
        "polymarket:4": "insufficient_cash",
    }
    state = paper.get("/paper-trading/portfolio", params={"portfolio_id": first["portfolio_id"]})
    held = {each["market_id"]: (each["outcome"], each["entry_price"]) for each in state["positions"]}
    assert held == {
        "polymarket:1": ("yes", Decimal("0.45")),
        "polymarket:2": ("yes", Decimal("0.62")),
        "polymarket:3": ("no", Decimal("0.38")),
    }
    assert state["total_invested"] == paid
    assert paper.get("/paper-trading/audit")["status"] == "clean"
