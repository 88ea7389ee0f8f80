"""Sessions beside each other: one that breaks, one whose lease is late, one whose event ends under it."""

from typing import Any

import pytest

from services.arena import deciding
from services.arena.domain.reading_decisions import read_decision
from tests.arena.conftest import Doors
from tests.arena.provider import Said, decided
from tests.services import listing


def test_a_session_that_breaks_leaves_the_others_alone(
    doors: Doors, one_market: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", "BREAK " + decided("YES", 0.7, 0.8))
    hall.provider.says("test/bob", Said(decided("YES", 0.7, 0.8), seconds=1.5))

    def breaking(text: str) -> Any:
        if text.startswith("BREAK"):
            raise RuntimeError("nobody thought of this")
        return read_decision(text)

    monkeypatch.setattr(deciding, "read_decision", breaking)
    hall = doors.open("ada", "bob")

    event_id = hall.meet(one_market)
    sessions = hall.ended(event_id, 2)

    assert sessions["ada"]["failure"] == "broke"
    assert sessions["bob"]["final_position"] == "YES"
    messages = hall.get(f"/sessions/{sessions['ada']['session_id']}/messages")["messages"]
    assert messages[-1]["content"].startswith("The session failed: RuntimeError")


def test_a_lease_that_ran_out_takes_nothing_from_the_process_that_lives(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", Said(decided("YES", 0.7, 0.8), seconds=5))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.until(lambda: len(hall.provider.asked("test/ada")) == 1)

    def late() -> bool:
        hall.change("UPDATE betting_sessions SET lease_until = now() - interval '1 minute' WHERE status = 'running'")
        return bool(hall.sessions(event_id)["ada"]["status"] != "running")

    hall.until(late)

    assert hall.ended(event_id, 1)["ada"]["final_position"] == "YES"
    assert len(hall.provider.asked("test/ada")) == 1


def test_a_decision_after_the_close_is_no_forecast(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", Said(decided("YES", 0.99, 0.9), seconds=3))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.until(lambda: len(hall.provider.asked("test/ada")) == 1)

    hall.world.gamma_markets = [listing.resolved(1)]
    hall.collect()
    session = hall.ended(event_id, 1)["ada"]

    assert (session["status"], session["failure"], session["probability"]) == ("failed", "event_closed", None)
    assert hall.get("/forecasts")["forecasts"] == []
    assert session["cost"] > 0
