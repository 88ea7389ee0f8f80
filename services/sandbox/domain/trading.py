"""Trades that happened: their number, sizes and moments as functions of time, so that sums and lists agree."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints, hashes, unit
from services.sandbox.domain.occurrences import Markets
from services.sandbox.domain.quotes import Quotes

COUNT, MEAN_SIZE, QUIET = 70, 71, 72
QUIET_SHARE = 0.06  # never traded
TRADES_MAX = 3000  # in a life
PACE = 1.3  # above 1: trading grows towards the end
DAY = 86_400


@dataclass(frozen=True)
class Tape:
    """Trade j happens when the trading clock, life ** PACE * total, passes j plus a random part of 1."""

    markets: Markets

    @cached_property
    def silent(self) -> Flags:
        return (self.markets.draw(QUIET) < QUIET_SHARE) | self.markets.unnamed

    @cached_property
    def total(self) -> Ints:
        life = self.markets.events.life[self.markets.row]
        busy = np.exp(1.5 + 6.5 * self.markets.draw(COUNT))
        count = np.minimum(np.minimum(busy, life / 2.0), TRADES_MAX).astype(np.int64)
        return np.where(self.silent, 0, np.maximum(count, 1))

    @cached_property
    def mean_size(self) -> Floats:
        """Contracts on Kalshi, dollars on Polymarket."""
        result: Floats = np.round(np.exp(2.0 + 4.0 * self.markets.draw(MEAN_SIZE)), 2).astype(np.float64)
        return result

    def _clock(self, now: Floats) -> Floats:
        events = self.markets.events
        elapsed = np.clip((now - events.start) / events.life, 0.0, 1.0)[self.markets.row]
        result: Floats = self.total.astype(np.float64) * elapsed**PACE
        return result

    def count(self, now: Floats) -> Ints:
        """How many trades happened until `now` (one value per event row)."""
        clock = self._clock(now)
        number = np.floor(clock).astype(np.int64)
        return np.minimum(number + (self._part(number) <= clock - number), self.total)

    def _part(self, number: Ints) -> Floats:
        return unit(hashes(self.markets.hash, 113, number))

    def moments(self, number: Ints) -> Floats:
        """Unix seconds of trade `number` of each market."""
        events = self.markets.events
        share = (number + self._part(number)) / np.maximum(self.total, 1)
        elapsed = np.minimum(share, 1.0) ** (1.0 / PACE)
        row = self.markets.row
        result: Floats = events.start[row] + elapsed * events.life[row]
        return result

    def sizes(self, number: Ints) -> Floats:
        """Two trades in a row always sum to twice the mean, so that volumes need no sum over the tape."""
        swing = 0.9 * unit(hashes(self.markets.hash, 127, number // 2))
        result: Floats = np.round(self.mean_size * np.where(number % 2 == 0, 1 + swing, 1 - swing), 2)
        return result

    def volume(self, now: Floats) -> Floats:
        count = self.count(now)
        odd = np.where(count % 2 == 1, self.sizes(np.maximum(count - 1, 0)), 0.0)
        result: Floats = np.round((count - count % 2) * self.mean_size + odd, 2)
        return result

    def buys(self, number: Ints) -> Flags:
        """Whether the taker bought the yes side."""
        result: Flags = unit(hashes(self.markets.hash, 131, number)) < 0.5
        return result


def trade_prices(markets: Markets, number: Ints, quantum: float) -> Ints:
    """Prices of one trade per market: the ask for a buyer, the bid for a seller, as quoted at that moment."""
    tape = Tape(markets)
    moments = np.floor(np.nan_to_num(tape.moments(number)) / quantum) * quantum
    rows = np.arange(len(markets))
    events = markets.events.take(markets.row).at(np.maximum(moments, markets.events.start[markets.row]))
    quotes = Quotes(Markets(events, rows, markets.index))
    buys = tape.buys(number)
    wanted = np.where(buys, quotes.ask, quotes.bid)
    other = np.where(buys, quotes.bid, quotes.ask)
    around = np.round(quotes.quoted * 10_000 / quotes.tick).astype(np.int64) * quotes.tick
    fallback = np.clip(around, quotes.tick, 10_000 - quotes.tick)
    return np.where(wanted > 0, wanted, np.where(other > 0, other, fallback))
