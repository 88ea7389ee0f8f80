"""A world of two venues, and the two services over it as somebody outside meets them."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from fastapi.testclient import TestClient

# Importing an app makes one from the environment. The apps under test get settings of their own, so nothing is ever
# connected by this address; port 9 would refuse.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.events import app as events_service
from services.events.resources import Settings as EventsSettings
from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from shared.database import Database
from shared.venues.kalshi.client import KalshiVenue
from shared.venues.limits import HostLimits
from shared.venues.polymarket.client import PolymarketVenue
from shared.venues.transport import Transport, user_agent
from shared.venues.venue import Venue
from tests.services.library import fill
from tests.services.listing import World
from tests.venues.double import running_double

UNLIMITED = {
    "polymarket_gamma_rate": 0,
    "polymarket_clob_rate": 0,
    "polymarket_data_rate": 0,
    "kalshi_rate": 0,
}

Serve = Callable[..., TestClient]
Venues = tuple[Venue, ...]


@pytest.fixture
def other_database_url(server_url: str, fresh_database_url: str) -> Iterator[str]:
    """A copy of the fresh database before anybody entered it, for tests that compare two."""
    fresh = urlsplit(fresh_database_url).path.removeprefix("/")
    other = f"{fresh}_other"
    _run(server_url, f"CREATE DATABASE {other} TEMPLATE {fresh}")
    yield urlsplit(server_url)._replace(path=f"/{other}").geturl()
    _run(server_url, f"DROP DATABASE {other} WITH (FORCE)")


def _run(server: str, statement: str) -> None:
    with closing(psycopg2.connect(server)) as session:
        session.autocommit = True
        session.cursor().execute(statement)


@pytest.fixture
def world() -> Iterator[World]:
    with running_double() as double:
        yield World(double)


def markets_client(world: World, database_url: str, **settings: Any) -> TestClient:
    """A markets service over the world; settings by name."""
    chosen = {**world.addresses, **UNLIMITED, **settings}
    return client_of(markets_service.markets_app(MarketsSettings(database_url=database_url, **chosen)))


def events_client(world: World, database_url: str, **settings: Any) -> TestClient:
    chosen = {**world.addresses, **UNLIMITED, **settings}
    return client_of(events_service.events_app(EventsSettings(database_url=database_url, **chosen)))


@pytest.fixture
def serve_markets(world: World) -> Iterator[Serve]:
    with ExitStack() as running:
        yield lambda database_url, **settings: running.enter_context(markets_client(world, database_url, **settings))


@pytest.fixture
def serve_events(world: World) -> Iterator[Serve]:
    with ExitStack() as running:
        yield lambda database_url, **settings: running.enter_context(events_client(world, database_url, **settings))


@dataclass(frozen=True)
class Library:
    """Both services over a listing that is stored already, for tests that only read."""

    world: World
    markets: TestClient
    events: TestClient


@pytest.fixture(scope="module")
def library(database_url: str) -> Iterator[Library]:
    with ExitStack() as running:
        world = World(running.enter_context(running_double()))
        fill(world)
        markets = running.enter_context(markets_client(world, database_url))
        events = running.enter_context(events_client(world, database_url))
        assert events.post("/events/export-all-active-events-db").json()["status"] == "success"
        assert markets.post("/markets/export-all-markets-db").json()["status"] == "success"
        yield Library(world, markets, events)


@pytest.fixture
def markets(serve_markets: Serve, fresh_database_url: str) -> TestClient:
    return serve_markets(fresh_database_url)


@pytest.fixture
def events(serve_events: Serve, fresh_database_url: str) -> TestClient:
    return serve_events(fresh_database_url)


@pytest.fixture
def venues(world: World) -> Iterator[Venues]:
    """Venues that retry without waiting, for activities that are called with a clock of their own."""
    agent = user_agent("9.9")
    addresses = world.addresses
    polymarket = PolymarketVenue(
        Transport("polymarket", HostLimits(rate=0), agent=agent, sleep=_do_not_wait),
        addresses["polymarket_gamma_url"],
        addresses["polymarket_clob_url"],
        addresses["polymarket_data_url"],
    )
    transport = Transport("kalshi", HostLimits(rate=0), agent=agent, sleep=_do_not_wait)
    kalshi = KalshiVenue(transport, addresses["kalshi_base_api_url"])
    yield polymarket, kalshi
    polymarket.close()
    kalshi.close()


def _do_not_wait(_: float) -> None:
    """Instead of sleeping."""


@pytest.fixture
def stored(fresh_database: Database) -> Database:
    """The database of the service under test, to look into."""
    return fresh_database


def client_of(app: Any) -> TestClient:
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def resources_of(client: TestClient) -> Any:
    """What the service under this client holds."""
    app: Any = client.app
    return app.state.resources


def exact(answer: Any) -> Any:
    """The JSON of an answer with its numbers as they are written."""
    return json.loads(answer.content, parse_float=Decimal)
