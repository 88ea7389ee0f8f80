"""The first collection after a start and those that follow, with their progress in the terminal."""

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TextIO

import requests

from shared import topology

POLL_SECONDS = 0.5
ANSWER_SECONDS = 3_600  # a full sync of the real venues with their real limits
BAR_WIDTH = 24
COMMANDS = {
    topology.EVENTS.name: "/events/export-all-active-events-db",
    topology.MARKETS.name: "/markets/export-all-markets-db",
}


@dataclass(frozen=True, slots=True)
class Step:
    noun: str
    command: str
    progress: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """A line that is overwritten where there is a terminal, and plain lines elsewhere."""

    out: TextIO

    def show(self, text: str) -> None:
        if self.out.isatty():
            self.out.write(f"\r\033[K{text}")
            self.out.flush()

    def say(self, text: str) -> None:
        self.out.write(f"\r\033[K{text}\n" if self.out.isatty() else f"{text}\n")
        self.out.flush()


def steps_of(addresses: Mapping[str, str]) -> list[Step]:
    """Events first: a market names its event."""
    return [
        Step(noun, addresses[noun] + command, f"{addresses[noun]}/{noun}/sync")
        for noun, command in COMMANDS.items()
        if noun in addresses
    ]


def collect_forever(addresses: Mapping[str, str], token: str | None, every_seconds: float) -> None:
    terminal = Terminal(sys.stdout)
    steps = steps_of(addresses)
    with requests.Session() as session, ThreadPoolExecutor(1) as thread:
        session.trust_env = False  # no proxy stands between us and this machine
        if token:
            session.headers["Authorization"] = f"Bearer {token}"
        while True:
            began = time.monotonic()
            for step in steps:
                terminal.say(collect(step, session, thread, terminal.show))
            time.sleep(max(1.0, every_seconds - (time.monotonic() - began)))


def collect(step: Step, session: requests.Session, thread: ThreadPoolExecutor, show: Callable[[str], None]) -> str:
    """One command and what became of it, in a line."""
    began = time.monotonic()
    command = thread.submit(session.post, step.command, timeout=(5, ANSWER_SECONDS))
    while not _done_within(command, POLL_SECONDS):
        if progress := _progress(session, step):
            show(f"{step.noun}: {progress_line(progress)}  {time.monotonic() - began:.0f} s")
    try:
        answer = command.result()
        body = answer.json()
    except (requests.RequestException, ValueError) as error:
        return f"{step.noun}: not collected: {type(error).__name__}; the next try follows."
    if "platforms" in body:  # also when every venue failed
        return f"{step.noun}: {summary_line(body)}"
    return f"{step.noun}: not collected: {body.get('detail', answer.status_code)}"


def progress_line(state: Mapping[str, Any]) -> str:
    """A bar where an earlier sync tells how much there is to see; else what has been seen."""
    running, last = state.get("running") or {}, state.get("last") or {}
    parts = []
    for platform, progress in sorted((running.get("platforms") or {}).items()):
        seen = progress.get("seen") or 0
        expected = ((last.get("platforms") or {}).get(platform) or {}).get("seen")
        filled = min(BAR_WIDTH, round(BAR_WIDTH * seen / expected)) if expected else None
        bar = "" if filled is None else f"[{'█' * filled}{'·' * (BAR_WIDTH - filled)}] "
        parts.append(f"{platform} {bar}{seen:,}")
    return "   ".join(parts) or "starting"


def summary_line(answer: Mapping[str, Any]) -> str:
    parts = [f"{answer.get('status')}"]
    for platform, did in sorted((answer.get("platforms") or {}).items()):
        if did.get("error"):
            parts.append(f"{platform} failed after {did.get('seen', 0):,}: {did['error']}")
            continue
        counts = {name: did.get(name) for name in ("new", "changed", "unchanged")}
        rejected = sum((did.get("rejected") or {}).values())
        told = ", ".join(f"{count:,} {name}" for name, count in (*counts.items(), ("rejected", rejected)) if count)
        parts.append(f"{platform} {did.get('seen', 0):,} seen ({told or 'nothing to keep'}) in {did.get('seconds')} s")
    return "; ".join(parts)


def _progress(session: requests.Session, step: Step) -> Mapping[str, Any] | None:
    try:
        state = session.get(step.progress, timeout=5).json()
    except (requests.RequestException, ValueError):
        return None
    return state if isinstance(state, dict) and state.get("running") else None


def _done_within(command: "Future[requests.Response]", seconds: float) -> bool:
    try:
        command.exception(seconds)
    except TimeoutError:
        return False
    return True
