"""A launcher in a process of its own, with what it said."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

import requests

from shared import topology

CHECKOUT = Path(__file__).resolve().parents[2]
PORTS = (*range(8000, 8020), 8090, 8500)  # those of our services, of own strategies and of the guides
NOT_INHERITED = ("DATABASE_URL", "BIND_HOST", "COLISEUM_TOKEN", "LIVE", "PG_BIN", "CYCLE_EVERY_SECONDS")
BASES = {"first": 8000, "second": 8001, "third": 8002} | {service.name: service.port for service in topology.SERVICES}

Found = TypeVar("Found")


class Arena:
    def __init__(self, folder: Path, services: tuple[str, ...] = ("first",), **variables: str) -> None:
        self.folder = folder
        self.services = services
        self.variables = {"PORT_OFFSET": str(free_offset()), **variables}
        self.output = folder.with_name(f"{folder.name}.output")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Arena":
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        command = [sys.executable, "-m", "tests.launcher.tiny", str(self.folder.with_name("settings")), *self.services]
        environment = inherited | {"DATA_DIR": str(self.folder)} | self.variables
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, cwd=CHECKOUT, stdout=output, stderr=output, start_new_session=True
            )
        return self

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> "Arena":
        wait_for(lambda: "ready in" in self.said() or self.ended() is not None)
        assert "ready in" in self.said(), self.said()
        return self

    def ended(self) -> int | None:
        assert self.process is not None
        return self.process.poll()

    def wait_for_end(self) -> int:
        assert self.process is not None
        return self.process.wait(30)

    def tell(self, number: signal.Signals) -> None:
        assert self.process is not None
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)  # a Ctrl-C in the terminal reaches all of its processes
        else:
            self.process.send_signal(number)

    def address(self, service: str = "first") -> str:
        return f"http://127.0.0.1:{BASES[service] + int(self.variables['PORT_OFFSET'])}"

    def pid_of(self, service: str = "first") -> int:
        return int(requests.get(f"{self.address(service)}/pid", timeout=5).text)

    def postmaster(self) -> int:
        return int((self.folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        """What a failed test leaves."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def free_offset() -> int:
    random = Random()
    while True:
        offset = random.randrange(2_000, 20_000)
        if all(_is_free(port + offset) for port in PORTS):
            return offset


def wait_for(question: Callable[[], Found], seconds: float = 30.0) -> Found:
    """The answer once it is not empty."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            assert answer, "it did not come to that in time"
            return answer
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Without an init process that asks after orphans, they stay as zombies.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
