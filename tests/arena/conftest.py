"""The whole hall: two venues, markets, paper trading and the arena over HTTP, and a provider with known answers."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import text

# Imported first: it gives the applications that are made on import an address at which nobody answers.
from tests.services.conftest import UNLIMITED, client_of, exact  # isort: skip
from services.arena.app import arena_app
from services.arena.resources import Settings as ArenaSettings
from services.events import app as events_service
from services.events.resources import Settings as EventsSettings
from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from services.paper_trading import app as paper_service
from services.paper_trading.resources import Settings as PaperSettings
from shared.database import Database
from tests.arena.provider import Provider, running_provider
from tests.services import listing
from tests.services.listing import World
from tests.serving import serving
from tests.venues.double import running_double

WAIT_SECONDS = 25.0


@dataclass
class Hall:
    """Everything that a model needs to play, as somebody outside meets it."""

    world: World
    events: Any
    markets: Any
    database: Database
    provider: Provider
    paper: str
    arena: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def collect(self) -> None:
        assert self.events.post("/events/export-all-active-events-db").json()["status"] == "success"
        assert self.markets.post("/markets/export-all-markets-db").json()["status"] == "success"

    def get(self, path: str, **params: Any) -> Any:
        answer = requests.get(self.arena + path, params=params, timeout=20)
        assert answer.status_code == 200, answer.text
        return exact(answer)

    def post(self, path: str, body: Any = None, **params: Any) -> requests.Response:
        return requests.post(self.arena + path, json=body, params=params, timeout=60)

    def put(self, path: str, body: Any = None) -> requests.Response:
        return requests.put(self.arena + path, json=body, timeout=60)

    def meet(self, market_id: str) -> str:
        """Lets the models meet a market; answers the id of the event."""
        answer = self.post("/admin/events/manual", {"market_id": market_id})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["event_id"])

    def sessions(self, event_id: str) -> dict[str, dict[str, Any]]:
        """By model."""
        return {each["model"]: each for each in self.get(f"/events/{event_id}/sessions")["sessions"]}

    def ended(self, event_id: str, count: int) -> dict[str, dict[str, Any]]:
        """The sessions of an event when all of them have ended and their bets are placed."""

        def all_ended() -> bool:
            found = self.sessions(event_id)
            return len(found) == count and all(each["status"] in ("completed", "failed") for each in found.values())

        self.until(all_ended)
        self.until(self.placed)
        return self.sessions(event_id)

    def placed(self) -> bool:
        return not self.query("""
            SELECT FROM betting_sessions s WHERE s.status = 'completed' AND s.final_position IN ('YES', 'NO')
                AND s.bet_told_at IS NULL
        """)

    def until(self, holds: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)

    def query(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        with self.database.connection() as connection:
            return [dict(row) for row in connection.execute(text(sql), values).mappings()]

    def change(self, sql: str, **values: Any) -> None:
        with self.database.transaction() as connection:
            connection.execute(text(sql), values)

    def portfolio(self, model: str) -> dict[str, Any]:
        number = self.get(f"/models/{model}")["portfolio_id"]
        answer = requests.get(f"{self.paper}/paper-trading/portfolio", params={"portfolio_id": number}, timeout=20)
        return dict(exact(answer))


@dataclass
class Doors:
    """Opens the hall for models of a test's choice."""

    hall: Hall
    tmp_path: Path
    door: socket.socket
    running: ExitStack

    def open(self, *models: str | dict[str, Any], entering: int | None = None, **settings: Any) -> Hall:
        """By external ids, or whole entries of the file; answers when all of them, or so many, have entered."""
        chosen = self.chosen(models, **settings)
        self.hall.arena = self.running.enter_context(serving(arena_app(ArenaSettings(**chosen)), self.door))
        if chosen.get("arena_enabled", True):
            self.hall.until(lambda: self._entered(len(models) if entering is None else entering))
        return self.hall

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.door.getsockname()[1]}"

    def chosen(self, models: Sequence[str | dict[str, Any]], **settings: Any) -> dict[str, Any]:
        """The settings of an arena with these models."""
        file = self.tmp_path / "models.yaml"
        file.write_text(yaml.safe_dump({"models": [_entry(model) for model in models]}))
        return {
            "database_url": self.hall.settings["database_url"],
            "openrouter_base_url": self.hall.provider.address,
            "openrouter_api_key": "sk-or-v1-secret",
            "ai_models_file": file,
            "arena_events": 1,
            "arena_horizon_seconds": 60,  # nothing is selected by itself
            **settings,
        }

    def _entered(self, count: int) -> bool:
        there = self.hall.query("SELECT FROM ai_models WHERE portfolio_id IS NOT NULL")
        return len(there) == count


def _entry(model: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(model, str):
        model = {"external_id": model}
    name = model["external_id"]
    return {"name": name.upper(), "openrouter_model": f"test/{name}", "avatar": name[:3].upper(), **model}


@pytest.fixture
def doors(
    fresh_database: Database, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Doors]:
    with ExitStack() as running:
        world = World(running.enter_context(running_double()))
        provider = running.enter_context(running_provider())
        chosen: dict[str, Any] = {"database_url": fresh_database_url, **world.addresses, **UNLIMITED}
        events = running.enter_context(client_of(events_service.events_app(EventsSettings(**chosen))))
        app = markets_service.markets_app(MarketsSettings(**chosen))
        markets_url = running.enter_context(serving(app))
        monkeypatch.setenv("MARKETS_URL", markets_url)
        markets = running.enter_context(client_of(markets_service.markets_app(MarketsSettings(**chosen))))
        door = socket.socket()
        door.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ARENA_URL", f"http://127.0.0.1:{door.getsockname()[1]}")
        paper_settings = PaperSettings(database_url=fresh_database_url, price_update_seconds=0)
        paper = running.enter_context(serving(paper_service.paper_trading_app(paper_settings)))
        monkeypatch.setenv("PAPER_TRADING_URL", paper)
        hall = Hall(
            world, events, markets, fresh_database, provider, paper, settings={"database_url": fresh_database_url}
        )
        yield Doors(hall, tmp_path, door, running)
        audited = requests.get(f"{paper}/paper-trading/audit", timeout=20).json()
        assert audited["status"] == "clean", audited["disagreements"]


@pytest.fixture
def one_market(doors: Doors) -> str:
    """An open market of Polymarket that closes tomorrow, 0.40 bid and 0.42 asked with plenty behind it; its id."""
    tomorrow = (datetime.now(UTC) + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    doors.hall.world.gamma_markets = [listing.gamma(1, bestBid="0.40", bestAsk="0.42", endDate=tomorrow)]
    doors.hall.world.books = [
        listing.gamma_book(
            1,
            bids=[{"price": "0.40", "size": "100000"}],
            asks=[{"price": "0.42", "size": "100000"}],
        )
    ]
    doors.hall.collect()
    return "polymarket:1"
