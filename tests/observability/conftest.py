"""Services over a real database, as Prometheus meets them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from fastapi.testclient import TestClient

# Importing an app makes one from the environment; nothing is ever connected by this address.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.arena.app import arena_app
from services.arena.resources import Settings as ArenaSettings
from services.orchestrator.app import orchestrator_app
from services.orchestrator.resources import Settings as OrchestratorSettings
from services.paper_trading.app import paper_trading_app
from services.paper_trading.resources import Settings as PaperSettings
from shared import topology


class Watched:
    """Applications that do nothing by themselves, each of them once or in several replicas."""

    def __init__(self, database_url: str, running: ExitStack) -> None:
        self.database_url = database_url
        self.running = running

    def orchestrator(self) -> TestClient:
        settings = OrchestratorSettings(database_url=self.database_url, schedule_enabled=False, cycle_every_seconds=300)
        return self._serve(orchestrator_app(settings))

    def paper_trading(self) -> TestClient:
        return self._serve(paper_trading_app(PaperSettings(database_url=self.database_url, price_update_seconds=0)))

    def arena(self) -> TestClient:
        return self._serve(arena_app(ArenaSettings(database_url=self.database_url, arena_enabled=False)))

    def _serve(self, app: Any) -> TestClient:
        return self.running.enter_context(TestClient(app, base_url="http://localhost"))


@pytest.fixture
def watched(fresh_database_url: str, nobody_answers: None) -> Iterator[Watched]:
    with ExitStack() as running:
        yield Watched(fresh_database_url, running)


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No service of another system on this machine is asked."""
    for service in topology.SERVICES:
        monkeypatch.setenv(f"{service.name.upper()}_URL", "http://127.0.0.1:9")
