"""Selecting events: once a period by itself, and by hand: more, others, approved ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection

from services.arena.announcing import announce
from services.arena.domain.selecting import Candidate, chosen
from services.arena.resources import Resources
from services.arena.storage import events
from shared.errors import Conflict, NotFound
from shared.feed import wake

log = structlog.get_logger()

FIRST_SLOT = datetime(1970, 1, 5, tzinfo=UTC)  # periods are counted from a Monday, so that restarts do not move them


class MarketNotFound(NotFound):
    """There is no market {market_id} with a date on which it closes; GET /markets of the markets service lists them."""


class MarketNotOpen(Conflict):
    """The market {market_id} is {status}: models can only bet on open markets."""


class AlreadyAnEvent(Conflict):
    """The market {market_id} is the event {event_id} already."""


class EventNotFound(NotFound):
    """There is no event {event_id} in the arena; GET /events lists them."""


class EventUnderWay(Conflict):
    """Event {event_id} is {status} and models have begun on it, so it stays; reset nothing that was forecast."""


class NothingToChoose(Conflict):
    """No other market closes within the horizon, is quoted on both sides and undecided; collect markets first."""


def slot_of(now: datetime, every: timedelta) -> datetime:
    """The beginning of the period."""
    return FIRST_SLOT + (now - FIRST_SLOT) // every * every


def select_if_due(here: Resources) -> list[UUID] | None:
    """None: this period has its selection already, or there is nothing to choose from yet."""
    now = here.clock()
    slot = slot_of(now, timedelta(seconds=here.settings.arena_select_seconds))
    with here.database.connection() as connection:
        if events.is_selected(connection, slot):
            return None
    return select_events(here, here.settings.arena_events, slot)


def select_events(here: Resources, count: int, slot: datetime | None = None) -> list[UUID] | None:
    """With a slot at most once for that period."""
    now = here.clock()
    with here.database.transaction() as connection:
        seen = _candidates(here, connection, now)
        picked = chosen(seen, count, events.open_candidates(connection))
        if slot is not None and (
            not picked or not events.note_selection(connection, slot, len(seen), len(picked), now)
        ):
            return None
        added = _add(here, connection, picked, "selection", now)
    wake(here.database)
    log.info("events_selected", chosen=len(added), candidates=len(seen))
    return added


def add_by_hand(here: Resources, market_id: str) -> UUID:
    now = here.clock()
    with here.database.transaction() as connection:
        [added] = _add(here, connection, [_open_market(connection, market_id)], "manual", now)
    wake(here.database)
    return added


def swap(here: Resources, event_id: UUID, market_id: str | None, why: str) -> UUID:
    """Takes an event off on which nobody has begun, and puts another one in its place."""
    now = here.clock()
    with here.database.transaction() as connection:
        event = next(iter(events.events_of(connection, [event_id])), None)
        if event is None:
            raise EventNotFound(event_id=event_id)
        if not events.withdraw(connection, event_id, why, now):
            raise EventUnderWay(event_id=event_id, status=event.status)
        other = (
            _open_market(connection, market_id)
            if market_id
            else _another(_candidates(here, connection, now), events.open_candidates(connection))
        )
        [added] = _add(here, connection, [other], "swap", now)
        announce(connection, events.events_of(connection, [event_id]), now)
    wake(here.database)
    return added


def approve(here: Resources, event_ids: Sequence[UUID] | None) -> list[UUID]:
    now = here.clock()
    with here.database.transaction() as connection:
        if event_ids is not None:
            known = {event.event_id for event in events.events_of(connection, event_ids)}
            if unknown := [each for each in event_ids if each not in known]:
                raise EventNotFound(event_id=unknown[0])
        approved = events.approve(connection, event_ids, now)
        announce(connection, events.events_of(connection, approved), now)
    wake(here.database)
    return approved


def shown(here: Resources, event_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    with here.database.connection() as connection:
        return [
            {
                "event_id": event.event_id,
                "market_id": event.market_id,
                "status": event.status,
                "title": event.title,
                "question": event.question,
                "current_price": event.current_price,
                "close_time": event.close_time,
            }
            for event in events.events_of(connection, event_ids)
        ]


def _candidates(here: Resources, connection: Connection, now: datetime) -> list[Candidate]:
    settings = here.settings
    soonest = now + timedelta(seconds=settings.arena_close_min_seconds)
    return events.candidates(connection, soonest, now + timedelta(seconds=settings.arena_horizon_seconds))


def _add(
    here: Resources, connection: Connection, picked: Sequence[Candidate], origin: str, now: datetime
) -> list[UUID]:
    added = events.add_events(connection, picked, origin, approved=here.settings.arena_auto_approve, now=now)
    announce(connection, events.events_of(connection, added), now)
    return added


def _open_market(connection: Connection, market_id: str) -> Candidate:
    named = events.named_market(connection, market_id)
    if named is None:
        raise MarketNotFound(market_id=market_id)
    if named.already is not None:
        raise AlreadyAnEvent(market_id=market_id, event_id=named.already)
    if named.status != "open":
        raise MarketNotOpen(market_id=market_id, status=named.status)
    return named.candidate


def _another(seen: Sequence[Candidate], taken: Sequence[Candidate]) -> Candidate:
    picked = chosen(seen, 1, taken)
    if not picked:
        raise NothingToChoose()
    return picked[0]
