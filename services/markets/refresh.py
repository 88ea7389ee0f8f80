"""Fresh prices, books, resolutions and histories of named markets, straight from their venues."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import structlog

from services.markets.endings import refresh_endings
from services.markets.storage.books import StoredMarket, fresh_books, stored_markets, write_books
from services.markets.storage.candles import write_venue_candles
from services.markets.storage.catalogue import lock_platform
from services.markets.storage.reading import books_json
from services.markets.storage.snapshots import write_quotes
from shared.database import Database
from shared.json_bytes import encoded
from shared.syncs import Clock
from shared.venues.failures import CircuitOpen, NoToken, VenueError
from shared.venues.records import Book, Period, Quote, Rejected, Trade
from shared.venues.venue import Venue

log = structlog.get_logger()

Result = TypeVar("Result")

VENUE_FAILURES = (VenueError, CircuitOpen)


@dataclass
class Failures:
    """Why a market got no answer: a word for programs, by market id."""

    reasons: dict[str, str] = field(default_factory=dict)

    def missing(self, platform: str, reasons: Mapping[str, str]) -> None:
        self.reasons.update({f"{platform}:{external_id}": reason for external_id, reason in reasons.items()})

    def rejected(self, rejections: Iterable[Rejected]) -> None:
        for rejection in rejections:
            if rejection.external_id:
                self.reasons[f"{rejection.platform}:{rejection.external_id}"] = f"unreadable ({rejection.reason})"

    def shown(self) -> list[dict[str, str]]:
        return [{"market_id": market_id, "reason": reason} for market_id, reason in sorted(self.reasons.items())]


@dataclass(frozen=True, slots=True)
class Books:
    """A JSON array of books, and why there are no more of them."""

    shown: bytes
    failures: list[dict[str, str]]
    fetched: bool  # whether the venue gave us some that we did not have

    @property
    def answer(self) -> bytes:
        return b'{"books":%s,"failures":%s}' % (self.shown, encoded(self.failures))


def refresh_prices(
    database: Database, venues: Sequence[Venue], market_ids: Sequence[str], clock: Clock
) -> dict[str, Any]:
    """The best prices of these markets now, read in batches and stored where they moved."""
    failures = Failures()

    def quotes_of(venue: Venue, stored: Sequence[StoredMarket]) -> dict[str, dict[str, Any]]:
        batch = venue.quotes([market.key for market in stored])
        received_at = clock()
        failures.missing(venue.platform, batch.missing)
        failures.rejected(batch.rejected)
        quotes = {f"{venue.platform}:{external_id}": quote for external_id, quote in batch.quotes.items()}
        with database.transaction() as connection:
            lock_platform(connection, venue.platform)
            write_quotes(connection, quotes, received_at)
        return {market_id: _quote_shown(market_id, quote, received_at) for market_id, quote in quotes.items()}

    prices = _by_venue(database, venues, market_ids, failures, quotes_of)
    return {
        "prices": [prices[market_id] for market_id in market_ids if market_id in prices],
        "failures": failures.shown(),
    }


def refresh_books(
    database: Database,
    venues: Sequence[Venue],
    market_ids: Sequence[str],
    clock: Clock,
    age_max: timedelta | None = None,
) -> Books:
    """Books of these markets, all levels: stored ones that are younger than `age_max`, all others fresh."""
    failures = Failures()

    def books_of(venue: Venue, stored: Sequence[StoredMarket]) -> dict[str, str]:
        batch = venue.books([market.key for market in stored])
        received_at = clock()
        failures.missing(venue.platform, batch.missing)
        failures.rejected(batch.rejected)
        quotes = {f"{book.platform}:{book.external_id}": top_of(book) for book in batch.records}
        with database.transaction() as connection:
            lock_platform(connection, venue.platform)
            write_books(connection, batch.records, received_at)
            write_quotes(connection, quotes, received_at)
        return dict.fromkeys(quotes, "book")

    young: set[str] = set()
    if age_max:
        with database.connection() as connection:
            young = fresh_books(connection, market_ids, age_max, clock())
    asked = [market_id for market_id in market_ids if market_id not in young]
    read = young | _by_venue(database, venues, asked, failures, books_of).keys() if asked else young
    with database.connection() as connection:
        shown = books_json(connection, [market_id for market_id in market_ids if market_id in read])
    return Books(shown, failures.shown(), fetched=len(read) > len(young))


def trades_since(
    database: Database, venues: Sequence[Venue], market_ids: Sequence[str], since: datetime
) -> dict[str, Any]:
    """Trades of these markets after a moment, oldest first."""
    failures = Failures()

    def tape_of(venue: Venue, stored: Sequence[StoredMarket]) -> dict[str, tuple[Trade, ...]]:
        batch = venue.trades_since([market.key for market in stored], since)
        failures.missing(venue.platform, batch.missing)
        return {f"{venue.platform}:{external_id}": trades for external_id, trades in batch.records.items()}

    tapes = _by_venue(database, venues, market_ids, failures, tape_of)
    found = [(trade, market_id) for market_id, trades in tapes.items() for trade in trades if trade.traded_at > since]
    found.sort(key=lambda each: each[0].traded_at)
    return {"trades": [_trade_shown(trade, market_id) for trade, market_id in found], "failures": failures.shown()}


def refresh_resolutions(
    database: Database, venues: Sequence[Venue], market_ids: Sequence[str], clock: Clock
) -> dict[str, Any]:
    """How these markets stand, by the settlement rules of their venues, with the evidence."""
    failures = Failures()

    def endings_of(venue: Venue, stored: Sequence[StoredMarket]) -> dict[str, dict[str, Any]]:
        ending = refresh_endings(database, venue, stored, clock)
        failures.missing(venue.platform, ending.missing)
        failures.rejected(ending.rejected)
        return {
            (market_id := f"{venue.platform}:{resolution.external_id}"): {
                "market_id": market_id,
                "status": resolution.status,
                "outcome": resolution.outcome,
                "payout_yes": resolution.payout_yes,
                "settled_at": resolution.settled_at,
                "source": resolution.source,
                "problem": resolution.problem,
                "changed": market_id in ending.changed,
            }
            for resolution in ending.answered
        }

    found = _by_venue(database, venues, market_ids, failures, endings_of)
    resolutions = [found[market_id] for market_id in market_ids if market_id in found]
    return {"resolutions": resolutions, "failures": failures.shown()}


def backfill_history(
    database: Database,
    venues: Sequence[Venue],
    market_ids: Sequence[str],
    period: Period,
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    """Candles of the venues' own histories."""
    failures = Failures()

    def candles_of(venue: Venue, stored: Sequence[StoredMarket]) -> dict[str, dict[str, Any]]:
        filled: dict[str, dict[str, Any]] = {}
        for market in stored:
            try:
                candles = venue.candles(market.key, period, since, until)
            except NoToken:
                failures.reasons[market.market_id] = "no_token"
                continue
            except VENUE_FAILURES as error:
                failures.reasons[market.market_id] = str(error)
                continue
            with database.transaction() as connection:
                written = write_venue_candles(connection, market.market_no, period, candles)
            filled[market.market_id] = {"market_id": market.market_id, "candles": len(candles), "written": written}
        return filled

    filled = _by_venue(database, venues, market_ids, failures, candles_of)
    return {"filled": list(filled.values()), "failures": failures.shown()}


