"""Order books: from the best quote outwards, deeper levels larger, every price on the grid."""

from dataclasses import dataclass

import numpy as np

from services.sandbox.domain.chance import Floats, Ints, derived, unit
from services.sandbox.domain.quotes import SIZE_ASK, SIZE_BID, TAPERED, UNIT, Quotes, level_sizes
from services.sandbox.domain.world import KALSHI

LEVELS_MIN, LEVELS_MAX = 5, 20
GAP_SHARE = 0.25  # of the levels leave one step of the grid empty before them
COUNT, GAPS = 60, 61

Level = tuple[int, float]  # price in ten-thousandths, size in shares


@dataclass(frozen=True, slots=True)
class Book:
    """Best level first on both sides, of the yes side."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def books_of(quotes: Quotes) -> list[Book]:
    bids, bid_sizes = _side(quotes, quotes.bid, -1, SIZE_BID)
    asks, ask_sizes = _side(quotes, quotes.ask, 1, SIZE_ASK)
    columns = zip(bids.tolist(), bid_sizes.tolist(), asks.tolist(), ask_sizes.tolist(), strict=True)
    return [Book(_levels(b, bs, -1), _levels(a, s, 1)) for b, bs, a, s in columns]


def _side(quotes: Quotes, best: Ints, direction: int, salt: int) -> tuple[Ints, Floats]:
    """Prices and sizes by market and level; 0 where a side has no such level."""
    markets = quotes.markets
    level = np.arange(LEVELS_MAX)
    base = derived(markets.hash, GAPS + direction)
    wide = np.stack([unit(derived(base, int(j))) < GAP_SHARE for j in level], axis=1)
    wide[:, 0] = False
    steps = np.cumsum(1 + wide, axis=1) - 1
    prices = best[:, None] + direction * steps * quotes.tick[:, None]
    seam = ((quotes.venue == KALSHI) & (quotes.grid == TAPERED))[:, None] & (prices > 1000) & (prices < 9000)
    cents = np.where(direction > 0, -(-prices // 100), prices // 100) * 100
    prices = np.where(seam, cents, prices)
    count = LEVELS_MIN + (markets.draw(COUNT) * (LEVELS_MAX - LEVELS_MIN + 1)).astype(np.int64)
    there = (best > 0)[:, None] & (level < count[:, None]) & (prices > 0) & (prices < UNIT)
    sizes = np.stack([level_sizes(markets, quotes.depth, salt, int(j)) for j in level], axis=1)
    return np.where(there, prices, 0), sizes


def _levels(prices: list[int], sizes: list[float], direction: int) -> tuple[Level, ...]:
    """Without the levels that are not there; on a seam of the grid two of them can fall together: the first stays."""
    found: list[Level] = []
    for price, size in zip(prices, sizes, strict=True):
        if price and (not found or (price - found[-1][0]) * direction > 0):
            found.append((price, size))
    return tuple(found)
