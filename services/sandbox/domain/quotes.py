"""Quotes: the fair value as the venue's makers see it, laid on the tick grid with a spread around it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints, drawn, unit
from services.sandbox.domain.chance import derived as further
from services.sandbox.domain.occurrences import Markets
from services.sandbox.domain.odds import Odds
from services.sandbox.domain.plantings import CROSSED, MISPRICED_SET, Plantings, quoted_paths
from services.sandbox.domain.timeline import AHEAD, CLOSING, ENDED, OPEN, Timeline
from services.sandbox.domain.world import KALSHI

UNIT = 10_000  # prices are whole ten-thousandths of a dollar
NOBODY = -1  # in place of a price: no quote on this side

SPREAD, ROUNDING, TICK, DEAD, DEPTH, TRADED, BOOK_GONE, SIZE_BID, SIZE_ASK = range(50, 59)
LINEAR_CENT, DECI_CENT, TAPERED = range(3)
UNQUOTED_SHARE, BID_ONLY_SHARE, ASK_ONLY_SHARE = 0.03, 0.02, 0.03
BOOK_GONE_SHARE = 0.8  # of Polymarket's proposed markets have no book any more
SIZE_PERIOD = 20  # seconds between two changes of the sizes in a book


@dataclass(frozen=True)
class Quotes:
    markets: Markets

    @cached_property
    def odds(self) -> Odds:
        return Odds(self.markets)

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(self.markets)

    @cached_property
    def plantings(self) -> Plantings:
        return Plantings(self.markets.events)

    @cached_property
    def _paths(self) -> tuple[Floats, Floats]:
        return quoted_paths(self.plantings)

    @cached_property
    def fair(self) -> Floats:
        """What the market is worth."""
        return self.odds.fair(self._paths[0])

    @cached_property
    def quoted(self) -> Floats:
        """What the makers believe it is worth."""
        discount = self.plantings.set_discount[self.markets.row]
        return self.odds.fair(self._paths[1]) * (1.0 - discount)

    @cached_property
    def venue(self) -> Ints:
        return self.markets.events.world.venue[self.markets.events.slot][self.markets.row]

    @cached_property
    def grid(self) -> Ints:
        """Kalshi's price level structure, the same for all markets of an event."""
        u = drawn(self.markets.events.hash, 32)[self.markets.row]
        return np.where(u < 0.75, LINEAR_CENT, np.where(u < 0.85, DECI_CENT, TAPERED))

    @cached_property
    def tick(self) -> Ints:
        edge = (self.quoted < 0.04) | (self.quoted > 0.96)
        u = self.markets.draw(TICK)
        own = np.where(u < 0.25, 10, np.where(u < 0.28, 50, np.where(u < 0.30, 25, 100)))
        polymarket = np.where(edge, np.where(u < 0.02, 1, 10), own)
        # Near the edges of the tapered grid, quotes keep off the seam so that both sides stand on one step.
        tapered = np.where((self.quoted < 0.085) | (self.quoted > 0.915), 10, 100)
        kalshi = np.where(self.grid == DECI_CENT, 10, np.where(self.grid == TAPERED, tapered, 100))
        return np.where(self.venue == KALSHI, kalshi, polymarket)

    @cached_property
    def width(self) -> Ints:
        """The spread in ticks."""
        u = self.markets.draw(SPREAD)
        cents = 1 + (u > 0.6).astype(np.int64) + 2 * (u > 0.85) + 2 * (u > 0.95)
        width = np.where(self.tick >= 50, cents, np.where(self.tick >= 25, 2 * cents, 1 + (u * u * 9).astype(np.int64)))
        kind = self.plantings.kind[self.markets.row]
        return np.where((kind == MISPRICED_SET) | (kind == CROSSED), 1, width)

    @cached_property
    def _pair(self) -> tuple[Ints, Ints]:
        """Bid and ask whose middle is on average the quoted value: rounded at random, once per market.

        At the ends of the grid one side is left: nobody bids below one tick or asks above the last.
        """
        place = self.quoted * UNIT / self.tick - self.width / 2
        bid = np.floor(place + self.markets.draw(ROUNDING)).astype(np.int64)
        ask = np.maximum(bid + self.width, 1) * self.tick
        bid = np.minimum(bid * self.tick, UNIT - self.tick)
        return np.where(bid > 0, bid, NOBODY), np.where(ask < UNIT, ask, NOBODY)

    @cached_property
    def _open(self) -> Flags:
        """Whether orders can stand in the book."""
        stage = self.timeline.stage
        gone = self.markets.draw(BOOK_GONE) < BOOK_GONE_SHARE
        proposed = (stage > ENDED) & (stage < CLOSING) & ~gone
        trading = np.where(self.venue == KALSHI, stage == OPEN, (stage == OPEN) | (stage == ENDED) | proposed)
        result: Flags = trading & ~self.markets.unnamed & (stage != AHEAD)
        return result

    @cached_property
    def has_book(self) -> Flags:
        """On Polymarket: whether the CLOB knows a book for the tokens."""
        return self._open

    @cached_property
    def _sides(self) -> tuple[Flags, Flags]:
        u = self.markets.draw(DEAD)
        kind = self.plantings.kind[self.markets.row]
        planted = (kind == MISPRICED_SET) | (kind == CROSSED)
        none = u < UNQUOTED_SHARE
        no_ask = none | ((u >= UNQUOTED_SHARE) & (u < UNQUOTED_SHARE + BID_ONLY_SHARE))
        no_bid = none | (u > 1 - ASK_ONLY_SHARE)
        return self._open & (planted | ~no_bid), self._open & (planted | ~no_ask)

    @cached_property
    def bid(self) -> Ints:
        return np.where(self._sides[0], self._pair[0], NOBODY)

    @cached_property
    def ask(self) -> Ints:
        return np.where(self._sides[1], self._pair[1], NOBODY)

    @cached_property
    def depth(self) -> Floats:
        """Shares at an ordinary level: a few in the thinnest markets, tens of thousands in the fattest."""
        result: Floats = np.exp(3.0 + 6.5 * self.markets.draw(DEPTH))
        return result

    @cached_property
    def bid_size(self) -> Floats:
        return np.where(self.bid > 0, level_sizes(self.markets, self.depth, SIZE_BID, 0), 0.0)

    @cached_property
    def ask_size(self) -> Floats:
        return np.where(self.ask > 0, level_sizes(self.markets, self.depth, SIZE_ASK, 0), 0.0)

    @cached_property
    def liquidity(self) -> Floats:
        """Dollars resting in the book, as the venue would sum them."""
        sides = (self.bid > 0).astype(np.float64) + (self.ask > 0)
        result: Floats = np.round(self.depth * sides * (2.5 + 2.0 * self.markets.draw(59)), 4)
        return result

    @cached_property
    def mid(self) -> Floats:
        """Half way between bid and ask; the one side where there is only one; the belief where there is none."""
        bid, ask = self.bid, self.ask
        both = (bid > 0) & (ask > 0)
        one = np.where(bid > 0, bid, ask) / UNIT
        return np.where(both, (bid + ask) / (2 * UNIT), np.where((bid > 0) | (ask > 0), one, self.quoted))


def level_sizes(markets: Markets, depth: Floats, side: int, level: int) -> Floats:
    """The size at one level of one side, in hundredths of a share, as it stands for `SIZE_PERIOD` seconds."""
    period = np.floor(markets.events.now[markets.row] / SIZE_PERIOD).astype(np.uint64)
    state = further(further(markets.hash, side) + period, level)
    result: Floats = np.round(depth * (0.3 + 1.4 * unit(state)) * (1 + 0.3 * level), 2)
    return np.maximum(result, 1.0)
