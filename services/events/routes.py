"""HTTP of the events service: parse, one call, answer."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.events import examples, ingest, pages, storage
from services.events.resources import Resources
from shared.answers import json_answer, list_body, tagged_answer
from shared.commands import both
from shared.documented import answers
from shared.errors import NotFound
from shared.parameters import Amount, Cursor, Limit, Moment, Word, Words
from shared.routes import clock, resources_of
from shared.syncs import sync_state

router = APIRouter()

EVENT_ID = r"^(polymarket|kalshi):[A-Za-z0-9._-]{1,120}$"


class EventNotFound(NotFound):
    """No event with this id is stored; GET /events lists those that are."""


Here = Annotated[Resources, Depends(resources_of)]
Platform = Literal["polymarket", "kalshi"]


@both(
    router,
    "/events/export-all-active-events-db",
    responses=answers(examples.SYNC, 409, 502),
    summary="Sync all series and open events of both venues now",
)
def export_all_events(here: Here) -> Response:
    """Answers when the sync has ended: what was seen, new, changed, unchanged and rejected, by venue. `status` is
    `success`, `partial` (one venue failed; the other one is done) or `failed`."""
    answer = ingest.sync_events(here.database, here.venues, clock)
    here.data_changed()
    return json_answer(answer, 502 if answer["status"] == "failed" else 200)


@both(
    router,
    "/events/filter-trading-candidates-db",
    responses=answers({"count": 1, **examples.EVENTS}),
    summary="Which open events pass these limits, and how many",
)
def filter_candidates(
    here: Here,
    min_liquidity: Annotated[Amount, Query(description="Dollars.")] = Decimal(0),
    min_volume: Amount = Decimal(0),
    closes_within_hours: Annotated[float | None, Query(gt=0, le=87_600, allow_inf_nan=False)] = None,
    categories: Annotated[Word | None, Query(examples=["politics,crypto"])] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Answers `{"count": n, "events": […], "cursor": …}`. Removes nothing from the pool that all portfolios share. An
    event whose venue does not say how liquid it is passes no limit above 0."""
    now = clock()
    which = storage.EventFilter(
        status="open",
        min_liquidity=min_liquidity or None,
        min_volume=min_volume or None,
        closes_after=now if closes_within_hours is not None else None,
        closes_before=now + timedelta(hours=closes_within_hours) if closes_within_hours is not None else None,
        categories=[word.strip().lower() for word in categories.split(",") if word.strip()] if categories else None,
    )
    with here.database.connection() as connection:
        count = storage.count_events(connection, which)
        body, next_cursor = storage.events_page(connection, which, cursor, limit)
    return Response(list_body("events", body, next_cursor, count), media_type="application/json")


@router.get(
    "/events/sync",
    tags=["reads"],
    responses=answers({"running": None, "last": examples.SYNC}),
    summary="The running sync and the last one",
)
def read_sync(here: Here) -> Response:
    with here.database.connection() as connection:
        return json_answer(sync_state(connection, ingest.SYNCS))


@router.get(
    "/series", tags=["reads"], responses=answers(examples.ALL_SERIES), summary="Stored series, a page at a time"
)
def list_series(
    request: Request,
    here: Here,
    platform: Platform | None = None,
    category: Word | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    with here.database.connection() as connection:
        body, next_cursor = storage.series_page(connection, platform, category, cursor, limit)
    return tagged_answer(request, list_body("series", body, next_cursor))


@router.get("/events", tags=["reads"], responses=answers(examples.EVENTS), summary="Stored events, a page at a time")
def list_events(
    request: Request,
    here: Here,
    platform: Platform | None = None,
    status: Literal["open", "closed"] | None = None,
    category: Annotated[Word | None, Query(examples=["politics"])] = None,
    tag: Word | None = None,
    series_id: Word | None = None,
    text: Annotated[Words | None, Query(description="In title or subtitle.")] = None,
    min_liquidity: Amount | None = None,
    min_volume: Amount | None = None,
    closes_before: Moment | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """In the order of their ids, so that each event is met once even while syncs write."""
    which = storage.EventFilter(
        platform, status, category, tag, series_id, text, min_liquidity, min_volume, None, closes_before
    )
    with here.database.connection() as connection:
        body, next_cursor = storage.events_page(connection, which, cursor, limit)
    return tagged_answer(request, list_body("events", body, next_cursor))


@router.get(
    "/events/{event_id}",
    tags=["reads"],
    responses=answers(examples.EVENT, 404),
    summary="One event with its text and its markets",
)
def read_event(
    request: Request,
    here: Here,
    event_id: Annotated[str, Path(pattern=EVENT_ID, examples=["kalshi:KXHIGHNY-26JUL19"])],
) -> Response:
    with here.database.connection() as connection:
        body = storage.event_json(connection, event_id)
    if body is None:
        raise EventNotFound(event_id=event_id)
    return tagged_answer(request, body)


@router.get("/", include_in_schema=False)
def read_page(request: Request, here: Here) -> Response:
    return pages.events_page(request, here, request.query_params, clock())
