"""`make run` in a checkout of its own: to ready from nothing, and the second time."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Timer
from time import monotonic, sleep

from tests.bench.apps import free_port
from tests.bench.figures import Figure, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.venues import CHECKOUT

READY_SECONDS = 150.0
STOP_SECONDS = 20.0
NOT_INHERITED = (
    "DATABASE_URL",
    "BIND_HOST",
    "COLISEUM_TOKEN",
    "LIVE",
    "VIRTUAL_ENV",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
)
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".data", "bench-results", "__pycache__", ".*_cache", ".env")


class NotReady(Exception):
    """`make run` did not become ready."""


def start_figures(_: Postgres, scale: Scale) -> Iterator[Figure]:
    cold, again = "make run to ready, empty checkout, packages cached", "make run to ready, second start"
    goals = (Goal(60, unit="s"), Goal(10, unit="s"), Goal(5, unit="s"))
    if not scale.starts:
        yield Figure("start", cold, None, goal=goals[0], note="left out by --quick")
        return
    with tempfile.TemporaryDirectory(prefix="coliseum-start-") as folder:
        checkout = Path(folder) / "checkout"
        shutil.copytree(CHECKOUT, checkout, ignore=_NOT_COPIED)
        try:
            first, _stopped = _run(checkout)
            second, stopped = _run(checkout)
        except NotReady as error:
            yield Figure("start", cold, None, goal=goals[0], note=str(error))
            return
    yield Figure("start", cold, first, goal=goals[0], note="with the virtual environment and the database made")
    yield Figure("start", again, second, goal=goals[1])
    yield Figure("start", "SIGTERM to all stopped", stopped, goal=goals[2])


def _run(checkout: Path) -> tuple[float, float]:
    """Seconds to ready, and from SIGTERM to the end."""
    variables = {"PORT_OFFSET": str(free_port() % 20_000), "SCHEDULE_ENABLED": "false"}
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    began = monotonic()
    with subprocess.Popen(
        ["make", "run"], cwd=checkout, env=inherited | variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            ready_seconds = _wait_until_ready(process, began)
            told = monotonic()
            os.kill(_launcher(checkout), signal.SIGTERM)
            process.wait(STOP_SECONDS)
            return ready_seconds, monotonic() - told
        finally:
            _end(process)


def _wait_until_ready(process: "subprocess.Popen[str]", began: float) -> float:
    assert process.stdout is not None
    said: list[str] = []
    late = Timer(READY_SECONDS, _end, (process,))
    late.start()
    try:
        for line in process.stdout:
            said.append(line.strip())
            if line.startswith("ready in"):
                return monotonic() - began
    finally:
        late.cancel()
    raise NotReady(f"it ended with: {' '.join(said)[-200:] or 'nothing'}")


def _launcher(checkout: Path) -> int:
    return int(json.loads((checkout / ".data" / "run.lock").read_text())["pid"])


def _end(process: "subprocess.Popen[str]") -> None:
    """The session that we started, if any of it is left."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
            sleep(1 if process.poll() is None else 0)
