"""Kalshi's listing at one moment: events, markets and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import EventId, Identity
from services.sandbox.domain.occurrences import OPENS_AHEAD, coming_events, events_of, listed_events, markets_of
from services.sandbox.domain.survey import Columns, Survey
from services.sandbox.domain.tally import Decrees
from services.sandbox.domain.timeline import AHEAD, ENDED, FINAL, OPEN, PROPOSED, Timeline
from services.sandbox.domain.world import KALSHI
from services.sandbox.kalshi.columns import Facts, kalshi_columns
from services.sandbox.kalshi.rows import Shared, event_row, market_row, shared_of

LIVE_SECONDS = 6 * 3600  # settled longer ago than this: only in the historical tier (the venue: about three months)


@dataclass(frozen=True)
class Board(Survey):
    @cached_property
    def _columns(self) -> Columns:
        return self.columns_by(kalshi_columns)

    def column(self, name: str) -> npt.NDArray[Any]:
        return self._columns[Facts._fields.index(name)]

    def facts(self, places: Ints) -> list[Facts]:
        return [Facts(*row) for row in zip(*(column[places].tolist() for column in self._columns), strict=True)]

    @cached_property
    def _deleted(self) -> Flags:
        """Provisional markets vanish when their result is known, and so does a voided one."""
        result: Flags = (self.column("provisional") & (self.column("stage") >= PROPOSED)) | self.column("voided")
        return result

    @cached_property
    def listed(self) -> Flags:
        """In the live tier."""
        return ~self._deleted & ~self.historical

    @cached_property
    def historical(self) -> Flags:
        """Settled before the cut-off."""
        result: Flags = self.settled & (self.column("final_at") < self.now - LIVE_SECONDS) & ~self._deleted
        return result

    @cached_property
    def settled(self) -> Flags:
        result: Flags = self.column("stage") == FINAL
        return result

    @cached_property
    def close_times(self) -> Floats:
        start, end, stage = self.column("start"), self.column("end"), self.column("stage")
        ahead = self.column("late_close") & (stage <= OPEN)
        result: Floats = (end + np.where(ahead, 4 * (end - start), 0)).astype(np.float64)
        return result

    @cached_property
    def updated_times(self) -> Floats:
        """Of the facts, not of the prices: opening, end, determination, settlement."""
        stage = self.column("stage")
        opened, ended = (self.column(name).astype(np.float64) for name in ("start", "end"))
        moved = np.where(stage >= PROPOSED, self.column("proposed_at"), np.where(stage >= ENDED, ended, opened))
        return np.where(stage == FINAL, self.column("final_at"), moved)

    def having(self, status: str) -> Flags:
        """Markets that the word of the filter means."""
        stage, paused = self.column("stage"), self.column("paused")
        flags: dict[str, Flags] = {
            "unopened": stage == AHEAD,
            "open": (stage == OPEN) & ~paused,
            "paused": paused,
            "closed": (stage >= ENDED) & (stage < FINAL),
            "settled": stage == FINAL,
        }
        return flags[status]

    def any_of(self, flags: Flags) -> Flags:
        """Per event: whether any of its markets has the flag."""
        return np.logical_or.reduceat(flags, self.first)

    def shared(self, row: int) -> Shared:
        return shared_of(self.identity, self.event(row))

    def market_rows(self, places: Ints) -> list[str]:
        shared: dict[int, Shared] = {}
        written = []
        for row, facts in zip(self.markets.row[places].tolist(), self.facts(places), strict=True):
            if row not in shared:
                shared[row] = self.shared(row)
            written.append(market_row(shared[row], facts))
        return written

    def event_rows(self, rows: Sequence[int], nested: bool) -> list[str]:
        start, end = self.events.start.tolist(), self.events.end.tolist()
        written = []
        for row in rows:
            shared = self.shared(row)
            markets = None
            if nested:
                places = self.places(row)
                places = places[self.listed[places]]
                markets = ",".join(market_row(shared, facts) for facts in self.facts(places))
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
    known = events.start - now < OPENS_AHEAD * events.life
    return Board(identity, events.take(np.flatnonzero(known)), now, quantum, decrees)
