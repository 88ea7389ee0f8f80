"""The orchestrator on a real socket, amid the small services of a town."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jiter
import pytest
import requests

# Importing an app makes one from the environment; nothing is ever connected by this address.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.orchestrator import chunks, clients
from services.orchestrator.app import orchestrator_app
from services.orchestrator.resources import Resources, Settings
from services.orchestrator.scheduler import Scheduler
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.town import SERVICES, Town, town_app
from tests.serving import serving

NOWHERE = "http://127.0.0.1:9"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def go(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class Desk:
    """The orchestrator as a caller meets it."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, expect: int | None = 200, **how: Any) -> Any:
        response = self.session.request(method, self.url + path, timeout=60, **how)
        assert expect in (None, response.status_code), f"{response.status_code}: {response.text[:600]}"
        return jiter.from_json(response.content, float_mode="decimal")

    def get(self, path: str, expect: int | None = 200, **how: Any) -> Any:
        return self.ask("GET", path, expect, **how)

    def post(self, path: str, body: Any = None, expect: int | None = 200, **how: Any) -> Any:
        return self.ask("POST", path, expect, **how, **({} if body is None else {"json": body}))

    def run(self, expect: int | None = 200, **options: Any) -> Any:
        """A cycle of all portfolios."""
        return self.post("/trading/run-all-portfolios", options or None, expect)

    def run_with(self, headers: dict[str, str], expect: int | None = 200, **options: Any) -> Any:
        return self.post("/trading/run-all-portfolios", options or None, expect, headers=headers)


@pytest.fixture(autouse=True)
def short_breath(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starts a service again in these tests, so nobody waits for one."""
    monkeypatch.setattr(chunks, "BREATH_SECONDS", 0.01)
    monkeypatch.setattr(clients, "ATTEMPTS_MAX", 1)


@pytest.fixture
def town(fresh_database: Database) -> Town:
    return Town(fresh_database, build.market(fresh_database, NOON))


@pytest.fixture
def addresses(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The town's services, where the orchestrator looks for them."""
    with serving(town_app(town)) as url:
        for name in SERVICES:
            monkeypatch.setenv(f"{name.upper()}_URL", f"{url}/{name}")
        yield url


@pytest.fixture
def clock() -> Clock:
    return Clock()


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(addresses: str, fresh_database_url: str, clock: Clock) -> Iterator[Open]:
    """Another replica, with the schedule off unless it is asked for."""
    with ExitStack() as running:

        def open_one(now: Callable[[], datetime] = clock, **settings: Any) -> Desk:
            chosen = {"database_url": fresh_database_url, "schedule_enabled": False, **settings}
            return Desk(running.enter_context(serving(orchestrator_app(Settings(**chosen), now))))

        yield open_one


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    return open_desk()


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
