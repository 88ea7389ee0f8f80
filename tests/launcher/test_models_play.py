"""`make run` from nothing: within minutes models are entered, meet events, think aloud, bet, and are paid."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from db.embedded.cluster import Cluster
from tests.launcher.arena import Arena

QUICK = {
    "SANDBOX_MARKETS": "1000",
    "CYCLE_EVERY_SECONDS": "20",
    "SANDBOX_TOKENS_A_SECOND": "0",
    "ARENA_SELECT_SECONDS": "60",
    "ARENA_HORIZON_SECONDS": "75",
    "ARENA_CLOSE_MIN_SECONDS": "20",
    "ARENA_SETTLED_MIN": "1",
}
SETTLED_SECONDS = 240.0


@pytest.fixture
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    arena = Arena(tmp_path_factory.mktemp("models") / "data", ("all",), **QUICK).start()
    yield arena.wait_until_ready()
    arena.kill()
    Cluster(arena.folder / "postgres").stop()


def get(arena: Arena, path: str, service: str = "arena") -> Any:
    answer = requests.get(arena.address(service) + path, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def until(holds: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)
    return found


def test_models_are_entered_bet_are_settled_and_stand_on_the_board(arena: Arena) -> None:
    def settled_event() -> Any:
        events = get(arena, "/events?status=settled")["events"]
        return next((event for event in events if get(arena, f"/events/{event['event_id']}/bets")["bets"]), None)

    event = until(settled_event, SETTLED_SECONDS)

    def paid() -> bool:
        return all(bet["settled"] for bet in get(arena, f"/events/{event['event_id']}/bets")["bets"])

    until(paid, 60)
    requests.post(f"{arena.address('arena')}/leaderboard/refresh", timeout=30)
    board = get(arena, "/leaderboard")["leaderboard"]
    sessions = get(arena, f"/events/{event['event_id']}/sessions")["sessions"]
    page = requests.get(arena.address("arena"), timeout=30).text

    assert len(sessions) == 9
    assert {session["status"] for session in sessions} == {"completed"}
    assert get(arena, f"/events/{event['event_id']}/summary")["summary_text"]
    assert {row["name"] for row in board} >= {"GPT-4o", "Claude 3.5", "Ensemble", "Null: cash", "Hybrid"}
    assert [row["rank"] for row in board if row["rank"]][:1] == [1]
    assert event["question"].split(" - ")[0] in page
    assert "SIMULATED" in page
    assert get(arena, "/verify")["status"] == "clean"
    assert get(arena, "/paper-trading/audit", "paper_trading")["status"] == "clean"
