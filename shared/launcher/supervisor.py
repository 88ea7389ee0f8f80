"""Keeps programs running: starts them, waits until they are healthy, starts them again, stops them."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shared.launcher.errors import NotHealthy, ProgramEnded
from shared.launcher.health import health_of
from shared.launcher.programs import SIGNALS, Lifeline, Program, fork

DELAY_SECONDS_MIN = 0.5
DELAY_SECONDS_MAX = 30.0
STEADY_SECONDS = 60.0  # who lived that long starts again at once
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 3.0
POLL_SECONDS = 0.05
LOG_BYTES_MAX = 20_000_000
LAST_BYTES = 20_000
ERROR_LINE = re.compile(r"[\w.]*(Error|Exception)\b")
FINISHED = "ended"


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
        """The line of the log that names an error, else its last one."""
        with suppress(FileNotFoundError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - LAST_BYTES))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
            errors = [line for line in lines if ERROR_LINE.match(line)]
            return (errors or lines or ["nothing."])[-1]
        return "nothing."


@dataclass
class Supervisor:
    logs: Path
    say: Callable[[str], None]
    close_in_children: Sequence[int] = ()
    children: list[Child] = field(default_factory=list)
    lifeline: Lifeline = field(default_factory=Lifeline)

    def start(self, program: Program) -> Child:
        child = Child(program, self.logs / f"{program.name}.log")
        self.children.append(child)
        self._fork(child)
        return child

    def wait_until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Whoever ends before it was healthy would only end again: that is an error, no reason to restart."""
        deadline = time.monotonic() + seconds
        waiting = [child for child in self.children if child.program.address]
        while waiting:
            for child in self._reap():
                raise _ended(child)
            waiting = [child for child in waiting if health_of(str(child.program.address)) is None]
            if waiting and time.monotonic() > deadline:
                late = waiting[0]
                name, address = late.program.name, late.program.address
                raise NotHealthy(program=name, address=address, seconds=seconds, log=late.log)
            time.sleep(POLL_SECONDS)

    def wait_for_end(self, child: Child) -> None:
        """For a program that has to do its work and end before others start."""
        if child.pid is not None:
            _, status = os.waitpid(child.pid, 0)
            child.pid, child.ending = None, _ending(status)
        self.children.remove(child)
        if child.ending != FINISHED:
            raise _ended(child)

    def tick(self, now: float) -> None:
        """Looks after everybody once."""
        for child in self._reap():
            if not child.program.again:
                self.children.remove(child)
                if child.ending != FINISHED:
                    self.say(f"{child.program.name} {child.ending}")
                continue
            child.delay = DELAY_SECONDS_MIN if now - child.started_at > STEADY_SECONDS else child.delay
            child.due_at = now + child.delay
            self.say(f"{child.program.name} {child.ending}; it starts again in {child.delay:g} s (log: {child.log})")
            child.delay = min(child.delay * 2, DELAY_SECONDS_MAX)
        for child in self.children:
            if child.due_at is not None and now >= child.due_at:
                self._fork(child)
                self.say(f"{child.program.name} runs again as process {child.pid}")
            _shorten(child.log)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(child.pid for child in self.children) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.01)
        self._signal(signal.SIGKILL)
        while any(child.pid for child in self.children):
            self._reap()
            time.sleep(0.01)
        self.children.clear()
        self.lifeline.close()

    def _fork(self, child: Child) -> None:
        child.started_at, child.due_at = time.monotonic(), None
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # a signal must not come before we know the child's number
        try:
            child.pid = fork(child.program, child.log, self.lifeline, self.close_in_children)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _reap(self) -> list[Child]:
        ended = []
        for child in self.children:
            if child.pid is not None:
                pid, status = os.waitpid(child.pid, os.WNOHANG)
                if pid:
                    child.pid, child.ending = None, _ending(status)
                    ended.append(child)
        return ended

    def _signal(self, number: signal.Signals) -> None:
        for child in self.children:
            if child.pid is not None:
                os.kill(child.pid, number)  # not reaped yet, so the number is still this child's


def _ended(child: Child) -> ProgramEnded:
    return ProgramEnded(program=child.program.name, ending=child.ending, log=child.log, words=child.last_words())


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return FINISHED
    return f"ended with exit code {code}" if code > 0 else f"was killed by {signal.Signals(-code).name}"


def _shorten(log: Path) -> None:
    """Keeps the last part of a log that has grown too long; its writers append, so they notice nothing."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
