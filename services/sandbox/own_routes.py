"""The sandbox's own addresses: its page, the truth, and the faults."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from services.sandbox import cursors, truth
from services.sandbox.answers import said
from services.sandbox.domain.history import markets_at
from services.sandbox.domain.identity import EventId, opened_at
from services.sandbox.domain.moments import rfc3339
from services.sandbox.domain.occurrences import Events, Markets
from services.sandbox.domain.plantings import NAMES, Plantings
from services.sandbox.domain.tally import Tally
from services.sandbox.domain.wording import event_text
from services.sandbox.domain.world import POLYMARKET
from services.sandbox.faults import DECREES, Fault, FaultOrder
from services.sandbox.resources import Sandbox
from shared import topology
from shared.errors import Invalid, NotFound
from shared.ui.rendering import Pages
from shared.ui.truth import WHOLE_WORLD

router = APIRouter(tags=["sandbox"])
PAGES = Pages(Path(__file__).parent / "templates", topology.SANDBOX)

TRUTH_MAX = 1000
RESOLVING_SOON = 12


class UnknownMarket(NotFound):
    """There is no such market in this world."""


class UnknownKind(Invalid):
    """There is no such planting; the known ones are trend, overshoot, mispriced_set, crossed_pair and any."""


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def _running(sandbox: Sandbox) -> Markets:
    moment = sandbox.quote_moment()
    return sandbox.boards.get(("truth",), moment, lambda: truth.running_markets(sandbox.world, moment))


@router.get("/sandbox/truth", summary="True probabilities, outcomes to come and what is planted")
async def read_truth(
    request: Request,
    market_id: list[str] = Query(default=[], description="Ours, Gamma's, a condition or token id, or a ticker."),
    kind: str | None = Query(default=None, description="trend, overshoot, mispriced_set, crossed_pair or any."),
    limit: int = Query(default=100, ge=1, le=TRUTH_MAX),
    cursor: str | None = None,
) -> Response:
    sandbox = sandbox_of(request)
    if kind not in (None, "any", *NAMES[1:]):
        raise UnknownKind(kind=kind)
    if market_id:
        return said({"simulated": True, "markets": _named(sandbox, market_id), "cursor": None})
    running = _running(sandbox)
    places = np.flatnonzero(truth.planted_as(running, kind))
    after = cursors.decoded(cursor) if cursor else None
    first = int(np.searchsorted(places, after[1], side="right")) if after else 0
    page = places[first : first + limit]
    following = cursors.encoded((0.0, int(page[-1]))) if first + limit < len(places) else None
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    tally = Tally(running.narrowed(page), quantum, sandbox.decrees)
    rows = truth.truth_rows(sandbox.identity, tally, list(range(len(page))))
    return said({"simulated": True, "markets": rows, "cursor": following})


def _named(sandbox: Sandbox, names: list[str]) -> list[dict[str, object]]:
    found = []
    for name in names[:TRUTH_MAX]:
        market = truth.market_named(sandbox.identity, name)
        if market is None:
            raise UnknownMarket(market_id=name[:120])
        found.append(market)
    now = sandbox.quote_moment()
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    tally = Tally(markets_at(sandbox.world, found, now), quantum, sandbox.decrees)
    return truth.truth_rows(sandbox.identity, tally, list(range(len(found))))


@router.get("/sandbox/models", summary="Who the played models are, and what their skill is worth beside the crowd")
async def read_models() -> Response:
    return said({"simulated": True, **truth.model_rows()})


def _shown(fault: Fault) -> dict[str, object]:
    order = fault.order.model_dump(exclude_defaults=True)
    return {
        "fault_id": fault.number,
        **order,
        "seen": fault.seen,
        "struck": fault.struck,
        "since": rfc3339(fault.began),
    }


@router.get("/sandbox/faults", summary="The faults in force")
async def read_faults(request: Request) -> Response:
    sandbox = sandbox_of(request)
    return said({"faults": [_shown(fault) for fault in sandbox.faults.running(sandbox.clock())]})


@router.post("/sandbox/faults", summary="Add faults; each ends by its count or its seconds, or by DELETE")
async def add_faults(request: Request, orders: list[FaultOrder]) -> Response:
    sandbox = sandbox_of(request)
    targets = []
    for order in orders:
        target = None
        if order.kind in DECREES:
            target = truth.market_named(sandbox.identity, order.market or "")
            if target is None or opened_at(sandbox.world, target.event) > sandbox.clock():
                raise UnknownMarket(market=order.market, kind=order.kind)
        targets.append(target)
    now = sandbox.clock()
    added = [sandbox.faults.add(order, target, now) for order, target in zip(orders, targets, strict=True)]
    return said({"faults": [_shown(fault) for fault in added]}, 201)


@router.delete("/sandbox/faults", summary="End all faults")
async def end_faults(request: Request) -> Response:
    return said({"ended": sandbox_of(request).faults.clear()})


@router.get("/", summary="What this world holds", response_class=HTMLResponse)
def page(request: Request) -> Response:
    sandbox = sandbox_of(request)
    events = _running(sandbox).events
    world, now = sandbox.world, sandbox.clock()
    plantings = Plantings(events)
    planted = list(zip(plantings.kind.tolist(), plantings.running.tolist(), strict=True))
    kinds = Counter(NAMES[kind] for kind, _ in planted if kind)
    running = Counter(NAMES[kind] for kind, on in planted if on)
    soon = [int(row) for row in np.argsort(events.end, kind="stable")[:RESOLVING_SOON]]
    rows = [_soon(sandbox, events, row, now) for row in soon]
    context = {
        "world": world,
        "polymarket_events": int((world.venue == POLYMARKET).sum()),
        "polymarket_markets": int(world.size[world.venue == POLYMARKET].sum()),
        "a_minute": round(float((60.0 / world.life).sum()), 1),
        "kinds": sorted(kinds.items()),
        "running": running,
        "soon": rows,
        "faults": [_shown(fault) for fault in sandbox.faults.running(now)],
        "settings": sandbox.settings,
        "moment": rfc3339(now),
    }
    return PAGES.answer(request, "sandbox.html", context, now=datetime.fromtimestamp(now, UTC), truth=WHOLE_WORLD)


def _soon(sandbox: Sandbox, events: Events, row: int, now: float) -> dict[str, object]:
    event = EventId(int(events.slot[row]), int(events.generation[row]))
    return {
        "title": event_text(sandbox.world, event).title,
        "venue": "Polymarket" if int(sandbox.world.venue[event.slot]) == POLYMARKET else "Kalshi",
        "seconds": max(0, int(events.end[row] - now)),
        "markets": int(sandbox.world.size[event.slot]),
    }
