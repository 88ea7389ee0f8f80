"""G21 and the price of a portfolio: every service running as `make run` starts them, over a world of real size."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from shared.topology import ORCHESTRATOR, PAPER_TRADING, SERVICES
from tests.bench.apps import free_port
from tests.bench.figures import Figure, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.start import NOT_INHERITED
from tests.bench.venues import CHECKOUT

FEW, MANY = 100, 1_100
CYCLES = 5
READY_SECONDS = 180.0
TICKS = os.sysconf("SC_CLK_TCK")
STRATEGIES = ("momentum", "mean_reversion")


@dataclass(frozen=True)
class Running:
    """All that one launcher started."""

    pid: int
    offset: int

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port + self.offset}"

    def post(self, port: int, path: str, body: Any = None) -> Any:
        answer = requests.post(self.url(port) + path, json=body, timeout=600)
        if answer.status_code >= 300:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def processes(self) -> dict[int, str]:
        """By process: its service, `postgres`, or `launcher`."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError, IndexError):
                continue
        found, waiting = {self.pid: "launcher"}, [self.pid]
        while waiting:
            parent = waiting.pop()
            for pid in [pid for pid, above in parents.items() if above == parent]:
                found[pid] = "postgres" if "postgres" in _command(pid) else "service"
                waiting.append(pid)
        for service in SERVICES:
            found[_listening(service.port + self.offset, found)] = service.name
        return found

    def cpu_seconds(self) -> float:
        """Of the services and Postgres, without the simulated world."""
        return sum(_cpu(pid) for pid, name in self.processes().items() if name != "sandbox")

    def add_portfolios(self, first: int, end: int) -> None:
        """Rule portfolios that look at everything and find nothing good enough."""
        for number in range(first, end):
            strategy_type = STRATEGIES[number % len(STRATEGIES)]
            config = {"min_z": 50, "accept_unknown_liquidity": True}
            body = {"name": f"P{number}", "strategy_type": strategy_type, "strategy_config": config}
            self.post(PAPER_TRADING.port, "/paper-trading/portfolios", body)

    def cycles(self) -> float:
        """CPU seconds of one cycle without collecting."""
        self._cycle()  # pools are loaded, connections are open
        before = self.cpu_seconds()
        for _ in range(CYCLES):
            self._cycle()
        return (self.cpu_seconds() - before) / CYCLES

    def _cycle(self) -> None:
        answer = self.post(ORCHESTRATOR.port, "/trading/run-all-portfolios", {"collect": False})
        if answer["status"] != "success":
            raise RuntimeError(f"a cycle ended as {answer['status']}")


def whole_figures(_: Postgres, scale: Scale) -> Iterator[Figure]:
    markets = scale.sandbox_markets * 3 // 4
    with running_whole(markets) as running:
        running.add_portfolios(0, FEW)
        running.post(ORCHESTRATOR.port, "/trading/run-all-portfolios")
        few = running.cycles()
        memory: dict[str, int] = {}
        for pid, name in running.processes().items():
            kind = name if name in ("sandbox", "postgres") else "services"
            memory[kind] = memory.get(kind, 0) + _pss(pid)
        if scale.sandbox_markets >= 80_000:
            running.add_portfolios(FEW, MANY)
            each = (running.cycles() - few) / (MANY - FEW)
            name = f"CPU of one more rule portfolio in a cycle over {markets:,} markets, nothing to fill"
            yield Figure(
                "portfolio", name, each * 1_000, "ms", goal=Goal(2.0, unit="ms"), note="all services, Postgres"
            )
    apart = {name: f"{memory[name] / 1e6:.0f} MB" for name in ("postgres", "sandbox")}
    note = f"PSS; Postgres {apart['postgres']} and the simulated world {apart['sandbox']} apart"
    name = f"memory of all services, {FEW} portfolios over {markets:,} markets"
    yield Figure("G21", name, float(memory["services"]), "B", goal=Goal(560e6, unit="B"), note=note)


@contextmanager
def running_whole(markets: int, **more: str) -> Iterator[Running]:
    """Everything, as `make run` starts it, with these settings besides."""
    offset = _free_offset()
    with tempfile.TemporaryDirectory(prefix="coliseum-whole-") as folder:
        variables = {
            "PORT_OFFSET": str(offset),
            "DATA_DIR": folder,
            "SANDBOX_MARKETS": str(markets),
            "SCHEDULE_ENABLED": "false",
            "PRICE_UPDATE_SECONDS": "86400",
            **more,
        }
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        with subprocess.Popen(
            [sys.executable, "-m", "shared.launcher"],
            cwd=CHECKOUT,
            env=inherited | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                running = Running(process.pid, offset)
                _wait(running)
                yield running
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def _free_offset() -> int:
    """By which every service finds its port unused, below those from which clients take theirs."""
    while True:
        offset = free_port() % 20_000
        try:
            for service in SERVICES:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", service.port + offset))
        except OSError:
            continue
        return offset


def _wait(running: Running) -> None:
    """Until the last of the services serves."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(running.url(ORCHESTRATOR.port) + "/health", timeout=10).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise RuntimeError("the services did not become ready")


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _listening(port: int, among: dict[int, str]) -> int:
    """The process that has this port open."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].split(":")[1], 16) == port:
            inodes.add(f"socket:[{fields[9]}]")
    for pid in among:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                if str(descriptor.readlink()) in inodes:
                    return pid
            except OSError:
                continue
    raise RuntimeError(f"nobody listens on {port}")


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
