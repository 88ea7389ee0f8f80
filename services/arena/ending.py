"""From open to settled: prices of the events while they are open, their close, and the venue's word on them."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog

from services.arena.announcing import announce
from services.arena.resources import Resources
from services.arena.storage import events, sessions
from services.arena.storage.events import Event
from shared.errors import Problem
from shared.feed import NewEntry, append_entries, wake

log = structlog.get_logger()

REFRESH_SECONDS = 60
SPREAD_OF_A_PRICE_MAX = Decimal("0.10")


def update_prices(here: Resources) -> int:
    """How many prices of active events have moved. A market that is not answered keeps the price it had."""
    with here.database.connection() as connection:
        active = events.events_in(connection, "active")
    if not active:
        return 0
    answer = here.markets.post(
        "/markets/refresh-prices", {"market_ids": [event.market_id for event in active]}, seconds=REFRESH_SECONDS
    )
    quotes = {quote["market_id"]: quote for quote in answer["prices"]}
    moved = [
        (event, quotes[event.market_id], price)
        for event in active
        if event.market_id in quotes
        and (price := indicative_price(quotes[event.market_id])) is not None
        and price != event.current_price
    ]
    if moved:
        now = here.clock()
        with here.database.transaction() as connection:
            events.write_prices(connection, [(event.event_id, price) for event, _, price in moved], now)
            append_entries(connection, [_price_entry(*each) for each in moved], now)
        wake(here.database)
    return len(moved)


def indicative_price(quote: dict[str, Any]) -> Decimal | None:
    """The mid of a quote whose sides are close, else the last trade. Nobody trades at it."""
    bid, ask = quote.get("yes_bid"), quote.get("yes_ask")
    if bid is not None and ask is not None and ask - bid <= SPREAD_OF_A_PRICE_MAX:
        return Decimal(bid + ask) / 2
    last = quote.get("last_price")
    return None if last is None else Decimal(last)


def close_events(here: Resources) -> list[UUID]:
    """Ends the betting on what has closed; sessions that had not begun fail with that reason."""
    now = here.clock()
    with here.database.transaction() as connection:
        closed = events.close_due(connection, now)
        sessions.close_pending(connection, now)
        announce(connection, closed, now)
    if closed:
        wake(here.database)
    return [event.event_id for event in closed]


def ask_for_results(here: Resources) -> int:
    """Has the markets service ask the venues for the results of what has closed."""
    with here.database.connection() as connection:
        waiting = events.events_in(connection, "closed")
    if waiting:
        here.markets.post(
            "/markets/refresh-resolutions",
            {"market_ids": [event.market_id for event in waiting]},
            seconds=REFRESH_SECONDS,
        )
    return len(waiting)


def settle_events(here: Resources) -> list[Event]:
    """Those whose result has become final, or was corrected; the money is paper trading's business."""
    now = here.clock()
    with here.database.transaction() as connection:
        settled = [*events.settle_final(connection, now), *events.correct_settled(connection, now)]
        announce(connection, settled, now)
    if settled:
        wake(here.database)
        _have_it_paid(here)
    return settled


def _have_it_paid(here: Resources) -> None:
    """The schedule settles anyway; asked at once, the bets are paid while people look."""
    try:
        here.paper.post("/paper-trading/settle", seconds=REFRESH_SECONDS)
    except Problem as error:
        log.warning("settlement_waits", why=error.detail)


def _price_entry(event: Event, quote: dict[str, Any], price: Decimal) -> NewEntry:
    payload = {
        "event_id": event.event_id,
        "market_id": event.market_id,
        "price": price,
        "yes_bid": quote.get("yes_bid"),
        "yes_ask": quote.get("yes_ask"),
    }
    return NewEntry("price_update", payload, market_no=event.market_no)
