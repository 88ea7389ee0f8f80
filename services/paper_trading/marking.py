"""What held positions are worth now: fresh prices of their markets in batches, then few statements for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from services.paper_trading.storage import marks
from services.paper_trading.storage.marks import FreshQuote, HeldMarket, Marked
from shared.calls import Calls, ServiceRefused, ServiceUnreachable
from shared.database import Database
from shared.syncs import Clock

log = structlog.get_logger()

MARKETS_A_CALL = 5_000
CALL_SECONDS = 120
FAILURES_SHOWN = 200

POSITIONS = Counter("coliseum_positions_marked_total", "Positions whose mark changed.")
FAILURES = Counter("coliseum_price_failures_total", "Held markets that got no fresh price, by why.", ["reason"])
SECONDS = Gauge("coliseum_price_update_seconds", "How long the last price update took.")
UPDATED = Gauge("coliseum_prices_updated_timestamp_seconds", "When prices were last updated, as Unix time.")
AGE = Gauge("coliseum_price_age_seconds", "For how long a held market has been without a fresh price, at most.")

Heard = Callable[[bool, datetime], None]


@dataclass
class Prices:
    """What held markets are quoted at, and why some of them are not."""

    fresh: dict[int, FreshQuote] = field(default_factory=dict)  # by market number
    reasons: dict[str, str] = field(default_factory=dict)  # by market id
    calls: int = 0


def not_heard(_: bool, __: datetime) -> None:
    """For callers that do not count how calls went."""


def update_prices(database: Database, markets: Calls, clock: Clock, heard: Heard = not_heard) -> dict[str, Any]:
    """Marks every open position of every portfolio. `heard` is told of each call whether it brought prices."""
    began = perf_counter()
    with database.connection() as connection:
        held = marks.held_markets(connection)
    prices = fresh_prices(markets, held, clock, heard)
    now = clock()
    marked = Marked()
    if held:
        with database.transaction() as connection:
            marked = marks.write_marks(connection, held, prices.fresh, now)
    _measure(marked, prices, now, perf_counter() - began)
    return {
        "markets": len(held),
        "moved": marked.moved,
        "positions": marked.positions,
        "updated": marked.updated,
        "stale": marked.stale,
        "portfolios": marked.portfolios,
        "calls": prices.calls,
        "failed": len(prices.reasons),
        "failures": [
            {"market_id": market_id, "reason": reason}
            for market_id, reason in sorted(prices.reasons.items())[:FAILURES_SHOWN]
        ],
        "updated_at": now,
    }


def fresh_prices(markets: Calls, held: Sequence[HeldMarket], clock: Clock, heard: Heard) -> Prices:
    """Asks the markets service, which stores what moved as well. A batch that fails costs only its own markets."""
    prices = Prices()
    for start in range(0, len(held), MARKETS_A_CALL):
        batch = held[start : start + MARKETS_A_CALL]
        prices.calls += 1
        try:
            asked = {"market_ids": [market.market_id for market in batch]}
            answer = markets.post("/markets/refresh-prices", asked, seconds=CALL_SECONDS)
        except (ServiceUnreachable, ServiceRefused) as error:
            log.warning("prices_not_answered", markets=len(batch), error=error.detail)
            prices.reasons.update({market.market_id: error.name for market in batch})
            heard(False, clock())
            continue
        _take(prices, batch, answer)
        heard(bool(answer["prices"]) or not _venues_failed(answer), clock())
    return prices


def _take(prices: Prices, batch: Sequence[HeldMarket], answer: dict[str, Any]) -> None:
    got = {price["market_id"]: FreshQuote(price["yes_bid"], price["yes_ask"]) for price in answer["prices"]}
    why = {failure["market_id"]: str(failure["reason"]) for failure in answer["failures"]}
    for market in batch:
        if market.market_id in got:
            prices.fresh[market.market_no] = got[market.market_id]
        else:
            prices.reasons[market.market_id] = why.get(market.market_id, "not_answered")


def _venues_failed(answer: dict[str, Any]) -> bool:
    """A market without a book is no failure of the venue."""
    return any(failure["reason"].startswith("venue_") for failure in answer["failures"])


def _measure(marked: Marked, prices: Prices, now: datetime, seconds: float) -> None:
    POSITIONS.inc(marked.updated)
    for reason in prices.reasons.values():
        FAILURES.labels(reason.split(" ", 1)[0]).inc()
    SECONDS.set(seconds)
    if prices.fresh or not prices.reasons:
        UPDATED.set(now.timestamp())
    AGE.set(max((now - marked.silent_since).total_seconds(), 0) if marked.silent_since else 0)
    log.info(
        "prices_updated",
        markets=len(prices.fresh) + len(prices.reasons),
        moved=marked.moved,
        updated=marked.updated,
        stale=marked.stale,
        failed=len(prices.reasons),
        seconds=round(seconds, 3),
    )
