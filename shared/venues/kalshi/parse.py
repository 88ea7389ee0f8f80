"""Everything Kalshi's answers are read with; the nouns have their own modules."""

from shared.venues.kalshi.parse_books import (
    as_epoch,
    candle_spans,
    end_of_candle,
    parse_book,
    parse_candle,
    parse_trade,
)
from shared.venues.kalshi.parse_events import (
    Cutoff,
    effective_fee,
    parse_cutoff,
    parse_event,
    parse_events,
    parse_fee_change,
    parse_series,
    parse_status,
)
from shared.venues.kalshi.parse_markets import parse_market, parse_markets
from shared.venues.kalshi.settlement import deleted, settle

__all__ = [
    "Cutoff",
    "as_epoch",
    "candle_spans",
    "deleted",
    "effective_fee",
    "end_of_candle",
    "parse_book",
    "parse_candle",
    "parse_cutoff",
    "parse_event",
    "parse_events",
    "parse_fee_change",
    "parse_market",
    "parse_markets",
    "parse_series",
    "parse_status",
    "parse_trade",
    "settle",
]
