"""Whether a look-back holds enough collections, at the rhythm in which they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from services.strategy.domain.history import GAP_MINUTES_MAX, HOURS, MINUTES

COLLECTIONS_MIN = 4  # in a look-back, without which it says nothing
BY_MINUTE_MAX = MINUTES // 2  # minutes; longer look-backs are measured by the hour
ENDS_MIN, ENDS_MAX = 4, 13  # the last ends of collections that make a rhythm
HOUR = 60


@dataclass(frozen=True, slots=True)
class Lookback:
    minutes: int
    around: int = 0  # collections that must be known in it and before it, where it needs more of them

    def holds(self, every: int) -> bool:
        """Enough collections that come every so many minutes."""
        if self.minutes <= BY_MINUTE_MAX:
            return _fits_minutes(every, self.around) and self.minutes >= COLLECTIONS_MIN * every
        return every <= HOUR and -(-self.minutes // HOUR) >= COLLECTIONS_MIN and self.around <= HOURS

    def note(self, every: int) -> str | None:
        """A sentence where it never sees anything."""
        if self.holds(every):
            return None
        way_out = _way_out(every, self.around)
        return f"Markets are collected every {every} min: a look-back of {self.minutes} min sees nothing; {way_out}."


def _fits_minutes(every: int, around: int) -> bool:
    in_matrix = max(around * every, COLLECTIONS_MIN * every * MINUTES // BY_MINUTE_MAX)
    return every <= GAP_MINUTES_MAX and in_matrix <= MINUTES


def _way_out(every: int, around: int) -> str:
    """With one collection more than it needs, because one may come late."""
    if every > HOUR:
        return "none does unless markets are collected once an hour"
    least = (COLLECTIONS_MIN + 1) * every
    by_minute = f"{least} to {BY_MINUTE_MAX}, or " if _fits_minutes(every, around) and least < BY_MINUTE_MAX else ""
    return f"use {by_minute}{COLLECTIONS_MIN * HOUR} or more"


def minutes_between(ends: Sequence[float]) -> int | None:
    """The usual time from one end, in Unix seconds, to the next; what stood still for once does not change it."""
    if len(ends) < ENDS_MIN:
        return None
    return max(1, round(median(later - sooner for sooner, later in pairwise(ends)) / 60))
