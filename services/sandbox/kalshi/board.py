"""Kalshi's listing at one moment: events, markets and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import EventId, Identity
from services.sandbox.domain.occurrences import (
    Events,
    Markets,
    coming_events,
    events_of,
    listed_events,
    markets_of,
)
from services.sandbox.domain.tally import Decrees, Tally
from services.sandbox.domain.timeline import AHEAD, ENDED, FINAL, OPEN, PROPOSED, Timeline
from services.sandbox.domain.world import EPOCH, KALSHI, SLOTS_MAX
from services.sandbox.kalshi.columns import deleted, facts_at, kalshi_columns, late_close, paused
from services.sandbox.kalshi.rows import Shared, event_row, market_row, shared_of

LIVE_SECONDS = 6 * 3600  # settled longer ago than this: only in the historical tier (the venue: about three months)


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
        return kalshi_columns(self.tally)

    @cached_property
    def event_ids(self) -> Ints:
        return (self.events.start - EPOCH) * SLOTS_MAX + self.events.slot

    @cached_property
    def market_ids(self) -> Ints:
        return self.event_ids[self.markets.row] * 32 + self.markets.index

    @cached_property
    def first(self) -> Ints:
        size = self.events.world.size[self.events.slot]
        return np.cumsum(size) - size

    @cached_property
    def listed(self) -> Flags:
        """In the live tier."""
        return ~deleted(self.tally) & ~self.historical

    @cached_property
    def historical(self) -> Flags:
        """Settled before the cut-off."""
        result: Flags = (self.tally.stage == FINAL) & (self.tally.timeline.final_at < self.now - LIVE_SECONDS)
        return result & ~deleted(self.tally)

    @cached_property
    def settled(self) -> Flags:
        result: Flags = self.tally.stage == FINAL
        return result

    @cached_property
    def close_times(self) -> Floats:
        events, row = self.events, self.markets.row
        ahead = late_close(self.tally) & (self.tally.stage <= OPEN)
        result: Floats = (events.end[row] + np.where(ahead, 4 * events.life[row], 0)).astype(np.float64)
        return result

    @cached_property
    def updated_times(self) -> Floats:
        """Of the facts, not of the prices: opening, determination, settlement."""
        timeline, stage = self.tally.timeline, self.tally.stage
        opened = self.events.start[self.markets.row].astype(np.float64)
        moved = np.where(stage >= PROPOSED, timeline.proposed_at, np.where(stage >= ENDED, timeline.end, opened))
        return np.where(stage == FINAL, timeline.final_at, moved)

    def having(self, status: str) -> Flags:
        """Markets that the word of the filter means."""
        stage = self.tally.stage
        halted = paused(self.tally)
        flags: dict[str, Flags] = {
            "unopened": stage == AHEAD,
            "open": (stage == OPEN) & ~halted,
            "paused": halted,
            "closed": (stage >= ENDED) & (stage < FINAL),
            "settled": stage == FINAL,
        }
        return flags[status]

    def any_of(self, flags: Flags) -> Flags:
        """Per event: whether any of its markets has the flag."""
        return np.logical_or.reduceat(flags, self.first)

    def shared(self, row: int) -> Shared:
        return shared_of(self.identity, EventId(int(self.events.slot[row]), int(self.events.generation[row])))

    def market_rows(self, places: Ints) -> list[str]:
        shared: dict[int, Shared] = {}
        written = []
        for row, facts in zip(self.markets.row[places].tolist(), facts_at(self._columns, places), strict=True):
            if row not in shared:
                shared[row] = self.shared(row)
            written.append(market_row(shared[row], facts))
        return written

    def event_rows(self, rows: Sequence[int], nested: bool) -> list[str]:
        size = self.events.world.size[self.events.slot]
        start, end = self.events.start.tolist(), self.events.end.tolist()
        written = []
        for row in rows:
            shared = self.shared(row)
            markets = None
            if nested:
                places = np.arange(self.first[row], self.first[row] + size[row])
                places = places[self.listed[places]]
                markets = ",".join(market_row(shared, facts) for facts in facts_at(self._columns, places))
            written.append(event_row(shared, self.identity.world, start[row], end[row], markets))
        return written


def open_board(identity: Identity, now: float, quantum: float, decrees: Decrees) -> Board:
    """The running events alone."""
    return Board(identity, listed_events(identity.world, KALSHI, now, past=0), now, quantum, decrees)


def waiting_board(identity: Identity, now: float, quantum: float, decrees: Decrees) -> Board:
    """Events that ended and are not final everywhere."""
    events = listed_events(identity.world, KALSHI, now, past=1)
    size = events.world.size[events.slot]
    stage = Timeline(markets_of(events)).stage
    waiting = np.logical_or.reduceat((stage >= ENDED) & (stage < FINAL), np.cumsum(size) - size)
    return Board(identity, events.take(np.flatnonzero(waiting)), now, quantum, decrees)


def whole_board(identity: Identity, now: float, quantum: float, decrees: Decrees) -> Board:
    """The running events, the last finished ones and those announced."""
    past = listed_events(identity.world, KALSHI, now)
    coming = coming_events(identity.world, KALSHI, now)
    world = identity.world
    slots = np.concatenate((past.slot, coming.slot))
    events = events_of(world, slots, np.concatenate((past.generation, coming.generation)), now)
    return Board(identity, events, now, quantum, decrees)


def board_of(identity: Identity, wanted: Sequence[EventId], now: float, quantum: float, decrees: Decrees) -> Board:
    """Only these events, whenever they were; those not announced yet are not there."""
    world = identity.world
    kept = sorted({(item.slot, item.generation) for item in wanted if int(world.venue[item.slot]) == KALSHI})
    slots = np.array([slot for slot, _ in kept], dtype=np.int64)
    events = events_of(world, slots, np.array([number for _, number in kept], dtype=np.int64), now)
    known = events.start - now < 0.08 * events.life
    return Board(identity, events.take(np.flatnonzero(known)), now, quantum, decrees)
