"""What it costs to trade on a market now: the book walked by paper trading's own rules, with the venue's fees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.trading.books import Book, Outcome
from shared.trading.fees import FeeTerms, UnreadableTerms, fee_terms, model_fee
from shared.trading.fill import Fill, NoFill, Order, Rules, execution_cost, fill, venue_rules

AMOUNTS = (Decimal(100), Decimal(1_000), Decimal(10_000))  # dollars


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase of a side for an amount with fees, and its sale in the same moment."""

    amount: Decimal
    fill: Fill | None  # none: nothing can be bought, for the reason
    reason: str | None
    beyond_mid: Decimal | None  # dollars, fees included; none: there is no middle
    returned: Decimal | None  # dollars that the sale brings; none: it cannot be sold
    unsold: Decimal  # contracts that nobody bids for

    @property
    def lost(self) -> Decimal | None:
        """By going in and out again."""
        return None if self.fill is None or self.returned is None else self.fill.spent - self.returned

    @property
    def lost_share(self) -> Decimal | None:
        return self.lost / self.fill.spent if self.fill is not None and self.lost is not None else None

    @property
    def beyond_mid_share(self) -> Decimal | None:
        """Of the money, what goes beyond the middle."""
        return None if self.fill is None or self.beyond_mid is None else self.beyond_mid / self.fill.spent


@dataclass(frozen=True, slots=True)
class TradingCost:
    yes: Sequence[Bought]
    no: Sequence[Bought]

    @property
    def sides(self) -> tuple[tuple[Outcome, Sequence[Bought]], ...]:
        return ("yes", self.yes), ("no", self.no)


def rules_of(shown: Mapping[str, Any], at: datetime) -> Rules | str:
    """The rules of a market by its terms of trading, or why they cannot be read."""
    try:
        fees = fee_terms(shown["platform"], shown["fee"], at)
        return venue_rules(
            shown["platform"],
            fees,
            tick_size=shown["tick_size"],
            price_bands=shown["price_bands"],
            min_size=shown["min_size"],
        )
    except UnreadableTerms as error:
        return str(error)


def trading_cost(book: Book, rules: Rules) -> TradingCost:
    return TradingCost(
        [_bought(book, rules, "yes", amount) for amount in AMOUNTS],
        [_bought(book, rules, "no", amount) for amount in AMOUNTS],
    )


def fee_of_one(terms: FeeTerms, price: Decimal | None) -> Decimal | None:
    """What a taker pays for one contract at this price, before rounding."""
    return None if price is None else model_fee(terms, price)


def _bought(book: Book, rules: Rules, side: Outcome, amount: Decimal) -> Bought:
    lowest, highest = rules.grid.bands[0].start, rules.grid.bands[-1].end
    if side == "no":
        lowest, highest = 1 - highest, 1 - lowest
    buying, selling = ("buy_yes", "sell_yes") if side == "yes" else ("buy_no", "sell_no")
    found = fill(Order(buying, highest, amount=amount), book.levels(buying), rules)  # type: ignore[arg-type]
    if isinstance(found, NoFill):
        return Bought(amount, None, found.detail, None, None, Decimal(0))
    sold = fill(Order(selling, lowest, quantity=found.quantity), book.levels(selling), rules)  # type: ignore[arg-type]
    out = sold if isinstance(sold, Fill) else None
    return Bought(
        amount,
        found,
        None,
        execution_cost(found, buying, book.mid(side)),  # type: ignore[arg-type]
        out.received if out else None,
        found.quantity - (out.quantity if out else 0),
    )
