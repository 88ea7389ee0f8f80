"""A survey of many markets at one moment: only the columns that rows are written from are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from services.sandbox.domain.chance import Ints
from services.sandbox.domain.identity import LEGS_BITS, EventId, Identity
from services.sandbox.domain.occurrences import Events, Markets, markets_of
from services.sandbox.domain.tally import Decrees, Tally
from services.sandbox.domain.world import EPOCH, SLOTS_MAX

Columns: TypeAlias = tuple[npt.NDArray[Any], ...]

EVENTS_AT_ONCE = 2000  # a stretch: what is computed on the way to its columns fits in a few megabytes


@dataclass(frozen=True)
class Survey:
    """Events with all their markets, oldest first."""

    identity: Identity
    events: Events
    now: float
    quantum: float
    decrees: Decrees = field(default_factory=dict)

    @cached_property
    def markets(self) -> Markets:
        return markets_of(self.events)

    @cached_property
    def tally(self) -> Tally:
        """Everything about these markets at once: for surveys of a few events."""
        return Tally(self.markets, self.quantum, self.decrees)

    def columns_by(self, columns_of: Callable[[Tally], Columns]) -> Columns:
        """The columns of all markets, computed stretch by stretch."""
        count = len(self.events.slot)
        stretches = [np.arange(low, min(low + EVENTS_AT_ONCE, count)) for low in range(0, count, EVENTS_AT_ONCE)]
        parts = [self._stretch(rows, columns_of) for rows in stretches]
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    def _stretch(self, rows: Ints, columns_of: Callable[[Tally], Columns]) -> Columns:
        return columns_of(Tally(markets_of(self.events.take(rows)), self.quantum, self.decrees))

    @cached_property
    def event_ids(self) -> Ints:
        result: Ints = (self.events.start - EPOCH) * SLOTS_MAX + self.events.slot
        return result

    @cached_property
    def market_ids(self) -> Ints:
        result: Ints = (self.event_ids[self.markets.row] << LEGS_BITS) + self.markets.index
        return result

    @cached_property
    def sizes(self) -> Ints:
        return self.events.world.size[self.events.slot]

    @cached_property
    def first(self) -> Ints:
        """The place of each event's first market."""
        result: Ints = np.cumsum(self.sizes) - self.sizes
        return result

    def places(self, row: int) -> Ints:
        """The places of one event's markets."""
        return np.arange(self.first[row], self.first[row] + self.sizes[row])

    def event(self, row: int) -> EventId:
        return EventId(int(self.events.slot[row]), int(self.events.generation[row]))
