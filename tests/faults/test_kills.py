"""Kill -9 at any moment of a running cycle: the next one works, and nothing is lost, doubled or half done."""

import os
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

import pytest
import requests

from tests.faults.honesty import STATUSES, History, assert_honest, assert_nothing_left, assert_whole
from tests.faults.town import MORTAL, Town

LONG = os.environ.get("FAULTS") == "long"
KILLS = int(os.environ.get("FAULTS_KILLS") or (220 if LONG else 7))
SEED = int(os.environ.get("FAULTS_SEED") or 20_261_121)
VICTIMS = (*MORTAL, "postgres", "backend")
RECOVERY_SECONDS_MAX = 30.0
OUTAGES = requests.ConnectionError, requests.Timeout
NEIGHBOURS = ("update-prices", "settle", "watch-orders")  # what runs beside a cycle, by the schedule or by hand


@dataclass
class Figures:
    """What the rounds saw, for the line at the end."""

    killed: Counter[str] = field(default_factory=Counter)
    cycles: Counter[str] = field(default_factory=Counter)  # that were under way at a kill, by how they ended
    healthy: list[float] = field(default_factory=list)  # seconds from the kill until everybody is healthy
    working: list[float] = field(default_factory=list)  # and until a cycle has worked

    def told(self) -> str:
        return (
            f"{self.killed.total()} kills in {self.cycles.total()} cycles ({dict(self.cycles)}): all healthy after"
            f" {median(self.healthy):.2f} s (at most {max(self.healthy):.2f}), a whole cycle done after"
            f" {median(self.working):.2f} s (at most {max(self.working):.2f}); killed: {dict(self.killed)}"
        )


def asked_for_a_cycle(town: Town) -> str:
    """How it ended for the one who asked."""
    try:
        answer = town.post("orchestrator", "/trading/run-all-portfolios")
    except OUTAGES:
        return "cut off"
    said: dict[str, Any] = answer.json()
    if said.get("status") in STATUSES:
        assert_honest(said)
        return str(said["status"])
    assert said["detail"] and answer.status_code in (409, 503), answer.text
    return str(said["error"])


def asked_for(town: Town, command: str) -> None:
    """Whatever it meets, it says in a sentence what was in its way."""
    try:
        answer = town.post("paper_trading", f"/paper-trading/{command}")
    except OUTAGES:
        return
    assert answer.status_code in (200, 502, 503), answer.text
    assert answer.status_code == 200 or answer.json()["detail"]


def victims_of(random: Random, number: int) -> list[str]:
    """Everybody in turn, in the long form sometimes two at once."""
    first = VICTIMS[number % len(VICTIMS)] if LONG else ("paper_trading", "postgres", *MORTAL[:2], *VICTIMS)[number]
    return [first, random.choice(VICTIMS)] if LONG and random.random() < 0.3 else [first]


def strike(town: Town, random: Random, seconds: float, victims: list[str], figures: Figures) -> None:
    """A cycle, a kill at some moment of it, and the way back."""
    with ThreadPoolExecutor(2) as callers:
        asked: Future[str] = callers.submit(asked_for_a_cycle, town)
        beside = callers.submit(asked_for, town, random.choice(NEIGHBOURS))
        time.sleep(random.uniform(0, seconds))
        struck_at = time.monotonic()
        for victim in victims:
            town.kill(victim)
            figures.killed[victim] += 1
        town.wait_until_healthy()
        figures.healthy.append(time.monotonic() - struck_at)
        figures.cycles[asked.result()] += 1
        beside.result()
    _go_on(town, random)
    figures.working.append(time.monotonic() - struck_at)


def _go_on(town: Town, random: Random) -> None:
    """Now and then what was interrupted is resumed, and always the next cycle works."""
    [last] = town.get("orchestrator", "/trading/cycles", limit=1)["cycles"]
    if last["status"] in ("failed", "interrupted", "partial") and random.random() < 0.5:
        resumed = town.post("orchestrator", f"/trading/cycles/{last['cycle_id']}/resume")
        assert resumed.status_code == 200, resumed.text
        assert resumed.json()["status"] == "success", resumed.text
    town.good_cycle()


def test_whoever_is_killed_nothing_is_lost_and_the_next_cycle_works(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    random, figures = Random(SEED), Figures()
    town.cycle()
    began = time.monotonic()
    town.good_cycle()
    seconds = time.monotonic() - began

    while figures.killed.total() < KILLS:
        before = History.of(town)
        strike(town, random, seconds * 1.2, victims_of(random, figures.cycles.total()), figures)
        assert_whole(town)
        assert_nothing_left(town)
        assert before.still_stands(town), "what was written has changed"

    with capsys.disabled():
        print(f"\n{figures.told()}")  # noqa: T201
    assert max(figures.healthy) < RECOVERY_SECONDS_MAX
