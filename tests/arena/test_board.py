"""The board from rows: order, ranks, intervals, null entrants, and what it says where it cannot say anything."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.arena.app import arena_app
from services.arena.resources import Settings
from shared.database import Database
from tests.arena.season import CASH, DAWN, Entrant, Season, play
from tests.services.conftest import client_of, exact

AFTER = DAWN + timedelta(days=60)
ENTRANTS = (
    Entrant("sharp", noise=0.05),
    Entrant("fair", noise=0.7),
    Entrant("dull", noise=2.0),
    Entrant("newcomer", noise=0.3, events=7),
    Entrant("always no", "baseline", None, "always_no", "always_no"),
    Entrant("cash", "baseline", None, "never", "cash"),
)


@pytest.fixture(scope="module")
def season(database: Database) -> Season:
    return play(database, ENTRANTS, 250)


@pytest.fixture(scope="module")
def arena(database_url: str, season: Season) -> Iterator[TestClient]:
    with client_of(arena_app(Settings(database_url=database_url, arena_enabled=False))) as client:
        assert client.post("/leaderboard/refresh").status_code == 200
        yield client


def board(arena: TestClient, by: str = "return") -> dict[str, dict[str, Any]]:
    answer = arena.get("/leaderboard", params={"by": by})
    assert answer.status_code == 200, answer.text
    return {row["name"]: row for row in exact(answer)["leaderboard"]}


def test_skill_puts_the_forecasters_in_the_order_of_their_true_skill(arena: TestClient) -> None:
    found = board(arena, "skill")

    assert [name for name, row in found.items() if row["rank"]] == ["sharp", "fair", "dull"]
    assert found["sharp"]["better_than_null"] is True
    assert found["dull"]["better_than_null"] is False
    assert found["sharp"]["tier"] == 1 < found["dull"]["tier"]
