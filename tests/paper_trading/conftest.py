"""Two venues, the real markets service over them, and the paper trading service that asks it for books."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

# Imported first: it gives the applications that are made on import an address at which nobody answers.
from tests.services.conftest import UNLIMITED, client_of, exact  # isort: skip
from services.events import app as events_service
from services.events.resources import Settings as EventsSettings
from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from services.paper_trading import app as paper_service
from services.paper_trading.resources import Settings as PaperSettings
from services.paper_trading.storage.portfolios import create_portfolio
from shared.database import Database
from shared.signals import Generation, NewSignal, write_generations
from tests.services.listing import World
from tests.serving import serving
from tests.venues.double import running_double


@dataclass
class Floor:
    """Everything a portfolio needs to trade, as somebody outside meets it."""

    world: World
    events: TestClient
    markets: TestClient
    paper: TestClient
    database: Database

    def collect(self) -> None:
        assert self.events.post("/events/export-all-active-events-db").json()["status"] == "success"
        assert self.markets.post("/markets/export-all-markets-db").json()["status"] == "success"

    def portfolio(self, name: str = "Harbour", cash: str = "1000", **config: Any) -> int:
        """An active one of the type momentum."""
        with self.database.transaction() as connection:
            return create_portfolio(
                connection, name, "momentum", config, "every_cycle", Decimal(cash), datetime.now(UTC)
            )

    def signals(self, portfolio_id: int, *signals: NewSignal, cycle_id: UUID | None = None) -> list[int]:
        """One generation of signals, good for an hour."""
        now = datetime.now(UTC)
        generation = Generation(portfolio_id, "momentum", cycle_id, 0, 0, signals, {})
        with self.database.transaction() as connection:
            return write_generations(connection, [generation], now, now + timedelta(hours=1))[0]

    def market_no(self, market_id: str) -> int:
        with self.database.connection() as connection:
            query = text("SELECT market_no FROM markets WHERE market_id = :id")
            return int(connection.execute(query, {"id": market_id}).scalar_one())

    def signal(self, market_id: str, action: str = "buy_yes", **facts: Any) -> NewSignal:
        """Asks for 100 dollars at up to 99 cents unless told otherwise."""
        sizes: dict[str, Any] = {name: Decimal(facts.pop(name)) for name in ("amount", "quantity") if name in facts}
        limit = Decimal(facts.pop("limit", "0.99" if action.startswith("buy") else "0.01"))
        chosen: dict[str, Any] = {"reason": "told so", **(sizes or {"amount": Decimal(100)}), **facts}
        told: Any = action
        return NewSignal(self.market_no(market_id), told, limit, **chosen)

    def execute(self, portfolio_id: int) -> dict[str, Any]:
        answer = self.paper.post("/paper-trading/execute-signals", params={"portfolio_id": portfolio_id})
        assert answer.status_code == 200, answer.text
        return dict(exact(answer))

    def read(self, portfolio_id: int) -> dict[str, Any]:
        return dict(exact(self.paper.get("/paper-trading/portfolio", params={"portfolio_id": portfolio_id})))

    def rows(self, what: str, **which: Any) -> list[dict[str, Any]]:
        """A list of the service, newest first."""
        answer = self.paper.get(f"/paper-trading/{what}", params=which)
        assert answer.status_code == 200, answer.text
        return list(exact(answer)[what.replace("-", "_")])


@pytest.fixture
def floor(fresh_database: Database, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    with ExitStack() as running:
        world = World(running.enter_context(running_double()))
        chosen: dict[str, Any] = {"database_url": fresh_database_url, **world.addresses, **UNLIMITED}
        settings, events_settings = MarketsSettings(**chosen), EventsSettings(**chosen)
        events = running.enter_context(client_of(events_service.events_app(events_settings)))
        app = markets_service.markets_app(settings)
        monkeypatch.setenv("MARKETS_URL", running.enter_context(serving(app)))
        markets = running.enter_context(client_of(markets_service.markets_app(settings)))
        paper_settings = PaperSettings(database_url=fresh_database_url, price_update_seconds=0)
        paper = running.enter_context(client_of(paper_service.paper_trading_app(paper_settings)))
        yield Floor(world, events, markets, paper, fresh_database)
        audited = paper.get("/paper-trading/audit").json()
        assert audited["status"] == "clean", audited["disagreements"]


def cycle() -> UUID:
    return uuid4()
