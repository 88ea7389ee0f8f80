"""The steps that all portfolios share: collect events, collect markets, update prices, settle."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import structlog

from services.orchestrator.clients import COLLECT_SECONDS, POLL_SECONDS
from services.orchestrator.domain.replies import plain_counts, sync_counts
from services.orchestrator.resources import Resources
from shared.calls import ServiceRefused, ServiceUnreachable
from shared.errors import Problem

log = structlog.get_logger()

ATTEMPTS_MAX = 3  # to collect, when somebody else's sync was in the way and came to nothing
TAKEN = ("success", "partial")
COMMANDS = {"events": "/events/export-all-active-events-db", "markets": "/markets/export-all-markets-db"}


class SyncInTheWay(Problem):
    """Somebody else's sync of {entity} was waited for and came to nothing."""

    status = 502


def collect(here: Resources, entity: str) -> dict[str, Any]:
    """A sync of ours, or the end of the one that runs already. One venue that fails is noted and does not stop us."""
    for _ in range(ATTEMPTS_MAX):
        try:
            return sync_counts(here.services.collect(entity, COMMANDS[entity])) | {"awaited": False}
        except ServiceRefused as refused:
            if refused.facts.get("error") != "SyncRunning":
                raise
            facts = refused.facts.get("facts")
            sync_id = facts.get("sync_id") if isinstance(facts, dict) else None
        log.info("sync_awaited", entity=entity, sync_id=sync_id)
        ended = _end_of_sync(here, entity, sync_id)
        if ended is not None and ended.get("status") in TAKEN:
            return sync_counts(ended) | {"awaited": True}
    raise SyncInTheWay(entity=entity)


def _end_of_sync(here: Resources, entity: str, sync_id: object) -> Mapping[str, Any] | None:
    """How it ended; None where that cannot be learned."""
    deadline = monotonic() + COLLECT_SECONDS
    while monotonic() < deadline and not here.stopping.wait(POLL_SECONDS):
        try:
            state = here.services.sync(entity)
        except ServiceUnreachable:
            return None  # it went away, and its sync with it
        running, last = state.get("running"), state.get("last")
        if not isinstance(running, dict) or running.get("sync_id") != sync_id:
            return last if isinstance(last, dict) and sync_id in (None, last.get("sync_id")) else None
    return None


WORK: dict[str, Callable[[Resources], dict[str, Any]]] = {
    "collect_events": lambda here: collect(here, "events"),
    "collect_markets": lambda here: collect(here, "markets"),
    "update_prices": lambda here: plain_counts(here.services.update_prices()),
    "settle": lambda here: plain_counts(here.services.settle()),
}
