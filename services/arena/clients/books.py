"""The book of a market at the moment of a decision, as our markets service fetches it from the venue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.arena.domain.briefs import Quote
from shared.calls import Calls
from shared.errors import Problem
from shared.trading.books import Book

BOOK_REUSE_SECONDS = 5  # the sessions of one event begin together and see one book
BOOK_SECONDS = 30
LEVELS_MAX = 20  # kept with a session, for sizing it again in other ways


@dataclass(frozen=True, slots=True)
class NoQuote:
    why: str


def fresh_quote(markets: Calls, market_id: str) -> Quote | NoQuote:
    asked = {"market_ids": [market_id], "max_age_seconds": BOOK_REUSE_SECONDS}
    try:
        answer = markets.post("/markets/books", asked, seconds=BOOK_SECONDS)
    except Problem as error:
        return NoQuote(error.detail)
    for book in answer["books"]:
        if book["market_id"] == market_id:
            return _quote(book)
    reasons = [failure["reason"] for failure in answer["failures"] if failure["market_id"] == market_id]
    return NoQuote(f"the market has no book: {reasons[0] if reasons else 'it was not answered'}")


def _quote(shown: dict[str, Any]) -> Quote:
    book = Book.of(shown)
    quoted_at = book.quoted_at or datetime.fromisoformat(shown["quoted_at"])
    return Quote(
        quoted_at,
        book.best_bid("yes"),
        book.best_ask("yes"),
        tuple(book.bids[:LEVELS_MAX]),
        tuple(book.asks[:LEVELS_MAX]),
    )
