"""Books, terms and rules for the tests of trading; what does not matter is filled in."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.trading.books import Book
from shared.trading.fees import FeeTerms, KalshiFees, PolymarketFees, fee_terms
from shared.trading.fill import Rules, venue_rules

AUGUST = datetime(2026, 8, 20, 12, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 8, 12, tzinfo=UTC)

Levels = Iterable[tuple[Any, Any]]


def book(bids: Levels = (), asks: Levels = ()) -> Book:
    def shown(levels: Levels) -> list[list[Decimal]]:
        return [[Decimal(str(price)), Decimal(str(size))] for price, size in levels]

    return Book.of({"yes": {"bids": shown(bids), "asks": shown(asks)}})


def polymarket_terms(rate: str = "0.05", exponent: str = "1") -> PolymarketFees:
    return PolymarketFees(Decimal(rate), Decimal(exponent), "sports_fees_v3")


def kalshi_terms(multiplier: Any = "1", fee_type: str = "quadratic", at: datetime = OCTOBER) -> KalshiFees:
    terms = fee_terms("kalshi", {"fee_type": fee_type, "multiplier": Decimal(multiplier)}, at)
    assert isinstance(terms, KalshiFees)
    return terms


def rules(terms: FeeTerms, tick: str = "0.01", bands: Sequence[dict[str, Decimal]] | None = None) -> Rules:
    platform = "kalshi" if isinstance(terms, KalshiFees) else "polymarket"
    return venue_rules(platform, terms, tick_size=Decimal(tick), price_bands=bands)
