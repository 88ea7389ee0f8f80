"""Strategy controllers over a database of their own, at a moment that tests set."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

# Importing an app makes some from the environment; those under test get settings of their own.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.strategy import routes
from services.strategy.app import strategy_app
from services.strategy.resources import Settings
from tests.strategy import build

Serve = Callable[..., TestClient]


class Clock:
    def __init__(self) -> None:
        self.now: datetime = build.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The only place where a controller looks at the time."""
    clock = Clock()
    monkeypatch.setattr(routes, "clock", clock)
    return clock


@pytest.fixture
def serve(fresh_database_url: str, clock: Clock) -> Iterator[Serve]:
    with ExitStack() as running:

        def start(strategy: str, **settings: Any) -> TestClient:
            app = strategy_app(strategy, Settings(database_url=fresh_database_url, **settings))
            client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
            return running.enter_context(client)

        yield start
