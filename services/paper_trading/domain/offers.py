"""What can be traded now: a market's fresh book with the venue's terms, as an execution sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.paper_trading.domain.holdings import ZERO, Side
from shared.trading.books import Action, Book, Ladder, without
from shared.trading.fees import UnreadableTerms, fee_terms, terms_json
from shared.trading.fill import Rules, venue_rules
from shared.trading.reasons import Outcome

BUYING = frozenset({"buy_yes", "buy_no"})
OPPOSITE: Mapping[Side, Side] = {"yes": "no", "no": "yes"}
# A purchase takes what the other side's holders would sell: both walk the same resting contracts.
_WALKED: Mapping[Action, str] = {"buy_yes": "asks", "sell_no": "asks", "buy_no": "bids", "sell_yes": "bids"}
# Who takes this walks over the orders that wait beside an order of ours.
_AGAINST: Mapping[Action, Action] = {
    "buy_yes": "sell_yes",
    "sell_yes": "buy_yes",
    "buy_no": "sell_no",
    "sell_no": "buy_no",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A market as it can be traded at this moment."""

    market_no: int
    market_id: str
    platform: str
    status: str
    accepting_orders: bool | None
    book: Book
    book_at: datetime
    rules: Rules
    fee_schedule: Mapping[str, Any]

    @property
    def open(self) -> bool:
        return self.status == "open" and self.accepting_orders is not False

    def age(self, now: datetime) -> timedelta:
        return now - self.book_at

    def ahead(self, action: Action, price: Decimal) -> Decimal:
        """Contracts that wait at this price already, on the side on which such an order would wait."""
        return sum((size for level, size in self.book.levels(_AGAINST[action]) if level == price), ZERO)


@dataclass(frozen=True, slots=True)
class NoOffer:
    """Why a market cannot be traded at this moment."""

    reason: Outcome
    detail: str


def side_of(action: str) -> Side:
    return "yes" if action.endswith("_yes") else "no"


def walked_side(action: Action) -> str:
    """Which resting contracts of the yes book an action takes: `asks` or `bids`."""
    return _WALKED[action]


def yes_price(action: str, price: Decimal) -> Decimal:
    """A price of the traded side as the yes book has it, and the other way round."""
    return price if side_of(action) == "yes" else 1 - price


def offer_of(market_no: int, answered: Mapping[str, Any], now: datetime) -> Offer | NoOffer:
    """Out of one entry of `POST /markets/books`."""
    try:
        fees = fee_terms(answered["platform"], answered["fee"], now)
        rules = venue_rules(
            answered["platform"],
            fees,
            tick_size=answered["tick_size"],
            price_bands=answered["price_bands"],
            min_size=answered["min_size"],
        )
    except UnreadableTerms as error:
        return NoOffer("unreadable_terms", str(error))
    return Offer(
        market_no=market_no,
        market_id=answered["market_id"],
        platform=answered["platform"],
        status=answered["status"],
        accepting_orders=answered["accepting_orders"],
        book=Book.of(answered),
        book_at=datetime.fromisoformat(answered["quoted_at"]),
        rules=rules,
        fee_schedule=terms_json(fees),
    )


def left_of(levels: Ladder, action: Action, taken: Mapping[Decimal, Decimal]) -> Ladder:
    """A portfolio's own copy of the book: what it took before is gone for it until the next book."""
    if not taken:
        return levels
    return without(levels, {yes_price(action, price): size for price, size in taken.items()})
