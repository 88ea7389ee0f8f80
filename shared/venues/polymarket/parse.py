"""Everything Polymarket's answers are read with; the nouns have their own modules."""

from shared.venues.polymarket.parse_books import (
    candles_of,
    parse_book,
    parse_fee,
    parse_points,
    parse_trade,
    quote_of,
    windows,
)
from shared.venues.polymarket.parse_events import parse_event, parse_events, parse_series, parse_tag
from shared.venues.polymarket.parse_markets import parse_market, parse_markets
from shared.venues.polymarket.settlement import settle

__all__ = [
    "candles_of",
    "parse_book",
    "parse_event",
    "parse_events",
    "parse_fee",
    "parse_market",
    "parse_markets",
    "parse_points",
    "parse_series",
    "parse_tag",
    "parse_trade",
    "quote_of",
    "settle",
    "windows",
]
