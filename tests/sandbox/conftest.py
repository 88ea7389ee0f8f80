"""A sandbox on a real socket, with a clock that tests can set."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
import uvicorn

from services.sandbox.app import build_app
from services.sandbox.settings import Settings

NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC
MARKETS = 600


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Served:
    """The address of a running sandbox and its clock."""

    url: str
    clock: Clock

    def get(self, path: str, *, expect: int = 200, **params: str | int | float | list[str]) -> requests.Response:
        answer = requests.get(self.url + path, params=params, timeout=20)
        assert answer.status_code == expect, answer.text[:300]
        return answer

    def post(self, path: str, body: object, *, expect: int = 200) -> requests.Response:
        answer = requests.post(self.url + path, json=body, timeout=20)
        assert answer.status_code == expect, answer.text[:300]
        return answer


@pytest.fixture(scope="session")
def running() -> Iterator[Served]:
    with serving(Settings(sandbox_markets=MARKETS)) as served:
        yield served


@pytest.fixture
def served(running: Served) -> Iterator[Served]:
    """At noon and without faults, whatever the test before did."""
    running.clock.now = NOON
    yield running
    requests.delete(running.url + "/sandbox/faults", timeout=20)


@pytest.fixture(scope="session")
def talking() -> Iterator[Served]:
    """A sandbox whose models say all at once."""
    with serving(Settings(sandbox_markets=MARKETS, sandbox_tokens_a_second=0)) as served:
        yield served


@pytest.fixture
def models(talking: Served) -> Iterator[Served]:
    talking.clock.now = NOON
    yield talking
    requests.delete(talking.url + "/sandbox/faults", timeout=20)


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """Runs a sandbox in a thread for the length of a block."""
    clock = Clock()
    server = uvicorn.Server(uvicorn.Config(build_app(settings, clock), log_level="error", access_log=False))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < deadline, "the sandbox did not start"
            time.sleep(0.02)
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", clock)
        server.should_exit = True
        thread.join(timeout=20)
