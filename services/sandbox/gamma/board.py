"""Gamma's listing at one moment: which events and markets it holds, in which order, and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import EventId, Identity
from services.sandbox.domain.occurrences import Events, Markets, events_of, listed_events, markets_of
from services.sandbox.domain.tally import DAY, Decrees, Tally
from services.sandbox.domain.timeline import CLOSING, Timeline, nominal_ends
from services.sandbox.domain.wording import event_text
from services.sandbox.domain.world import EPOCH, POLYMARKET, SLOTS_MAX
from services.sandbox.gamma.columns import MONTH, WEEK, Facts, facts_at, gamma_columns
from services.sandbox.gamma.event_rows import Sums, event_row, tag_json, tags_of
from services.sandbox.gamma.rows import Shared, market_row, shared_of


@dataclass(frozen=True)
class Board:
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
        return Tally(self.markets, self.quantum, self.decrees)

    @cached_property
    def _columns(self) -> tuple[np.ndarray[Any, Any], ...]:
        return gamma_columns(self.tally)

    def facts(self, places: Ints) -> list[Facts]:
        return facts_at(self._columns, places)

    @cached_property
    def event_ids(self) -> Ints:
        return (self.events.start - EPOCH) * SLOTS_MAX + self.events.slot

    @cached_property
    def market_ids(self) -> Ints:
        return self.event_ids[self.markets.row] * 32 + self.markets.index

    @cached_property
    def first(self) -> Ints:
        """The place of each event's first market."""
        size = self.events.world.size[self.events.slot]
        return np.cumsum(size) - size

    @cached_property
    def closed(self) -> Flags:
        result: Flags = self.tally.stage >= CLOSING
        return result

    @cached_property
    def event_closed(self) -> Flags:
        return np.logical_and.reduceat(self.closed | self.markets.unnamed, self.first)

    def sum_of(self, values: Floats) -> Floats:
        result: Floats = np.add.reduceat(values, self.first)
        return result

    @cached_property
    def _sums(self) -> list[Sums]:
        tally, events = self.tally, self.events
        middle = np.clip(tally.quotes.mid, 0, 1)
        closeness = np.maximum.reduceat(1 / (1 + (middle - 0.5) ** 2), self.first).round(6)
        columns = (
            events.start,
            nominal_ends(events),
            events.end,
            self.event_closed,
            np.maximum.reduceat(tally.timeline.final_at, self.first),
            *(self.sum_of(v).round(6) for v in (tally.volume, *map(tally.volume_since, (DAY, WEEK, MONTH)))),
            self.sum_of(tally.quotes.liquidity).round(4),
            events.world.augmented[events.slot],
            closeness,
        )
        return [Sums(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]

    def shared(self, row: int) -> Shared:
        event = EventId(int(self.events.slot[row]), int(self.events.generation[row]))
        return shared_of(self.identity, event, event_text(self.identity.world, event))

    def market_rows(self, places: Ints, with_tags: bool) -> list[str]:
        """As /markets answers: each market with its event in short."""
        rows = self.markets.row[places].tolist()
        shared: dict[int, tuple[Shared, str, str]] = {}
        written = []
        for row, facts in zip(rows, facts_at(self._columns, places), strict=True):
            if row not in shared:
                shared[row] = self._surroundings(row, with_tags)
            own, event, tags = shared[row]
            written.append(market_row(self.identity, own, facts, event, tags))
        return written

    def _surroundings(self, row: int, with_tags: bool) -> tuple[Shared, str, str]:
        own = self.shared(row)
        tags = ""
        if with_tags:
            listed = tags_of(own.text.category, own.text.series.template)
            tags = f',"tags":[{",".join(tag_json(*tag) for tag in listed)}]'
        brief = event_row(own, self._sums[row], self.now, None, brief=True)
        return own, f',"events":[{brief}]', tags

    def event_rows(self, rows: Sequence[int], include_markets: bool = True) -> list[str]:
        sizes = self.events.world.size[self.events.slot]
        written = []
        for row in rows:
            own = self.shared(row)
            markets = None
            if include_markets:
                places = np.arange(self.first[row], self.first[row] + sizes[row])
                nested: list[Facts] = facts_at(self._columns, places)
                markets = ",".join(market_row(self.identity, own, facts) for facts in nested)
            written.append(event_row(own, self._sums[row], self.now, markets))
        return written


def open_board(identity: Identity, now: float, quantum: float, decrees: Decrees) -> Board:
    """Every event that is not closed as a whole: the running ones and those that wait for their resolution."""
    events = listed_events(identity.world, POLYMARKET, now, past=1)
    markets = markets_of(events)
    size = events.world.size[events.slot]
    pending = ~(Timeline(markets).stage >= CLOSING) & ~markets.unnamed
    alive = np.logical_or.reduceat(pending, np.cumsum(size) - size)
    return Board(identity, events.take(np.flatnonzero(alive)), now, quantum, decrees)


def whole_board(identity: Identity, now: float, quantum: float, decrees: Decrees) -> Board:
    """The running events and the last finished ones."""
    return Board(identity, listed_events(identity.world, POLYMARKET, now), now, quantum, decrees)


def board_of(identity: Identity, wanted: Sequence[EventId], now: float, quantum: float, decrees: Decrees) -> Board:
    """Only these events, whenever they were; those to come are not there yet."""
    world = identity.world
    kept = sorted({(item.slot, item.generation) for item in wanted if int(world.venue[item.slot]) == POLYMARKET})
    slots, numbers = [slot for slot, _ in kept], [number for _, number in kept]
    events = events_of(world, np.array(slots, dtype=np.int64), np.array(numbers, dtype=np.int64), now)
    return Board(identity, events.take(np.flatnonzero(events.start <= now)), now, quantum, decrees)
