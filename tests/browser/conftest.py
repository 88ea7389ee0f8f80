"""A whole arena that runs as `make run` starts it, and a real browser to look at it with."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from db.embedded.cluster import Cluster
from shared.database import Database
from tests.browser.looking import Looking
from tests.launcher.arena import CHECKOUT, Arena

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Everything of `make run`, only quicker: within a minute or so models have bet and were paid.
QUICK = {
    "SANDBOX_MARKETS": "1500",
    "CYCLE_EVERY_SECONDS": "15",
    "SANDBOX_TOKENS_A_SECOND": "60",
    "ARENA_SELECT_SECONDS": "60",
    "ARENA_HORIZON_SECONDS": "75",
    "ARENA_CLOSE_MIN_SECONDS": "20",
    "ARENA_SETTLED_MIN": "2",
}
TOGETHER = pytest.mark.xdist_group("browser")  # all look at the same arena, so one worker runs them
QUIET = {"SANDBOX_MARKETS": "300", "SCHEDULE_ENABLED": "false"}
READY_SECONDS = 240.0


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def looking(browser: Browser) -> Iterator[Looking]:
    looking = Looking(browser)
    yield looking
    looking.close()


@pytest.fixture(scope="package")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """In which there is something to see: bets that were settled, decisions, sessions, cycles."""
    arena = Arena(tmp_path_factory.mktemp("seen") / "data", ("all",), **QUICK).start()
    try:
        arena.wait_until_ready()
        until(lambda: said(arena, "arena", "/events?status=settled&limit=3")["events"], READY_SECONDS)
        until(lambda: said(arena, "paper_trading", "/paper-trading/settlements?limit=3")["settlements"], READY_SECONDS)
        yield arena
    finally:
        stop(arena)


@pytest.fixture(scope="package")
def quiet_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """In which nothing has happened and nothing happens by itself."""
    arena = Arena(tmp_path_factory.mktemp("quiet") / "data", ("all",), **QUIET).start()
    try:
        arena.wait_until_ready()
        yield arena
    finally:
        stop(arena)


def database_of(arena: Arena) -> Database:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "db.embedded", "url"]
    url = subprocess.check_output(command, env=environment | {"DATA_DIR": str(arena.folder)}, cwd=CHECKOUT, text=True)
    return Database(url.strip())


def stop(arena: Arena) -> None:
    arena.kill()
    Cluster(arena.folder / "postgres").stop()


def said(arena: Arena, service: str, path: str) -> Any:
    answer = requests.get(arena.address(service) + path, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def until(holds: Callable[[], Any], seconds: float, wait: Callable[[float], None] | None = None) -> Any:
    """What it comes to. `wait` is a page's own way of waiting (milliseconds), in which its events arrive."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not happen in time"
        if wait is None:
            time.sleep(0.5)
        else:
            wait(100)
    return found