def _by_venue(
    database: Database,
    venues: Sequence[Venue],
    market_ids: Sequence[str],
    failures: Failures,
    ask: Callable[[Venue, Sequence[StoredMarket]], dict[str, Result]],
) -> dict[str, Result]:
    """Asks the venues side by side; one that fails costs its own markets an answer, with its reason."""
    with database.connection() as connection:
        stored = stored_markets(connection, market_ids)
    known = {market.market_id for market in stored}
    failures.reasons.update({market_id: "unknown_market" for market_id in market_ids if market_id not in known})
    parts = [(venue, [market for market in stored if market.platform == venue.platform]) for venue in venues]

    def ask_one(part: tuple[Venue, list[StoredMarket]]) -> dict[str, Result]:
        venue, markets = part
        try:
            return ask(venue, markets)
        except VENUE_FAILURES as error:
            log.warning("venue_did_not_answer", platform=venue.platform, error=str(error))
            failures.reasons.update({market.market_id: f"venue_failed ({error})" for market in markets})
            return {}

    found: dict[str, Result] = {}
    with ThreadPoolExecutor(len(parts)) as threads:
        for answers in threads.map(ask_one, [part for part in parts if part[1]]):
            found.update(answers)
    return found


def top_of(book: Book) -> Quote:
    bid = book.bids[0] if book.bids else (None, None)
    ask = book.asks[0] if book.asks else (None, None)
    return Quote(bid[0], ask[0], bid[1], ask[1], book.last_price)


def _trade_shown(trade: Trade, market_id: str) -> dict[str, Any]:
    return {
        "market_id": market_id,
        "trade_id": trade.external_id,
        "price": trade.price,
        "size": trade.size,
        "taker_side": trade.taker_side,
        "traded_at": trade.traded_at,
    }


def _quote_shown(market_id: str, quote: Quote, received_at: datetime) -> dict[str, Any]:
    def other(price: Decimal | None) -> Decimal | None:
        return None if price is None else 1 - price

    return {
        "market_id": market_id,
        "yes_bid": quote.yes_bid,
        "yes_ask": quote.yes_ask,
        "no_bid": other(quote.yes_ask),
        "no_ask": other(quote.yes_bid),
        "yes_bid_size": quote.yes_bid_size,
        "yes_ask_size": quote.yes_ask_size,
        "last_price": quote.last_price,
        "quoted_at": received_at,
    }
