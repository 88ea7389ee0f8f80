"""A whole system in processes of its own, and the command line as a process that somebody types."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from db.embedded.cluster import Cluster
from shared import topology
from tests.launcher.arena import CHECKOUT, Arena, wait_for

TOKEN = "open-sesame"
VARIABLES = {
    "SANDBOX_MARKETS": "500",
    "SANDBOX_TOKENS_A_SECOND": "0",
    "SCHEDULE_ENABLED": "false",
    "COLISEUM_TOKEN": TOKEN,
    "ARENA_HORIZON_SECONDS": "600",
}
NOT_INHERITED = ("COLUMNS", "NO_COLOR", "PORT_OFFSET", "COLISEUM_TOKEN", "TERM", "DATABASE_URL")
SECONDS = 60
START_SECONDS = 180.0


class Typed:
    """`coliseum …` that runs, and the lines it has written so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path, complaints: Path) -> None:
        self.process, self._output, self._complaints = process, output, complaints

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def complaints(self) -> str:
        return self._complaints.read_text()

    def until(self, holds: Callable[["Typed"], Any], seconds: float = SECONDS) -> "Typed":
        deadline = time.monotonic() + seconds
        while not holds(self):
            assert time.monotonic() < deadline and self.process.poll() is None, (self.output, self.complaints)
            time.sleep(0.05)
        return self

    def interrupt(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


class Shell:
    """Somebody at a prompt, who knows the address and the token unless told otherwise."""

    def __init__(self, folder: Path, offset: str) -> None:
        self.folder = folder
        self.variables = {"PORT_OFFSET": offset, "COLISEUM_TOKEN": TOKEN}
        self.started: list[Typed] = []

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        addresses = {f"{service.name.upper()}_URL" for service in topology.SERVICES}
        inherited = {name: each for name, each in os.environ.items() if name not in {*NOT_INHERITED, *addresses}}
        return inherited | self.variables | variables

    def run(self, *arguments: str, program: str = str(CHECKOUT / "coliseum"), **variables: str) -> Any:
        return subprocess.run(
            [program, *arguments],
            env=self._environment(variables),
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )

    def on_a_terminal(self, *arguments: str, **variables: str) -> str:
        """What a terminal was sent."""
        above, below = pty.openpty()
        command = [str(CHECKOUT / "coliseum"), *arguments]
        process = subprocess.Popen(
            command, env=self._environment({"TERM": "xterm"} | variables), stdin=below, stdout=below, stderr=below
        )
        os.close(below)
        sent = b""
        with suppress(OSError):  # the other end is closed
            while piece := os.read(above, 65_536):
                sent += piece
        os.close(above)
        process.wait(SECONDS)
        return sent.decode()

    def start(self, *arguments: str, **variables: str) -> Typed:
        number = len(self.started)
        output, complaints = self.folder / f"{number}.out", self.folder / f"{number}.err"
        with output.open("wb") as out, complaints.open("wb") as said:
            process = subprocess.Popen(
                [str(CHECKOUT / "coliseum"), *arguments],
                env=self._environment({"PYTHONUNBUFFERED": "1"} | variables),
                stdout=out,
                stderr=said,
            )
        self.started.append(Typed(process, output, complaints))
        return self.started[-1]


class World:
    """The running system, asked past the command line."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        url = Cluster(arena.folder / "postgres").running()
        assert url is not None
        self.database_url = url

    def address(self, service: topology.Service) -> str:
        return self.arena.address(service.name)

    def ask(self, method: str, service: topology.Service, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.request(method, self.address(service) + path, json=body, headers=headers, timeout=SECONDS)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def listening(self, service: topology.Service) -> int:
        """The process that serves it."""
        port = service.port + int(self.arena.variables["PORT_OFFSET"])
        said = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        assert self.arena.process is not None
        children = [
            int(line.split()[0]) for line in said.splitlines()[1:] if int(line.split()[1]) == self.arena.process.pid
        ]
        return next(pid for pid in children if _listens(pid, port))


def _listens(pid: int, port: int) -> bool:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}
    held = set()
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            held.add(str(descriptor.readlink()))
    return bool(inodes & held)


def _all_entered(world: World) -> bool:
    """Whether each model has its portfolio."""
    models = world.ask("GET", topology.ARENA, "/models")["models"]
    return bool(models) and all(model["portfolio_id"] for model in models if model["enabled"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    arena = Arena(tmp_path_factory.mktemp("command_line") / "data", ("all",), **VARIABLES).start()
    try:
        wait_for(lambda: "ready in" in arena.said() or arena.ended() is not None, START_SECONDS)
        world = World(arena.wait_until_ready())
        wait_for(lambda: _all_entered(world), START_SECONDS)
        yield world
    finally:
        arena.kill()
        Cluster(arena.folder / "postgres").stop()


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, world.arena.variables["PORT_OFFSET"])
    yield shell
    for each in shell.started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
