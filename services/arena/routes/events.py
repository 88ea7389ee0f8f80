"""Events of the arena over HTTP: what they are about, what was found, said and staked, and how they ended."""

from datetime import UTC, date, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection

from services.arena import examples
from services.arena.resources import Resources
from services.arena.storage import reading_bets, reading_events, reading_sessions
from services.arena.storage.reading_events import EventFilter
from shared.answers import list_body, tagged_answer
from shared.documented import answers
from shared.errors import Invalid, NotFound
from shared.parameters import Cursor, Limit, Moment, Word
from shared.routes import resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
Status = Literal["pending", "approved", "active", "closed", "settled", "withdrawn"]
Period = Annotated[
    Literal["0", "1", "60", "1440"], Query(description="Minutes of a candle; 0: quotes as they changed, unrolled.")
]

POINTS_MAX = 5_000
HISTORY_DEFAULT = {0: timedelta(hours=6), 1: timedelta(hours=6), 60: timedelta(days=7), 1440: timedelta(days=365)}


class EventNotFound(NotFound):
    """The arena has no event with this id; GET /events lists those it has."""


class NoSummary(NotFound):
    """There is no summary of this event yet: one is made after its approval, before the models see it."""


class BadPeriod(Invalid):
    """The history must start before it ends."""


@router.get(
    "/events",
    tags=["reads"],
    responses=answers({"events": [examples.EVENT], "cursor": None}),
    summary="Events of the arena, newest first",
)
def list_events(
    request: Request,
    here: Here,
    status: Status | None = None,
    date: Annotated[date | None, Query(description="The day for which they were selected.")] = None,
    category: Word | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    return _events(request, here, EventFilter(status, date, category), cursor, limit)


@router.get(
    "/events/active",
    tags=["reads"],
    responses=answers({"events": [examples.EVENT], "cursor": None}),
    summary="Events on which models decide now",
)
def list_active_events(request: Request, here: Here, limit: Limit = 100, cursor: Cursor = None) -> Response:
    return _events(request, here, EventFilter("active"), cursor, limit)


@router.get(
    "/events/{event_id}",
    tags=["reads"],
    responses=answers(examples.EVENT_IN_FULL, 404),
    summary="One event with its market's quote, its sessions by status, and its settlement",
)
def read_event(request: Request, here: Here, event_id: UUID) -> Response:
    with here.database.connection() as connection:
        body = reading_events.event_json(connection, event_id, here.clock())
    if body is None:
        raise EventNotFound(event_id=str(event_id))
    return tagged_answer(request, body)


@router.get(
    "/events/{event_id}/summary",
    tags=["reads"],
    responses=answers(examples.SUMMARY, 404),
    summary="What all models were told of the event, with sources",
)
def read_summary(request: Request, here: Here, event_id: UUID) -> Response:
    """Sources that were refused stand in `sources_refused`, each with the reason."""
    with here.database.connection() as connection:
        body = reading_events.summary_json(connection, event_id)
        if body is None:
            _ask_for(connection, event_id)
            raise NoSummary(event_id=str(event_id))
    return tagged_answer(request, body)


@router.get(
    "/events/{event_id}/bets",
    tags=["reads"],
    responses=answers({"bets": [examples.BET], "cursor": None}, 404),
    summary="Bets of the models on the event, newest first",
)
def list_event_bets(
    request: Request, here: Here, event_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """`amount` is everything that was paid, fee included; `pnl` is null while the bet is held."""
    with here.database.connection() as connection:
        _ask_for(connection, event_id)
        body, after = reading_bets.event_bets_page(connection, event_id, cursor, limit)
    return tagged_answer(request, list_body("bets", body, after))


@router.get(
    "/events/{event_id}/sessions",
    tags=["reads"],
    responses=answers({"sessions": [examples.SESSION], "cursor": None}, 404),
    summary="Sessions of the models on the event, newest first",
)
def list_event_sessions(
    request: Request, here: Here, event_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    with here.database.connection() as connection:
        _ask_for(connection, event_id)
        body, after = reading_sessions.event_sessions_page(connection, event_id, cursor, limit)
    return tagged_answer(request, list_body("sessions", body, after))


@router.get(
    "/events/{event_id}/price-history",
    tags=["reads"],
    responses=answers(examples.HISTORY, 404),
    summary="Candles of the event's market, or its quotes",
)
def read_history(
    request: Request,
    here: Here,
    event_id: UUID,
    period: Period = "60",
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> Response:
    """Open, high, low and close of the middle between bid and ask of YES; no candle where one of them was missing. The
    last candle may still be open. With `period=0` the answer has `snapshots` instead of `candles`."""
    minutes = int(period)
    end = (until or here.clock()).astimezone(UTC)
    start = (since or end - HISTORY_DEFAULT[minutes]).astimezone(UTC)
    if start >= end:
        raise BadPeriod(since=start, until=end)
    with here.database.connection() as connection:
        market_id = _ask_for(connection, event_id)
        if minutes:
            found = reading_events.candles_json(connection, event_id, minutes, start, end, POINTS_MAX)
        else:
            found = reading_events.snapshots_json(connection, event_id, start, end, POINTS_MAX)
    plural = b"candles" if minutes else b"snapshots"
    facts = (str(event_id).encode(), market_id.encode(), minutes, plural, found)
    return tagged_answer(request, b'{"event_id":"%s","market_id":"%s","period":%d,"%s":%s}' % facts)


def _events(request: Request, here: Resources, which: EventFilter, cursor: str | None, limit: int) -> Response:
    with here.database.connection() as connection:
        body, after = reading_events.events_page(connection, which, here.clock(), cursor, limit)
    return tagged_answer(request, list_body("events", body, after))


def _ask_for(connection: Connection, event_id: UUID) -> str:
    """The market of the event, which must be there."""
    market_id = reading_events.market_of(connection, event_id)
    if market_id is None:
        raise EventNotFound(event_id=str(event_id))
    return market_id
