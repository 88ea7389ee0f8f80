"""Apps in processes of their own, and connections that ask them as fast as they answer."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from time import monotonic, perf_counter, sleep

from tests.bench.app_process import BODY_BYTES
from tests.bench.venues import CHECKOUT

READY_SECONDS = 60.0
NOT_INHERITED = ("DATABASE_URL", "BIND_HOST", "COLISEUM_TOKEN", "PORT_OFFSET")


class AppFailed(Exception):
    """An app that was to be measured did not start or answered something else than 200."""


@dataclass(frozen=True)
class App:
    port: int
    pid: int
    start_seconds: float  # until it answered for the first time

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def connected(self) -> Iterator["Line"]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            yield Line(connection)

    def requests_per_second(self, target: str, requests: int, connections: int) -> float:
        """Each connection has one request under way at any time."""
        request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        sockets = [socket.create_connection(("127.0.0.1", self.port), 10) for _ in range(connections)]
        for each in sockets:
            each.sendall(request)
            _read_answer(each)
        began = perf_counter()
        rounds = requests // connections
        for each in sockets:
            each.sendall(request)
        for turn in range(rounds):
            for each in sockets:
                _read_answer(each)
                if turn + 1 < rounds:
                    each.sendall(request)
        passed = perf_counter() - began
        for each in sockets:
            each.close()
        return rounds * connections / passed


@dataclass(frozen=True)
class Line:
    """One connection, kept open."""

    connection: http.client.HTTPConnection

    def get(self, target: str) -> bytes:
        self.connection.request("GET", target)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise AppFailed(f"{target}: {response.status} {body[:200]!r}")
        return body

    def seconds(self, target: str, requests: int) -> float:
        """A request, on average. Each has a query of its own, so that nothing can be answered from prepared bytes."""
        began = perf_counter()
        for number in range(requests):
            self.get(f"{target}&bench={began}-{number}")
        return (perf_counter() - began) / requests


def _read_answer(connection: socket.socket) -> None:
    received = connection.recv(262_144)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise AppFailed(head[:200])
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(connection.recv(min(missing, 262_144)))


@contextmanager
def running_app(application: str, variables: Mapping[str, str], ready_at: str = "/health") -> Iterator[App]:
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    command = [sys.executable, "-m", "tests.bench.app_process", application, str(port)]
    began = monotonic()
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=inherited | dict(variables), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        try:
            _wait_for(port, ready_at, process)
            yield App(port, process.pid, monotonic() - began)
        finally:
            process.stdin.close()
            process.wait(10)


def running_bare_app(body_bytes: int) -> AbstractContextManager[App]:
    """The floor of a hot list: as many prebuilt bytes, and nothing around them."""
    return running_app("tests.bench.app_process:bare_app", {BODY_BYTES: str(body_bytes)}, "/")


def _wait_for(port: int, target: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = monotonic() + READY_SECONDS
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                Line(connection).get(target)
                return
        except OSError as error:
            if process.poll() is not None or monotonic() > deadline:
                raise AppFailed(f"{target} on port {port}: {error}") from error
        sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
