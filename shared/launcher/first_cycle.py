"""The first trading cycle after a start, with its progress in the terminal."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

from shared import topology
from shared.calls import Calls, ServiceRefused, ServiceUnreachable
from shared.errors import Problem

POLL_SECONDS = 0.5
AWAY_SECONDS_MAX = 60.0  # so long an orchestrator that was killed is waited for
BAR_WIDTH = 24
CYCLE = "/trading/cycles"
COLLECTING = {"collect_events": topology.EVENTS.name, "collect_markets": topology.MARKETS.name}


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


def show_first_cycle(addresses: Mapping[str, str], token: str | None, out: TextIO | None = None) -> None:
    """Begins it, or takes up the one that the schedule has begun, and tells of it until it has ended."""
    terminal = Terminal(out or sys.stdout)
    names = [topology.ORCHESTRATOR.name, *(name for name in COLLECTING.values() if name in addresses)]
    calls = {name: Calls(name, addresses[name], token) for name in names}
    try:
        cycle_id = _patiently(lambda: _begin(calls[topology.ORCHESTRATOR.name]))
        ended = _follow(cycle_id, calls, terminal)
        terminal.say(f"{cycle_line(ended)} The next one follows by itself.")
        if ended["progress"]["portfolios_failed"]:
            terminal.say(f"Which ones failed and why: {addresses[topology.ORCHESTRATOR.name]}/operations#cycle")
    except Problem as problem:
        terminal.say(f"first cycle: {problem.detail}")
    finally:
        for each in calls.values():
            each.close()


def _begin(orchestrator: Calls) -> str:
    try:
        answer = orchestrator.post("/trading/run-all-portfolios", params={"wait": "false"})
    except ServiceRefused as refusal:
        facts = refusal.facts.get("facts") or {}
        if refusal.facts.get("error") == "CycleRunning" and facts.get("cycle_id"):
            return str(facts["cycle_id"])
        raise
    return str(answer["cycle_id"])


def _follow(cycle_id: str, calls: Mapping[str, Calls], terminal: Terminal) -> Mapping[str, Any]:
    began = time.monotonic()
    told: set[str] = set()
    while True:
        cycle: Mapping[str, Any] = _patiently(lambda: calls[topology.ORCHESTRATOR.name].get(f"{CYCLE}/{cycle_id}"))
        collected = [step["step"] for step in cycle["steps"] if step["status"] != "running"]
        for step, noun in COLLECTING.items():
            if step in collected and step not in told and noun in calls:
                told.add(step)
                terminal.say(f"{noun}: {summary_line(_sync(calls[noun], noun).get('last') or {})}")
        if cycle["status"] != "running":
            return cycle
        terminal.show(f"{_step_line(cycle, calls)}  {time.monotonic() - began:.0f} s")
        time.sleep(POLL_SECONDS)


def _patiently(ask: Callable[[], Any]) -> Any:
    """Services that are killed come back."""
    deadline = time.monotonic() + AWAY_SECONDS_MAX
    while True:
        try:
            return ask()
        except Problem as problem:
            away = isinstance(problem, ServiceUnreachable) or problem.facts.get("status") in (409, 500, 503)
            if not away or time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def _sync(calls: Calls, noun: str) -> Mapping[str, Any]:
    try:
        state: Mapping[str, Any] = calls.get(f"/{noun}/sync")
    except Problem:
        return {}
    return state


def _step_line(cycle: Mapping[str, Any], calls: Mapping[str, Calls]) -> str:
    step: str = cycle["progress"]["step"] or "beginning"
    noun = COLLECTING.get(step)
    if noun is not None and noun in calls:
        state = _sync(calls[noun], noun)
        return f"{noun}: {progress_line(state) if state.get('running') else 'starting'}"
    done, portfolios = cycle["progress"]["portfolios_done"] or 0, cycle["progress"]["portfolios"]
    return f"cycle: {step}, {done} of {portfolios} portfolios, {_counts(cycle)}"


def cycle_line(cycle: Mapping[str, Any]) -> str:
    """What became of a cycle, in a line."""
    seconds = _seconds(cycle)
    took = "" if seconds is None else f" in {seconds:.1f} s"
    done, failed = cycle["progress"]["portfolios_done"] or 0, cycle["progress"]["portfolios_failed"] or 0
    portfolios = f"{done} portfolios" + (f", {failed} more failed" if failed else "")
    stopped = f" at {cycle['failed_step']}: {cycle['error']}" if cycle["failed_step"] else ""
    return f"cycle: {cycle['status']}{stopped}; {portfolios}, {_counts(cycle)}{took}."


def _counts(cycle: Mapping[str, Any]) -> str:
    return f"{cycle['signals_generated'] or 0} signals, {cycle['trades_executed'] or 0} trades"


def _seconds(cycle: Mapping[str, Any]) -> float | None:
    if not cycle.get("finished_at"):
        return None
    started, finished = (datetime.fromisoformat(cycle[name]) for name in ("started_at", "finished_at"))
    return (finished - started).total_seconds()


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
