"""The arena is killed in the middle of eight sessions: nothing is asked twice, bet twice, or left hanging."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.arena.conftest import Doors, Hall
from tests.arena.provider import Said, decided

MODELS = ("ada", "bob", "cy", "dan", "eve", "fay", "gus", "hal")
LEASE_SECONDS = 40.0


@contextmanager
def arena_process(doors: Doors, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    chosen = doors.chosen(MODELS, **settings)
    environment = {**os.environ, **{name.upper(): str(value) for name, value in chosen.items()}}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.arena.arena_process", str(doors.door.fileno())],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[doors.door.fileno()],
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def entered(hall: Hall) -> bool:
    return len(hall.query("SELECT FROM ai_models WHERE portfolio_id IS NOT NULL AND enabled")) == len(MODELS)


def test_killed_in_the_middle_of_eight_sessions(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    for place, model in enumerate(MODELS):
        hall.provider.says(f"test/{model}", Said(decided("YES", 0.7, 0.2), seconds=place * 0.6))
    hall.arena = doors.address

    with arena_process(doors) as process:
        hall.until(lambda: entered(hall))
        event_id = hall.meet(one_market)
        hall.until(lambda: len(hall.provider.requests) >= len(MODELS))
        time.sleep(1.5)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with arena_process(doors):
        hall.until(lambda: not hall.query("SELECT FROM betting_sessions WHERE status IN ('pending', 'running')"), 60)
        hall.until(hall.placed)

        sessions = hall.sessions(event_id)
        verified = hall.get("/verify")
        bets = hall.get(f"/events/{event_id}/bets")["bets"]

    completed = {model for model, session in sessions.items() if session["status"] == "completed"}
    failed = {session["failure"] for session in sessions.values() if session["status"] == "failed"}
    assert len(sessions) == len(MODELS)
    assert completed and failed == {"interrupted"}
    assert [len(hall.provider.asked(f"test/{model}")) for model in MODELS] == [1] * len(MODELS)
    assert sorted(bet["model"] for bet in bets) == sorted(completed)
    assert verified["status"] == "clean", verified["disagreements"]
    assert hall.query("SELECT FROM model_calls WHERE status = 'reserved' AND session_id IS NULL") == []


def test_killed_before_it_asked_the_sessions_run_again(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.arena = doors.address
    for model in MODELS:
        hall.provider.says(f"test/{model}", decided("ABSTAIN", 0.4))

    with arena_process(doors, arena_parallel=1) as process:
        hall.until(lambda: entered(hall))
        event_id = hall.meet(one_market)
        hall.until(lambda: bool(hall.query("SELECT FROM betting_sessions")))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with arena_process(doors):
        hall.until(lambda: not hall.query("SELECT FROM betting_sessions WHERE status IN ('pending', 'running')"), 60)
        sessions = hall.sessions(event_id)

    assert {session["failure"] for session in sessions.values()} <= {None, "interrupted"}
    assert sum(session["status"] == "completed" for session in sessions.values()) >= len(MODELS) - 1
    assert max(len(hall.provider.asked(f"test/{model}")) for model in MODELS) == 1


def test_a_provider_that_fails_half_the_time_costs_some_sessions_and_nothing_else(
    doors: Doors, one_market: str
) -> None:
    hall = doors.hall
    good = Said(decided("YES", 0.7, 0.2))
    for place, model in enumerate(MODELS):
        fails = Said(status=500 if place % 2 else 402)
        hall.provider.says(f"test/{model}", fails, good) if place % 4 < 2 else hall.provider.says(f"test/{model}", good)
    hall = doors.open(*MODELS)

    event_id = hall.meet(one_market)
    sessions = hall.ended(event_id, len(MODELS))

    by_failure = {model: session["failure"] for model, session in sessions.items()}
    assert by_failure == {
        **dict.fromkeys(MODELS, None),
        "ada": "no_credit",
        "eve": "no_credit",
    }
    assert len(hall.get(f"/events/{event_id}/bets")["bets"]) == len(MODELS) - 2


def test_stopped_while_it_waits_for_a_busy_provider_the_next_process_asks_again(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.arena = doors.address
    busy = Said(status=429, headers={"Retry-After": "15"})
    for model in MODELS:
        hall.provider.says(f"test/{model}", busy, decided("ABSTAIN", 0.4))

    with arena_process(doors) as process:
        hall.until(lambda: entered(hall))
        event_id = hall.meet(one_market)
        hall.until(lambda: len(hall.provider.requests) >= len(MODELS))
        time.sleep(0.5)
        began = time.monotonic()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
        stopped_in = time.monotonic() - began
    with arena_process(doors):
        hall.until(lambda: not hall.query("SELECT FROM betting_sessions WHERE status IN ('pending', 'running')"), 60)
        sessions = hall.sessions(event_id)

    assert stopped_in < 5
    assert {session["final_position"] for session in sessions.values()} == {"ABSTAIN"}
