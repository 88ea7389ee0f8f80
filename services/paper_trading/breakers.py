"""Breakers: what stops buying is looked for, written down, and resolved when its cause is gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Connection

from services.paper_trading.domain import breaking
from services.paper_trading.domain.breaking import API_FAILURES_MAX, API_WINDOW, OpenBreaker, Trip
from services.paper_trading.storage import breakers as storage
from services.paper_trading.storage.overrides import standing_overrides
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.feed import NewEntry, append_entries, wake

log = structlog.get_logger()

MARKETS = "markets"

TRIPPED = Counter("coliseum_breakers_tripped_total", "Breakers that opened.", ["type"])
OPEN = Gauge("coliseum_breakers_open", "Breakers that are open now.", ["type"])
TYPES = ("daily_loss_limit", "api_failures", "data_stale", "manual")


class BreakerNotFound(NotFound):
    """There is no breaker {breaker_id}; GET /paper-trading/breakers lists them."""


class BreakerResolved(Conflict):
    """Breaker {breaker_id} is resolved already."""


class BreakerOpen(Conflict):
    """A breaker of this kind is open already; resolve it first, or let it stand."""


def open_breakers(connection: Connection, portfolio_id: int) -> tuple[OpenBreaker, ...]:
    """While one of these is open the portfolio buys nothing (`breaker_open`); what reduces a position goes through."""
    return storage.open_breakers(connection, portfolio_id)


def trip_and_resolve(
    database: Database, data_age_max: timedelta, now: datetime, portfolio_ids: Sequence[int] | None = None
) -> tuple[OpenBreaker, ...]:
    """Opens what has to be open and resolves what has lost its cause; answers all that are open now."""
    with database.transaction() as connection:
        settings = standing_overrides(connection, None, now)
        if "data_age_max_seconds" in settings:
            data_age_max = timedelta(seconds=int(settings["data_age_max_seconds"]))
        news = [
            *_daily_losses(connection, portfolio_ids, now),
            *_api_failures(connection, int(settings.get("api_failures_max", API_FAILURES_MAX)), now),
            *_data_stale(connection, data_age_max, now),
        ]
        append_entries(connection, news, now)
        standing = storage.all_open_breakers(connection)
    if news:
        wake(database)
    tell(standing)
    return standing


def tell(standing: Sequence[OpenBreaker]) -> None:
    for kind in TYPES:
        OPEN.labels(kind).set(sum(breaker.breaker_type == kind for breaker in standing))


def note_call(database: Database, succeeded: bool, now: datetime) -> None:
    """Of each call to the markets service for prices or books, by whoever made it."""
    with database.transaction() as connection:
        storage.note_call(connection, MARKETS, succeeded, API_WINDOW, now)


def trip_by_hand(database: Database, portfolio_id: int | None, reason: str, now: datetime) -> bytes:
    """The stored row. The portfolio is known to exist."""
    with database.transaction() as connection:
        trip = Trip(portfolio_id, "manual", reason, {})
        number = storage.write_trip(connection, trip, now)
        if number is None:
            raise BreakerOpen(portfolio_id=portfolio_id)
        append_entries(connection, [_opened(number, trip)], now)
        body = storage.breaker_json(connection, number)
    wake(database)
    assert body is not None
    return body


def resolve_by_hand(database: Database, breaker_id: int, notes: str | None, now: datetime) -> bytes:
    with database.transaction() as connection:
        resolved = storage.resolve(connection, [breaker_id], "by hand", notes, now)
        append_entries(connection, [_ended(breaker, "by hand") for breaker in resolved], now)
        body = storage.breaker_json(connection, breaker_id)
    if body is None:
        raise BreakerNotFound(breaker_id=breaker_id)
    if not resolved:
        raise BreakerResolved(breaker_id=breaker_id)
    wake(database)
    return body


def _daily_losses(connection: Connection, portfolio_ids: Sequence[int] | None, now: datetime) -> list[NewEntry]:
    today = breaking.day_start(now)
    over = _resolve(connection, storage.of_earlier_days(connection, today), "a new day has begun", now)
    trips = [breaking.daily_loss(day) for day in storage.days(connection, portfolio_ids, today, now)]
    return over + _trip(connection, [trip for trip in trips if trip], now)


def _api_failures(connection: Connection, failures_max: int, now: datetime) -> list[NewEntry]:
    failures = storage.failures_in_a_row(connection, MARKETS)
    if not failures:
        standing = storage.all_open_breakers(connection)
        ours = [breaker.breaker_id for breaker in standing if breaker.breaker_type == "api_failures"]
        return _resolve(connection, ours, "a call succeeded", now)
    trip = breaking.api_failures(failures, failures_max)
    return _trip(connection, [trip] if trip else [], now)


def _data_stale(connection: Connection, age_max: timedelta, now: datetime) -> list[NewEntry]:
    trip = breaking.data_stale(storage.collected_at(connection), age_max, now)
    platforms = tuple(trip.trigger_value["platforms"]) if trip else ()
    others = [
        breaker.breaker_id
        for breaker in storage.all_open_breakers(connection)
        if breaker.breaker_type == "data_stale" and breaker.platforms != platforms
    ]
    why = "other venues are stale now" if trip else "the data are fresh again"
    return _resolve(connection, others, why, now) + _trip(connection, [trip] if trip else [], now)


def _trip(connection: Connection, trips: Sequence[Trip], now: datetime) -> list[NewEntry]:
    numbers = [storage.write_trip(connection, trip, now) for trip in trips]
    return [_opened(number, trip) for number, trip in zip(numbers, trips, strict=True) if number is not None]


def _resolve(connection: Connection, breaker_ids: Sequence[int], action: str, now: datetime) -> list[NewEntry]:
    if not breaker_ids:
        return []
    return [_ended(breaker, action) for breaker in storage.resolve(connection, breaker_ids, action, None, now)]


def _opened(number: int, trip: Trip) -> NewEntry:
    TRIPPED.labels(trip.breaker_type).inc()
    facts = {"breaker_id": number, "breaker_type": trip.breaker_type, "reason": trip.reason}
    log.warning("breaker_tripped", portfolio_id=trip.portfolio_id, **facts)
    return NewEntry("breaker", {"event": "opened", **facts}, trip.portfolio_id)


def _ended(breaker: OpenBreaker, action: str) -> NewEntry:
    facts = {"breaker_id": breaker.breaker_id, "breaker_type": breaker.breaker_type, "reason": action}
    log.info("breaker_resolved", portfolio_id=breaker.portfolio_id, **facts)
    return NewEntry("breaker", {"event": "resolved", **facts}, breaker.portfolio_id)
