"""The reading addresses of the arena at noon, and how tests ask them."""

import os
from typing import Any

from fastapi.testclient import TestClient

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

from services.arena.resources import Resources, Settings
from services.arena.routes import events, registry, sessions
from shared.application import create_app
from shared.commands import together
from tests.paper_trading.ledger import NOON
from tests.services.conftest import client_of, exact


def reader_of(url: str) -> TestClient:
    """The reading addresses of the arena, at noon."""
    router = together(events.router, registry.router, sessions.router)
    app = create_app(
        "arena",
        router,
        Settings(database_url=url),
        resources=lambda settings, database: Resources(settings, database, lambda: NOON),
    )
    return client_of(app)


def get(reader: TestClient, path: str, expect: int = 200, **params: Any) -> Any:
    answer = reader.get(path, params=params)
    assert answer.status_code == expect, answer.text
    return exact(answer)


def everything(reader: TestClient, path: str, plural: str, limit: int, **params: Any) -> list[Any]:
    """All pages of a list."""
    found, cursor = [], None
    while True:
        page = get(reader, path, limit=limit, **params, **({"cursor": cursor} if cursor else {}))
        assert len(page[plural]) <= limit
        found += page[plural]
        cursor = page["cursor"]
        if cursor is None:
            return found
