"""What is true: the part of the path on which a market ends yes, its fair value now and its payout."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.sandbox.domain.chance import Floats, Ints, cumulative, drawn, quantile, unit
from services.sandbox.domain.occurrences import LADDER_SHIFT, MISS, Events, Markets, leg_grid
from services.sandbox.domain.paths import path_values
from services.sandbox.domain.world import EXCLUSIVE, LADDER, LEGS_MAX, POLYMARKET, SINGLE

LADDER_STEP = 0.42  # between two strikes, in standard deviations of the path
TIE_SHARE = 0.5  # of the single questions can end in a tie
TIE_WIDTH = 0.06  # on either side of the strike
TIE_VALUES = (0.5, 0.5, 0.3721, 0.64, 0.25)  # what a tie pays on Kalshi; 0.5 on Polymarket

# Ways a market ends.
YES, NO, TIE = range(3)


@dataclass(frozen=True)
class Odds:
    """A market pays where its event's path ends above `low` and not above `high`; in a tie it pays `tie_value`."""

    markets: Markets

    @property
    def _events(self) -> Events:
        return self.markets.events

    @cached_property
    def _edges(self) -> Floats:
        """Of the exclusive sets: the ends of all bins, standardised, by event and leg."""
        events = self._events
        grid = leg_grid(events)
        u, v = unit(grid), unit(np.roll(grid, 1, axis=1))
        weights = np.exp(1.1 * np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v))
        legs = events.world.legs[events.slot]
        weights[np.arange(LEGS_MAX) >= legs[:, None]] = 0.0
        total = weights.sum(axis=1)
        missing = np.where(events.world.open_set[events.slot], 0.04 + 0.06 * drawn(events.hash, MISS), 0.0)
        result: Floats = np.cumsum(weights, axis=1) / total[:, None] * (1 - missing)[:, None]
        return result

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        markets, events = self.markets, self._events
        row, index = markets.row, markets.index
        kind = events.kind[row]
        u = drawn(events.hash, LADDER_SHIFT)[row]
        single = quantile(0.12 + 0.76 * u)
        low = np.where(kind == SINGLE, single, (u - 0.5) * 0.1)
        high = np.full(len(row), np.inf)
        ladder = 0.8 * (u - 0.5) + LADDER_STEP * (index - (markets.legs - 1) / 2)
        low = np.where(kind == LADDER, ladder, low)
        exclusive = np.flatnonzero(kind == EXCLUSIVE)
        if len(exclusive):
            self._bins(exclusive, low, high)
        return low, high

    def _bins(self, places: Ints, low: Floats, high: Floats) -> None:
        narrowed = self.markets.narrowed(places)
        edges, back = Odds(narrowed)._edges, narrowed.row
        index = np.minimum(self.markets.index[places], LEGS_MAX - 1)
        upper = edges[back, index]
        lower = np.where(index > 0, edges[back, np.maximum(index - 1, 0)], 0.0)
        named = self.markets.index[places] < self.markets.legs[places]
        low[places] = np.where(named & (lower > 0), quantile(lower), np.where(named, -np.inf, np.inf))
        high[places] = np.where(upper < 1 - 1e-9, quantile(upper), np.inf)

    @cached_property
    def tie_width(self) -> Floats:
        """Shared by twins, like all that decides the outcome."""
        rare = drawn(self._events.hash, 30)[self.markets.row]
        single = self._events.kind[self.markets.row] == SINGLE
        return np.where(single & (rare < TIE_SHARE), TIE_WIDTH, 0.0)

    @cached_property
    def tie_value(self) -> Floats:
        events = self._events
        venue = events.world.venue[events.slot][self.markets.row]
        paired = events.world.twin[events.slot][self.markets.row] >= 0
        pick = (drawn(events.hash, 31)[self.markets.row] * len(TIE_VALUES)).astype(np.int64)
        return np.where((venue == POLYMARKET) | paired, 0.5, np.array(TIE_VALUES)[pick])

    def fair(self, path: Floats) -> Floats:
        """The expected payout, given where the events' paths (one value a row) are now."""
        row = self.markets.row
        remaining = np.sqrt(np.maximum(1.0 - self._events.elapsed[row], 1e-12))
        here = path[row]
        low, high = self.bounds
        above_low = cumulative((here - low) / remaining)
        ties = np.flatnonzero(self.tie_width > 0)
        if len(ties):
            width, value = self.tie_width[ties], self.tie_value[ties]
            below = cumulative((here[ties] - low[ties] + width) / remaining[ties])
            beyond = cumulative((here[ties] - low[ties] - width) / remaining[ties])
            above_low[ties] = value * below + (1 - value) * beyond
        bounded = np.flatnonzero(np.isfinite(high))
        above_low[bounded] -= cumulative((here[bounded] - high[bounded]) / remaining[bounded])
        return np.clip(above_low, 0.0, 1.0)

    @cached_property
    def ending(self) -> Ints:
        """How the market ends: known to us at any time, to the venues after the end of the event."""
        events = self._events
        path = events.world.path[events.slot]
        last = path_values(events.world.seed, path, events.generation, np.ones(len(path)))[self.markets.row]
        low, high = self.bounds
        inside = (last > low) & (last <= high)
        ending = np.where(inside, YES, NO)
        tied = (self.tie_width > 0) & (np.abs(last - low) < self.tie_width)
        return np.where(tied, TIE, ending)

    @cached_property
    def payout(self) -> Floats:
        return np.where(self.ending == TIE, self.tie_value, np.where(self.ending == YES, 1.0, 0.0))
