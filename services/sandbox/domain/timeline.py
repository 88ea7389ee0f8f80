"""When a market closes, is proposed, disputed and final, and what it shows at a moment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints, drawn
from services.sandbox.domain.occurrences import DELAY, NOMINAL_END, Events, Markets

# The stages of a market, in order. From `ENDED` on the outcome is known, from `FINAL` on it is the venue's word.
AHEAD, OPEN, ENDED, PROPOSED, DISPUTED, AMENDED, CLOSING, FINAL = range(8)

STAGGER, CLOSES_UNCERTAIN = 40, 41
CLOSES_UNCERTAIN_SHARE = 0.15  # closed at a price near 0 or 1 for a while before it is final
OVERDUE_SHARE = 0.25  # of the longer events: the nominal end comes well before the real one
LATE_SHARE = 0.15  # the nominal end lies long after the real one


@dataclass(frozen=True)
class Timeline:
    markets: Markets

    @property
    def events(self) -> Events:
        return self.markets.events

    @cached_property
    def _life(self) -> Floats:
        return self.events.life[self.markets.row].astype(np.float64)

    @cached_property
    def end(self) -> Floats:
        return self.events.end[self.markets.row].astype(np.float64)

    @cached_property
    def now(self) -> Floats:
        return self.events.now[self.markets.row]

    @cached_property
    def disputed(self) -> Flags:
        return self.events.disputed[self.markets.row]

    @cached_property
    def proposed_at(self) -> Floats:
        """Seconds after the end for the shortest lives, twenty minutes for the longest; legs come one by one."""
        delay = np.clip(0.02 * self._life, 4, 1200) * (0.5 + drawn(self.events.hash, DELAY)[self.markets.row])
        stagger = np.clip(0.02 * self._life, 1, 1800) * self.markets.draw(STAGGER)
        result: Floats = np.floor(self.end + delay + stagger)
        return result

    @cached_property
    def _liveness(self) -> Floats:
        return np.floor(np.clip(0.04 * self._life, 8, 7200))

    @cached_property
    def disputed_at(self) -> Floats:
        result: Floats = self.proposed_at + self._liveness // 2
        return result

    @cached_property
    def amended_at(self) -> Floats:
        result: Floats = self.disputed_at + np.floor(np.clip(0.12 * self._life, 25, 2 * 86400))
        return result

    @cached_property
    def final_at(self) -> Floats:
        result: Floats = np.where(self.disputed, self.amended_at, self.proposed_at) + self._liveness
        return result

    @cached_property
    def closed_at(self) -> Floats:
        """When Polymarket says closed: a little before the end of the liveness for some, else with it."""
        early = self.markets.draw(CLOSES_UNCERTAIN) < CLOSES_UNCERTAIN_SHARE
        result: Floats = self.final_at - np.where(early, np.floor(self._liveness / 3), 0.0)
        return result

    @cached_property
    def stage(self) -> Ints:
        now = self.now
        stage = np.where(now < self.events.start[self.markets.row], AHEAD, OPEN)
        stage = np.where(now >= self.end, ENDED, stage)
        stage = np.where(now >= self.proposed_at, PROPOSED, stage)
        stage = np.where(self.disputed & (now >= self.disputed_at), DISPUTED, stage)
        stage = np.where(self.disputed & (now >= self.amended_at), AMENDED, stage)
        stage = np.where(now >= self.closed_at, CLOSING, stage)
        result: Ints = np.where(now >= self.final_at, FINAL, stage)
        return result


def nominal_ends(events: Events) -> Ints:
    """The deadline the venue prints: neither the end of trading nor the resolution."""
    u = drawn(events.hash, NOMINAL_END)
    long = events.life > 3600
    early = long & (u < OVERDUE_SHARE)
    late = long & (u > 1 - LATE_SHARE)
    shift = np.where(early, -0.4, np.where(late, 0.5, 0.0)) * events.life
    result: Ints = events.end + shift.astype(np.int64)
    return result
