"""What a list of markets shows, computed for all of them at once: prices, sizes, sums and stages as plain columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import MarketId
from services.sandbox.domain.occurrences import Markets
from services.sandbox.domain.odds import NO, TIE, YES
from services.sandbox.domain.quotes import UNIT, Quotes
from services.sandbox.domain.timeline import DISPUTED, FINAL, Timeline
from services.sandbox.domain.trading import Tape, trade_prices

Decree = Literal["dispute", "void", "split", "correction"]
Decrees = Mapping[MarketId, Decree]  # what an operator of the sandbox imposes on single markets
WIDE_SPREAD = 1000  # ten-thousandths: beyond it Gamma shows the last trade in place of the mid
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Tally:
    """The columns of `markets`, seen at the moments of their events; closed markets keep their last quote."""

    markets: Markets
    quantum: float  # seconds between two changes of the quotes
    decrees: Decrees = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.markets)

    @cached_property
    def quotes(self) -> Quotes:
        return Quotes(self.markets)

    @cached_property
    def timeline(self) -> Timeline:
        return self.quotes.timeline

    @cached_property
    def _decreed(self) -> list[tuple[int, Decree]]:
        if not self.decrees:
            return []
        events = self.markets.events
        slot, generation = events.slot[self.markets.row], events.generation[self.markets.row]
        places = []
        for market, decree in self.decrees.items():
            hit = (slot == market.slot) & (generation == market.generation) & (self.markets.index == market.index)
            places += [(int(place), decree) for place in np.flatnonzero(hit)]
        return places

    @cached_property
    def voided(self) -> Flags:
        flags = np.zeros(len(self), dtype=np.bool_)
        for place, decree in self._decreed:
            flags[place] = decree == "void"
        return flags

    @cached_property
    def stage(self) -> Ints:
        stage = self.timeline.stage.copy()
        for place, decree in self._decreed:
            if decree == "dispute":
                stage[place] = DISPUTED
            elif decree in ("void", "split"):
                stage[place] = FINAL
        return stage

    @cached_property
    def ending(self) -> Ints:
        ending = self.quotes.odds.ending.copy()
        for place, decree in self._decreed:
            if decree in ("void", "split"):
                ending[place] = TIE
            elif decree == "correction":
                ending[place] = {YES: NO, NO: YES, TIE: TIE}[int(ending[place])]
        return ending

    @cached_property
    def payout(self) -> Floats:
        payout = self.quotes.odds.payout.copy()
        for place, decree in self._decreed:
            if decree in ("void", "split"):
                payout[place] = 0.5
            elif decree == "correction":
                payout[place] = 1.0 - payout[place]
        return payout

    @cached_property
    def tape(self) -> Tape:
        return Tape(self.markets)

    @cached_property
    def trades(self) -> Ints:
        return self.tape.count(self.markets.events.now)

    @cached_property
    def last_price(self) -> Ints:
        """Of the last trade, 0 where nobody ever traded."""
        prices = trade_prices(self.markets, np.maximum(self.trades - 1, 0), self.quantum)
        return np.where(self.trades > 0, prices, 0)

    def volume_since(self, seconds: float) -> Floats:
        now = self.markets.events.now
        result: Floats = np.round(self.volume - self.tape.volume(now - seconds), 2)
        return result

    @cached_property
    def volume(self) -> Floats:
        return self.tape.volume(self.markets.events.now)

    @cached_property
    def open_interest(self) -> Floats:
        """Grows with each trade that finds a new holder."""
        result: Floats = np.round(0.37 * self.volume, 2)
        return result

    @cached_property
    def resting(self) -> Quotes:
        """The quotes as they stood when trading was last possible."""
        events = self.markets.events
        last = np.minimum(events.now, events.end - 1.0)
        if np.array_equal(last, events.now):
            return self.quotes
        return Quotes(self.markets.at(np.floor(last / self.quantum) * self.quantum))

    @cached_property
    def shown(self) -> Ints:
        """Gamma's first outcome price in half ten-thousandths: the mid, or the last trade if the spread is wide."""
        quotes = self.quotes
        narrow = (quotes.bid > 0) & (quotes.ask > 0) & (quotes.ask - quotes.bid <= WIDE_SPREAD)
        last = np.where(self.last_price > 0, 2 * self.last_price, np.round(2 * UNIT * quotes.mid).astype(np.int64))
        return np.where(narrow, quotes.bid + quotes.ask, last)

    def change_since(self, seconds: float) -> Floats:
        """Of the mid; nan where the market is younger than that."""
        events = self.markets.events
        past = Quotes(self.markets.at(events.now - seconds))
        change = np.round(self.quotes.mid - past.mid, 4)
        young = (events.start > events.now - seconds)[self.markets.row]
        return np.where(young, np.nan, change)
