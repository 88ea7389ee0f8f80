"""The sandbox's own addresses: its page, the truth, and the faults."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

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
EXAMPLES_EACH = 3  # of each kind of planting that is at work
EXAMINED_EACH = 60  # markets among which the most wrong ones are looked for

PLANTED = {
    "trend": "The quote lags behind what is known, so it goes on moving the way it has moved.",
    "overshoot": "The quote went too far and comes back.",
    "mispriced_set": "The outcomes of one event together cost less or more than they pay.",
    "crossed_pair": "The same contract costs less on one venue than the other one pays for it.",
}
MEANING = {
    "429": "Too many requests, it says.",
    "status_500": "It answers that it is broken.",
    "status_503": "It answers that it is away.",
    "latency": "It answers late.",
    "timeout": "It does not answer in time.",
    "cut_json": "Its answer ends in the middle.",
    "html_200": "It answers a page where JSON is wanted.",
    "missing_field": "A field of its rows is missing.",
    "mistyped_field": "A field of its rows is not what it should be.",
    "duplicate_page": "It sends a page twice.",
    "reordered_page": "The rows of a page come in another order.",
    "repeated_cursor": "Its cursor leads in a circle.",
    "stale_book": "Its books are old.",
    "no_book": "It has no books.",
    "dispute": "The result of that market is disputed.",
    "void": "That market is voided.",
    "split": "That market pays half to each side.",
    "correction": "The result of that market is corrected.",
    "venue_down": "The whole venue is away.",
    "402": "It asks for more credit.",
    "refusal": "The model refuses to answer.",
    "malformed_decision": "The model's decision cannot be read.",
    "cut_stream": "The model's stream ends in the middle.",
    "stream_error": "The model's stream ends with an error.",
    "no_usage": "The provider does not say what was used.",
    "stall": "The model stops in the middle of its answer.",
}


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


def _quantum(sandbox: Sandbox) -> float:
    return float(sandbox.settings.sandbox_quote_seconds)


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
    tally = Tally(running.narrowed(page), _quantum(sandbox), sandbox.decrees)
    rows = truth.truth_rows(sandbox.identity, tally, list(range(len(page))))
    return said({"simulated": True, "markets": rows, "cursor": following})


def _named(sandbox: Sandbox, names: list[str]) -> list[dict[str, object]]:
    found = []
    for name in names[:TRUTH_MAX]:
        market = truth.market_named(sandbox.identity, name)
        if market is None:
            raise UnknownMarket(market_id=name[:120])
        found.append(market)
    tally = Tally(markets_at(sandbox.world, found, sandbox.quote_moment()), _quantum(sandbox), sandbox.decrees)
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


@router.post("/sandbox/faults/end", include_in_schema=False)
async def end_faults_from_the_page(request: Request) -> Response:
    sandbox_of(request).faults.clear()
    return RedirectResponse("/#faults", 303)


@router.get("/", summary="What this world holds", response_class=HTMLResponse)
def page(request: Request) -> Response:
    sandbox = sandbox_of(request)
    everything = _running(sandbox)
    events = everything.events
    world, now = sandbox.world, sandbox.clock()
    plantings = Plantings(events)
    planted = list(zip(plantings.kind.tolist(), plantings.running.tolist(), strict=True))
    kinds = Counter(NAMES[kind] for kind, _ in planted if kind)
    running = Counter(NAMES[kind] for kind, on in planted if on)
    soon = [int(row) for row in np.argsort(events.end, kind="stable")[:RESOLVING_SOON]]
    context = {
        "world": world,
        "polymarket_events": int((world.venue == POLYMARKET).sum()),
        "polymarket_markets": int(world.size[world.venue == POLYMARKET].sum()),
        "a_minute": round(float((60.0 / world.life).sum()), 1),
        "kinds": [(name, PLANTED[name], kinds[name], running[name]) for name in NAMES[1:]],
        "planted": sum(kinds.values()),
        "at_work": sum(running.values()),
        "examples": _examples(sandbox, everything, plantings),
        "soon": [_soon(sandbox, events, row, now) for row in soon],
        "faults": [_fault_row(fault, now) for fault in sandbox.faults.running(now)],
        "models": truth.model_rows()["models"],
        "settings": sandbox.settings,
    }
    return PAGES.answer(request, "sandbox.html", context, now=datetime.fromtimestamp(now, UTC), truth=WHOLE_WORLD)


def _examples(sandbox: Sandbox, running: Markets, plantings: Plantings) -> list[dict[str, object]]:
    """Markets whose quotes are wrong now on purpose, the most wrong of each kind: what is true of them beside it."""
    kinds, at_work = plantings.kind[running.row], plantings.running[running.row]
    found = []
    for kind in range(1, len(NAMES)):
        places = np.flatnonzero(at_work & (kinds == kind))[:EXAMINED_EACH]
        tally = Tally(running.narrowed(places), _quantum(sandbox), sandbox.decrees)
        wrong = np.abs(tally.quotes.quoted - tally.quotes.fair)
        _, firsts = np.unique(running.row[places[np.argsort(-wrong, kind="stable")]], return_index=True)
        worst = np.argsort(-wrong, kind="stable")[np.sort(firsts)][:EXAMPLES_EACH]  # one of each event
        rows = truth.truth_rows(sandbox.identity, tally, worst.tolist())
        titles = [_title(sandbox, running, int(places[place])) for place in worst]
        found += [
            {**row, "title": title, "ends": datetime.fromisoformat(row["ends_at"])}
            for row, title in zip(rows, titles, strict=True)
        ]
    return found


def _title(sandbox: Sandbox, running: Markets, place: int) -> str:
    events, row = running.events, int(running.row[place])
    return event_text(sandbox.world, EventId(int(events.slot[row]), int(events.generation[row]))).title


def _fault_row(fault: Fault, now: float) -> dict[str, object]:
    order = fault.order
    ends = fault.began + order.seconds if order.seconds is not None else None
    return {
        "kind": order.kind,
        "says": MEANING[order.kind],
        "where": order.match or order.market or order.venue or "everywhere",
        "share": order.share,
        "seen": fault.seen,
        "struck": fault.struck,
        "count": order.count,
        "since": datetime.fromtimestamp(fault.began, UTC),
        "ends": None if ends is None else datetime.fromtimestamp(ends, UTC),
    }


def _soon(sandbox: Sandbox, events: Events, row: int, now: float) -> dict[str, object]:
    event = EventId(int(events.slot[row]), int(events.generation[row]))
    return {
        "title": event_text(sandbox.world, event).title,
        "venue": "Polymarket" if int(sandbox.world.venue[event.slot]) == POLYMARKET else "Kalshi",
        "seconds": max(0, int(events.end[row] - now)),
        "markets": int(sandbox.world.size[event.slot]),
    }
