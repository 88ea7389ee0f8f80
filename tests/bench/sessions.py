"""Forty sessions against a provider that takes two seconds: how long, how dear, how soon a token is read."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from shared.topology import ARENA, ORCHESTRATOR
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.provider_process import SECONDS
from tests.bench.scale import Scale
from tests.bench.venues import CHECKOUT
from tests.bench.whole import Running, running_whole

EVENTS, MODELS = 5, 8
MARKETS = 2_000
WAIT_SECONDS = 120.0
SENT = re.compile(r"@(\d+\.\d+) ")


def session_figures(_: Postgres, scale: Scale) -> Iterator[Figure]:
    for parallel in (40, 16):
        with _provider() as address:
            variables = {
                "OPENROUTER_BASE_URL": address,
                "OPENROUTER_API_KEY": "bench",
                "ARENA_PARALLEL": str(parallel),
                "ARENA_SELECT_SECONDS": "604800",
                "ARENA_EVENTS": "1",
                "ARENA_HORIZON_SECONDS": "3600",
                "ARENA_AUTO_APPROVE": "false",
            }
            with running_whole(MARKETS, **variables) as running:
                yield from _forty(running, parallel)


def _forty(running: Running, parallel: int) -> Iterator[Figure]:
    """Events wait for approval until everything is quiet; then all of them are approved at one stroke."""
    running.post(ORCHESTRATOR.port, "/trading/run-all-portfolios")
    arena = running.url(ARENA.port)
    _until(lambda: sum(model["enabled"] for model in _get(arena, "/models")["models"]) >= MODELS)
    for model in _get(arena, "/models")["models"]:
        if model["kind"] == "ensemble":
            portfolio = {"reason": "not a model of the provider"}
            running.post(8003, f"/paper-trading/portfolios/{model['portfolio_id']}/pause", portfolio)
    have = len(_get(arena, "/admin/events/pending")["events"])
    running.post(ARENA.port, f"/admin/events/select?count={EVENTS - have}")
    waiting = [event["event_id"] for event in _get(arena, "/admin/events/pending")["events"]]
    _until(lambda: all(_get(arena, f"/events/{event_id}")["has_summary"] for event_id in waiting))
    with _reading(arena) as latencies:
        before, began = _cpu_seconds(arena), time.monotonic()
        running.post(ARENA.port, "/admin/events/approve")
        sessions = _until(lambda: _ended(arena), 1.0)  # asking costs the arena time of its own
        cpu = _cpu_seconds(arena) - before
    took = _span(sessions)
    rounds = -(-EVENTS * MODELS // parallel)
    whole = time.monotonic() - began
    note = f"{len(sessions)} sessions, from the first start to the last end; {whole:.1f} s from the approval on"
    floor = Floor(f"{rounds} × {SECONDS:.0f} s", rounds * SECONDS)
    yield Figure(
        "sessions", f"{EVENTS * MODELS} sessions, {parallel} at a time", took, floor=floor, goal=Goal(1.3), note=note
    )
    each = cpu / len(sessions) * 1_000
    yield Figure(
        "sessions",
        f"own CPU of a session, {parallel} at a time",
        each,
        "ms",
        goal=Goal(50, unit="ms"),
        note="the arena's process, reader included",
    )
    ordered = sorted(latencies)
    p99 = ordered[int(len(ordered) * 0.99)] * 1_000
    note = f"{len(ordered):,} tokens, p50 {ordered[len(ordered) // 2] * 1_000:.0f} ms"
    yield Figure(
        "sessions", f"token to reader, p99, {parallel} streams", p99, "ms", goal=Goal(150, unit="ms"), note=note
    )


@contextmanager
def _provider() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.provider_process"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


@contextmanager
def _reading(arena: str) -> Iterator[list[float]]:
    """Seconds from the provider's token to the frame at a reader of the socket."""
    latencies: list[float] = []
    socket = connect(f"ws{arena.removeprefix('http')}/ws", max_size=None)

    def read() -> None:
        try:
            for frame in socket:
                at = time.monotonic()
                message = json.loads(frame)
                if message["type"] == "message":
                    latencies.extend(at - float(sent) for sent in SENT.findall(message["content"]))
        except ConnectionClosed:
            pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield latencies
    finally:
        socket.close()
        thread.join(5)


def _ended(arena: str) -> list[dict[str, Any]] | None:
    events = _get(arena, "/events/active")["events"]
    sessions = [
        session
        for event in events
        for session in _get(arena, f"/events/{event['event_id']}/sessions")["sessions"]
        if session["model"] != "ensemble"
    ]
    done = [session for session in sessions if session["status"] in ("completed", "failed")]
    if len(done) < EVENTS * MODELS:
        return None
    if failed := [session["failure"] for session in done if session["status"] == "failed"]:
        raise RuntimeError(f"sessions failed: {failed}")
    return done


def _span(sessions: list[dict[str, Any]]) -> float:
    started = min(datetime.fromisoformat(session["started_at"]) for session in sessions)
    return (max(datetime.fromisoformat(session["completed_at"]) for session in sessions) - started).total_seconds()


def _cpu_seconds(arena: str) -> float:
    metrics = requests.get(f"{arena}/metrics", timeout=10).text
    found = re.search(r"^process_cpu_seconds_total (\S+)$", metrics, re.M)
    assert found is not None, "the arena does not tell its CPU time"
    return float(found.group(1))


def _get(address: str, path: str) -> Any:
    answer = requests.get(address + path, timeout=30)
    answer.raise_for_status()
    return answer.json()


def _until(holds: Any, pause: float = 0.1) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen in time")
        time.sleep(pause)
    return found
