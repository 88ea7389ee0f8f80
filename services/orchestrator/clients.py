"""What the orchestrator asks of the other services: their commands, and whether they can work."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID

import requests
import structlog
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from services.orchestrator.domain.measures import measures_of
from services.orchestrator.domain.replies import (
    EXECUTION_COUNTS,
    SIGNAL_COUNTS,
    Reply,
    replies_of,
    sentence,
    sync_error,
)
from shared import topology
from shared.calls import Calls, ServiceRefused, ServiceUnreachable
from shared.errors import Conflict, NotFound, Problem
from shared.json_bytes import encoded

log = structlog.get_logger()

Answer = TypeVar("Answer")

COLLECT_SECONDS = 3_600.0  # a full sync of the real venues with their real limits
PRICES_SECONDS = 300.0
SIGNALS_SECONDS = 180.0  # the first call after a collection loads the pool of markets
EXECUTE_SECONDS = 300.0
SINGLE_SECONDS = 60.0  # of one portfolio
ARENA_SECONDS = 120.0
HEALTH_SECONDS = 2.0
READ_SECONDS = 10.0
ATTEMPTS_MAX = 4  # of a command that never arrived, over some five seconds: a service that starts again is back
POLL_SECONDS = 0.5
SAYS_BYTES_MAX = 8_000  # of what a service tells of itself beside what all tell
TOLD_BY_ALL = ("status", "service", "version", "database", "environment")


class NoController(Conflict):
    """No controller decides for portfolios of type {strategy_type}."""


class SyncFailed(Problem):
    """{said}"""

    status = 502


class Services:
    """Every service that takes part in a cycle, with its connections."""

    def __init__(self, token: str | None) -> None:
        strategies = topology.STRATEGIES
        others = (topology.EVENTS, topology.MARKETS, topology.PAPER_TRADING, topology.ARENA)
        known = {service.name: service for service in others}
        known |= {service.name: service for service in strategies.values()}
        self.calls = {name: Calls(name, topology.url_of(service), token) for name, service in known.items()}
        self.controllers = {kind: self.calls[service.name] for kind, service in strategies.items()}
        self.paper = self.calls[topology.PAPER_TRADING.name]
        self.markets = self.calls[topology.MARKETS.name]
        self.arena = self.calls[topology.ARENA.name]

    def sync(self, entity: str) -> dict[str, Any]:
        """The running sync of events or markets and the last one."""
        state = self.calls[entity].get(f"/{entity}/sync", seconds=READ_SECONDS)
        return state if isinstance(state, dict) else {}

    def collect(self, entity: str, command: str) -> dict[str, Any]:
        """A full sync. One that failed is answered 502; the row of the sync says why."""
        try:
            answer = again_where_lost(lambda: self.calls[entity].post(command, seconds=COLLECT_SECONDS))
        except ServiceRefused as error:
            last = self.sync(entity).get("last") if error.facts.get("status") == SyncFailed.status else None
            if isinstance(last, dict) and last.get("status") == "failed":
                raise SyncFailed(said=sync_error(last)) from error
            raise
        return answer if isinstance(answer, dict) else {}

    def signals(self, strategy_type: str, portfolio_ids: Sequence[int], cycle_id: UUID) -> dict[int, Reply]:
        controller = self.controllers.get(strategy_type)
        if controller is None:
            raise NoController(strategy_type=strategy_type)
        body = {"portfolio_ids": list(portfolio_ids), "cycle_id": str(cycle_id)}
        answer = controller.post(
            "/strategy/generate-signals", body, seconds=_patience_seconds(portfolio_ids, SIGNALS_SECONDS)
        )
        return replies_of(answer, portfolio_ids, SIGNAL_COUNTS)

    def execute(self, portfolio_ids: Sequence[int], cycle_id: UUID) -> dict[int, Reply]:
        body = {"portfolio_ids": list(portfolio_ids), "cycle_id": str(cycle_id)}
        seconds = _patience_seconds(portfolio_ids, EXECUTE_SECONDS)
        answer = self.paper.post("/paper-trading/execute-signals", body, seconds=seconds)
        return replies_of(answer, portfolio_ids, EXECUTION_COUNTS)

    def update_prices(self) -> Any:
        return again_where_lost(lambda: self.paper.post("/paper-trading/update-prices", seconds=PRICES_SECONDS))

    def settle(self) -> Any:
        return again_where_lost(lambda: self.paper.post("/paper-trading/settle", seconds=PRICES_SECONDS))

    def audit(self) -> Any:
        return self.paper.get("/paper-trading/audit", seconds=PRICES_SECONDS)

    def resolve_breaker(self, breaker_id: int) -> Any:
        notes = {"notes": "Resolved on the page of operations."}
        return self.paper.post(f"/paper-trading/breakers/{breaker_id}/resolve", notes, seconds=READ_SECONDS)

    def refresh_prices(self, market_ids: Sequence[str]) -> Any:
        body = {"market_ids": list(market_ids)}
        return again_where_lost(lambda: self.markets.post("/markets/refresh-prices", body, seconds=PRICES_SECONDS))

    def remind_arena(self, path: str) -> dict[str, Any]:
        """Once: what the arena did not hear now it does by itself, or is told with the next turn."""
        answer = self.arena.post(path, seconds=ARENA_SECONDS)
        return answer if isinstance(answer, dict) else {}

    def health(self, name: str) -> dict[str, Any]:
        """How one service is: `healthy`, `degraded` (it says that it cannot work) or `down`."""
        return self._health(name)[0]

    def examined(self, name: str) -> dict[str, Any]:
        """The same, and whether it takes work, what it says of itself and what it counts."""
        found, said = self._health(name)
        if found["status"] != "healthy":
            return found | {"ready": None, "says": {}, "counts": {}}
        calls = self.calls[name]
        ready, why = _readiness(calls)
        if ready is False:
            found |= {"status": "degraded", "error": why}
        says = {key: value for key, value in said.items() if key not in TOLD_BY_ALL}
        small = len(encoded(says)) <= SAYS_BYTES_MAX
        return found | {"ready": ready, "says": says if small else {}, "counts": measures_of(_metrics(calls))}

    def _health(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """And what it said."""
        calls = self.calls[name]
        began = perf_counter()
        found: dict[str, Any] = {"service": name, "address": calls.address, "version": None, "error": None}
        try:
            said = calls.get("/health", seconds=HEALTH_SECONDS)
        except ServiceRefused as error:
            told = {"status": "degraded", "latency_ms": _elapsed_ms(began), "error": sentence(error.detail)}
            return found | told, {}
        except ServiceUnreachable as error:
            why = sentence(f"cannot be reached: {error.facts.get('reason')}")
            return found | {"status": "down", "latency_ms": None, "error": why}, {}
        facts = said if isinstance(said, dict) else {}
        healthy = facts.get("status") == "ok"
        version = sentence(facts.get("version")) if facts.get("version") else None
        status = "healthy" if healthy else "degraded"
        return found | {"status": status, "latency_ms": _elapsed_ms(began), "version": version}, facts

    def close(self) -> None:
        for calls in self.calls.values():
            calls.close()


def _readiness(calls: Calls) -> tuple[bool | None, str | None]:
    """Whether it takes work, and why not. None: it does not say."""
    try:
        calls.get("/ready", seconds=HEALTH_SECONDS)
    except ServiceRefused as error:
        if error.facts.get("status") == NotFound.status:
            return None, None
        return False, sentence(error.detail)
    except ServiceUnreachable:
        return None, None
    return True, None


def _metrics(calls: Calls) -> str:
    try:
        answer = calls.session.get(f"{calls.address}/metrics", timeout=HEALTH_SECONDS)
    except requests.RequestException:
        return ""
    return answer.text if answer.ok else ""


def again_where_lost(call: Callable[[], Answer]) -> Answer:
    """Commands can be repeated; one whose service was not there, or went away under it, is."""
    for attempt in Retrying(
        stop=stop_after_attempt(ATTEMPTS_MAX),
        wait=wait_exponential(multiplier=0.5, max=4),
        retry=retry_if_exception(_was_lost),
        reraise=True,
    ):
        with attempt:
            answer = call()
    return answer


def _was_lost(error: BaseException) -> bool:
    return isinstance(error, ServiceUnreachable) and error.facts.get("reason") == "ConnectionError"


def _patience_seconds(portfolio_ids: Sequence[int], many_seconds: float) -> float:
    return many_seconds if len(portfolio_ids) > 1 else SINGLE_SECONDS


def _elapsed_ms(began_seconds: float) -> float:
    return round((perf_counter() - began_seconds) * 1_000, 1)
