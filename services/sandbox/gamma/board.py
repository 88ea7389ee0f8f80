"""Gamma's listing at one moment: which events and markets it holds, in which order, and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import EventId, Identity
from services.sandbox.domain.occurrences import events_of, listed_events, markets_of
from services.sandbox.domain.quotes import UNIT
from services.sandbox.domain.survey import Columns, Survey
from services.sandbox.domain.tally import Decrees
from services.sandbox.domain.timeline import CLOSING, Timeline, nominal_ends
from services.sandbox.domain.wording import event_text
from services.sandbox.domain.world import POLYMARKET
from services.sandbox.gamma.columns import Facts, gamma_columns
from services.sandbox.gamma.event_rows import Sums, event_row, tag_json, tags_of
from services.sandbox.gamma.rows import Shared, market_row, shared_of


@dataclass(frozen=True)
class Board(Survey):
    @cached_property
    def _columns(self) -> Columns:
        return self.columns_by(gamma_columns)

    def column(self, name: str) -> npt.NDArray[Any]:
        return self._columns[Facts._fields.index(name)]

    def facts(self, places: Ints) -> list[Facts]:
        return [Facts(*row) for row in zip(*(column[places].tolist() for column in self._columns), strict=True)]

    @cached_property
    def closed(self) -> Flags:
        result: Flags = self.column("stage") >= CLOSING
        return result

    @cached_property
    def event_closed(self) -> Flags:
        return np.logical_and.reduceat(self.closed | self.column("unnamed"), self.first)

    def sum_of(self, name: str) -> Floats:
        """A column summed over the markets of each event."""
        result: Floats = np.add.reduceat(self.column(name), self.first).round(6)
        return result

    @cached_property
    def _sums(self) -> Columns:
        events = self.events
        closeness = 1 / (1 + (self.column("shown") / (2 * UNIT) - 0.5) ** 2)
        return (
            events.start,
            nominal_ends(events),
            events.end,
            self.event_closed,
            np.maximum.reduceat(self.column("final_at"), self.first),
            *(self.sum_of(name) for name in ("volume", "volume_day", "volume_week", "volume_month", "liquidity")),
            events.world.augmented[events.slot],
            np.maximum.reduceat(closeness, self.first).round(6),
        )

    def sums(self, row: int) -> Sums:
        return Sums(*(column[row].item() for column in self._sums))

    def shared(self, row: int) -> Shared:
        event = self.event(row)
        return shared_of(self.identity, event, event_text(self.identity.world, event))

    def market_rows(self, places: Ints, with_tags: bool) -> list[str]:
        """As /markets answers: each market with its event in short."""
        rows = self.markets.row[places].tolist()
        shared: dict[int, tuple[Shared, str, str]] = {}
        written = []
        for row, facts in zip(rows, self.facts(places), strict=True):
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
        brief = event_row(own, self.sums(row), self.now, None, brief=True)
        return own, f',"events":[{brief}]', tags

    def event_rows(self, rows: Sequence[int], include_markets: bool = True) -> list[str]:
        written = []
        for row in rows:
            own = self.shared(row)
            markets = None
            if include_markets:
                nested = self.facts(self.places(row))
                markets = ",".join(market_row(self.identity, own, facts) for facts in nested)
            written.append(event_row(own, self.sums(row), self.now, markets))
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
