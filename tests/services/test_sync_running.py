"""One sync at a time: who comes second, what can be seen meanwhile, and syncs that ended without a word."""

import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from shared.database import Database
from tests.services import tables
from tests.services.listing import World, gamma, kalshi
from tests.services.test_market_sync import SYNC, synced

HOLD_SECONDS = 1.6  # longer than the second between two reports of progress


class Background:
    """One sync in a thread of its own, with its answer."""

    def __init__(self, client: TestClient, path: str) -> None:
        self.answer: Any = None
        self._thread = threading.Thread(target=self._run, args=(client, path))
        self._thread.start()

    def _run(self, client: TestClient, path: str) -> None:
        self.answer = client.post(path)

    def finished(self) -> dict[str, Any]:
        self._thread.join(30)
        body: dict[str, Any] = self.answer.json()
        return body


def wait_for(condition: Any, seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def test_a_second_sync_gets_409_with_the_running_one_while_its_progress_can_be_read(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    world.kalshi_markets = [kalshi(1)]
    world.holds["/trade-api/v2/markets", None] = HOLD_SECONDS
    first = Background(markets, SYNC)
    running = wait_for(lambda: markets.get("/markets/sync").json()["running"])

    second = markets.post(SYNC)
    by_get = markets.get(SYNC)
    seen = wait_for(lambda: markets.get("/markets/sync").json()["running"]["platforms"]["polymarket"]["seen"])

    assert second.status_code == by_get.status_code == 409
    assert second.json()["error"] == "SyncRunning"
    assert second.json()["facts"]["sync_id"] == by_get.json()["facts"]["sync_id"] == running["sync_id"]
    assert seen == 2
    ended = first.finished()
    assert (ended["sync_id"], ended["status"]) == (running["sync_id"], "success")
    state = markets.get("/markets/sync").json()
    assert state["running"] is None
    assert state["last"]["sync_id"] == running["sync_id"]
    assert state["last"]["platforms"]["polymarket"]["new"] == 2
    assert tables.count(stored, "market_syncs") == 1


def test_syncs_of_events_and_markets_do_not_wait_for_each_other(
    world: World, markets: TestClient, events: TestClient
) -> None:
    world.holds["/trade-api/v2/markets", None] = 1.0
    first = Background(markets, SYNC)
    wait_for(lambda: world.asked("/trade-api/v2/markets"))

    answer = events.post("/events/export-all-active-events-db")

    assert answer.status_code == 200
    assert markets.get("/markets/sync").json()["running"] is not None
    assert first.finished()["status"] == "success"


@pytest.mark.parametrize("table", ["market_syncs"])
def test_a_sync_that_died_is_marked_as_interrupted_by_the_next(
    markets: TestClient, stored: Database, table: str
) -> None:
    lost = left_running(stored, table)
    assert markets.get("/markets/sync").json()["running"] is None  # it has said nothing for days

    answer = synced(markets)

    by_id = {row["sync_id"]: row for row in tables.rows(stored, table)}
    assert by_id[lost]["status"] == "interrupted"
    assert by_id[lost]["finished_at"] is not None
    assert by_id[UUID(answer["sync_id"])]["status"] == "success"
    assert markets.get("/markets/sync").json()["running"] is None


def left_running(database: Database, table: str) -> UUID:
    lost = uuid4()
    started = datetime(2026, 11, 1, tzinfo=UTC)
    with database.transaction() as connection:
        connection.execute(
            text(f"INSERT INTO {table} VALUES (:id, 'running', :at, NULL, :at, '{{}}')"), {"id": lost, "at": started}
        )
    return lost


def test_before_the_first_sync_there_is_neither_a_running_nor_a_last_one(markets: TestClient) -> None:
    assert markets.get("/markets/sync").json() == {"running": None, "last": None}


def test_a_running_sync_that_says_nothing_for_fifteen_seconds_is_shown_no_longer(
    markets: TestClient, stored: Database
) -> None:
    silent = left_running(stored, "market_syncs")

    def shown(silent_seconds: int) -> Any:
        heard = text("UPDATE market_syncs SET reported_at = now() - make_interval(secs => :seconds)")
        with stored.transaction() as connection:
            connection.execute(heard, {"seconds": silent_seconds})
        return markets.get("/markets/sync").json()["running"]

    assert shown(silent_seconds=13)["sync_id"] == str(silent)
    assert shown(silent_seconds=16) is None
    assert shown(silent_seconds=0)["sync_id"] == str(silent)  # it was only slow
