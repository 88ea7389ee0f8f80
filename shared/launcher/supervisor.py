"""Keeps programs running: starts them, waits until they are healthy, starts them again, stops them."""

import http.client
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from shared.launcher.errors import NotHealthy, ProgramEnded
from shared.launcher.programs import Lifeline, Program, fork

DELAY_SECONDS_MIN = 0.5
DELAY_SECONDS_MAX = 30.0
STEADY_SECONDS = 60.0  # who lived that long starts again at once
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 3.0
POLL_SECONDS = 0.05
LOG_BYTES_MAX = 20_000_000
LAST_BYTES = 4_000


@dataclass
class Child:
    program: Program
    log: Path
    pid: int | None = None
    started_at: float = 0.0
    delay: float = DELAY_SECONDS_MIN
    due_at: float | None = None  # when it starts again
    ending: str = ""

    def last_words(self) -> str:
        """The last line that is not empty; for a traceback that is the error itself."""
        with suppress(FileNotFoundError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - LAST_BYTES))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
            if lines:
                return lines[-1]
        return "nothing."


@dataclass
class Supervisor:
    logs: Path
    say: Callable[[str], None]
    close_in_children: Sequence[int] = ()
    children: list[Child] = field(default_factory=list)
    lifeline: Lifeline = field(default_factory=Lifeline)

    def start(self, programs: Iterable[Program]) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        for program in programs:
            child = Child(program, self.logs / f"{program.name}.log")
            self.children.append(child)
            self._fork(child)

    def wait_until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Whoever ends before it was healthy would only end again: that is an error, no reason to restart."""
        deadline = time.monotonic() + seconds
        waiting = [child for child in self.children if child.program.address]
        while waiting:
            for child in self._reap():
                raise ProgramEnded(
                    program=child.program.name, ending=child.ending, log=child.log, words=child.last_words()
                )
            waiting = [child for child in waiting if health_status(str(child.program.address)) != 200]
            if waiting and time.monotonic() > deadline:
                late = waiting[0]
                raise NotHealthy(
                    program=late.program.name, address=late.program.address, seconds=seconds, log=late.log
                )
            time.sleep(POLL_SECONDS)

    def run_to_end(self, program: Program) -> None:
        """For what has to succeed before others start."""
        child = Child(program, self.logs / f"{program.name}.log")
        self.logs.mkdir(parents=True, exist_ok=True)
        self._fork(child)
        self.finish(child)

    def begin(self, program: Program) -> Child:
        """A program that ends by itself; `finish` waits for it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        child = Child(program, self.logs / f"{program.name}.log")
        self.children.append(child)
        self._fork(child)
        return child

    def tick(self, now: float) -> None:
        """Looks after everybody once."""
        for child in self._reap():
            alive = now - child.started_at
            child.delay = DELAY_SECONDS_MIN if alive > STEADY_SECONDS else child.delay
            child.due_at = now + child.delay
            self.say(f"{child.program.name} {child.ending}; it starts again in {child.delay:g} s (log: {child.log})")
            child.delay = min(child.delay * 2, DELAY_SECONDS_MAX)
        for child in self.children:
            if child.due_at is not None and now >= child.due_at:
                self._fork(child)
                self.say(f"{child.program.name} started again as process {child.pid}")
            self._shorten(child.log)
