"""The simulated world as a strategy meets it: pools of its quotes at collection times, and what was true all along."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from services.sandbox.domain.catalogue import CATEGORIES
from services.sandbox.domain.occurrences import events_of, generations, markets_of
from services.sandbox.domain.plantings import NAMES
from services.sandbox.domain.quotes import DECI_CENT, TAPERED, UNIT, Quotes
from services.sandbox.domain.timeline import nominal_ends
from services.sandbox.domain.trading import Tape
from services.sandbox.domain.world import EXCLUSIVE, KALSHI, World
from services.strategy.domain.columns import Columns, Floats, Ints, columns_of, rows_of
from services.strategy.domain.history import MINUTES, Ticks, empty_span, scaled
from services.strategy.domain.pool import EventLegs, Pair, Pool
from services.strategy.domain.volumes import Volumes
from shared.trading.books import Grid

NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC
LIQUIDITY_MIN = 100  # dollars: below it a market is not stored
DAY = 86_400

_TICKS = {units: Grid.of(Decimal(units) / UNIT) for units in (1, 10, 25, 50, 100)}
_TAPERED = [
    {"start": Decimal("0"), "end": Decimal("0.1"), "step": Decimal("0.001")},
    {"start": Decimal("0.1"), "end": Decimal("0.9"), "step": Decimal("0.01")},
    {"start": Decimal("0.9"), "end": Decimal("1"), "step": Decimal("0.001")},
]
GRIDS = {**_TICKS, -1: Grid.of(None, _TAPERED)}


@dataclass(frozen=True)
class Truth:
    """Of the markets of a pool, row by row."""

    fair: Floats  # what yes is worth
    payout: Floats  # what yes will have paid
    kind: Ints  # what is planted and running now
    path: Ints  # markets of one path are not independent

    def planted(self, row: int) -> str:
        return NAMES[int(self.kind[row])]


@dataclass
class Simulation:
    """Collects the world minute by minute, as the services would."""

    world: World
    pairs_proven: bool = False
    known: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    numbers: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    pool: Pool | None = None
    minutes_heard: list[int] = field(default_factory=list)

    def minutes(self, start: float, count: int) -> Iterator[tuple[Pool, Truth]]:
        for turn in range(count):
            yield self.collected(start + 60.0 * turn)

    def collected(self, now: float) -> tuple[Pool, Truth]:
        """The pool after one more collection, and the truth about it."""
        slots = np.arange(self.world.slots)
        markets = markets_of(events_of(self.world, slots, generations(self.world, slots, now), now))
        quotes = Quotes(markets)
        listed = np.flatnonzero((quotes.venue == KALSHI) | (quotes.liquidity > LIQUIDITY_MIN) | markets.unnamed)
        columns, order = self._columns(quotes, listed, now)
        kept = listed[order]
        row, volume = markets.row, Tape(markets).volume(markets.events.now)
        event_volume = np.where(quotes.venue == KALSHI, np.nan, np.bincount(row, volume)[row])
        self.pool = self._grown(columns, event_volume[kept], now)
        return self.pool, _truth(quotes, kept)

    def _columns(self, quotes: Quotes, listed: Ints, now: float) -> tuple[Columns, Ints]:
        markets, events, world = quotes.markets, quotes.markets.events, self.world
        row = markets.row
        slot, generation = events.slot[row], events.generation[row]
        keys = (slot << 32) | (generation << 8) | markets.index
        number = self._numbered(keys[listed])
        kalshi = quotes.venue == KALSHI
        tape = Tape(markets)
        volume = tape.volume(events.now)
        names = list(CATEGORIES)
        category = np.array([names.index(item.template.category) + 1 for item in world.series])[world.series_of][slot]
        rates = np.array([0.0, *(each.fee_rate for each in CATEGORIES.values())])
        tapered, deci = kalshi & (quotes.grid == TAPERED), kalshi & (quotes.grid == DECI_CENT)
        grid = np.where(tapered, -1, np.where(deci, 10, np.where(kalshi, 100, quotes.tick)))
        given = {
            "platform": kalshi.astype(np.int16),
            "event": (slot << 32) | generation | (1 << 60),
            "category": category,
            "grid": grid,
            "place": np.where(kalshi, -1, markets.index),
            "exclusive": (events.kind == EXCLUSIVE)[row].astype(np.int16),
            "accepting": (~markets.unnamed).astype(np.int16),
            "placeholder": (markets.unnamed | (markets.catch_all & ~kalshi)).astype(np.int16),
            "yes_bid": np.where(quotes.bid > 0, quotes.bid / UNIT, np.nan),
            "yes_ask": np.where(quotes.ask > 0, quotes.ask / UNIT, np.nan),
            "yes_bid_size": np.where(kalshi & (quotes.bid > 0), quotes.bid_size, np.nan),
            "yes_ask_size": np.where(kalshi & (quotes.ask > 0), quotes.ask_size, np.nan),
            "volume": volume,
            "volume_24h": np.round(volume - tape.volume(events.now - DAY), 2),
            "liquidity": np.where(kalshi, np.nan, quotes.liquidity),
            "min_size": np.where(kalshi, np.nan, 5.0),
            "tick": np.where(tapered, 0.001, grid / UNIT),
            "fee_rate": np.where(kalshi, 1.0, rates[category]),
            "fee_exponent": np.ones(len(row)),
            "opened_at": events.start[row].astype(np.float64),
            "closes_at": np.where(kalshi, events.end[row] + 4.0 * events.life[row], nominal_ends(events)[row]),
            "resolves_at": np.where(kalshi, events.end[row] + 600.0, np.nan),
            "quoted_at": np.full(len(row), now),
            "created_at": events.start[row].astype(np.float64),
        }
        order = np.argsort(number, kind="stable")
        return columns_of(market_no=number, **{name: column[listed] for name, column in given.items()}), order

    def _numbered(self, keys: Ints) -> Ints:
        """A number for each market that was ever seen, in the order of their appearance."""
        fresh = keys[rows_of(self.known, keys) < 0]
        if len(fresh):
            known, numbers = (
                np.concatenate([self.known, fresh]),
                np.concatenate([self.numbers, len(self.numbers) + 1 + np.arange(len(fresh))]),
            )
            order = np.argsort(known)
            self.known, self.numbers = known[order], numbers[order]
        return self.numbers[rows_of(self.known, keys)]

    def _grown(self, columns: Columns, event_volume: Floats, now: float) -> Pool:
        """As the storage does it: the span moved on, the candle of the collection before told, the rest carried."""
        old, minute = self.pool, int(now // 60)
        volumes, span = Volumes(), empty_span(minute - 1, MINUTES, len(columns))
        if old is not None and old.minutes is not None:
            places = rows_of(old.columns.market_no, columns.market_no)
            before = int(old.now // 60)
            span = old.minutes.moved_to(minute - 1, places)
            span.tell(Ticks(old.columns.market_no, np.full(len(old), before), scaled(old.mid)), columns.market_no)
            span.carry(before, np.zeros(len(columns), dtype=np.uint16))
            span.hear(np.array(self.minutes_heard))
            volumes = old.volumes.moved_to(places)
        self.minutes_heard.append(minute)
        return Pool(
            columns=columns,
            loaded_at=datetime.fromtimestamp(now, UTC),
            categories={name: place + 1 for place, name in enumerate(CATEGORIES)},
            grids=GRIDS,
            minutes=span,
            volumes=volumes.with_total(now, columns.volume.astype(np.float32)),
            legs=_legs(columns, event_volume),
            pairs=self._pairs(columns) if self.pairs_proven else (),
        )

    def _pairs(self, columns: Columns) -> tuple[Pair, ...]:
        world = self.world
        slot, rest = self.known >> 32, self.known & 0xFFFFFFFF
        here = np.flatnonzero((world.twin[slot] >= 0) & (world.venue[slot] != KALSHI))
        there = rows_of(self.known, (world.twin[slot[here]] << 32) | rest[here])
        both = [(first, second) for first, second in zip(here.tolist(), there.tolist(), strict=True) if second >= 0]
        numbers = [(int(self.numbers[first]), int(self.numbers[second])) for first, second in both]
        opened = set(columns.market_no.tolist())
        return tuple(
            Pair(place, first, second, inverted=False)
            for place, (first, second) in enumerate(numbers, 1)
            if first in opened and second in opened
        )


def _legs(columns: Columns, volume: Floats) -> EventLegs:
    """`volume` is of the whole event, for each row: of legs too that are not stored."""
    exclusive = np.flatnonzero(columns.exclusive == 1)
    event, first, back = np.unique(columns.event[exclusive], return_index=True, return_inverse=True)
    stored: Ints = np.bincount(back, minlength=len(event)).astype(np.int64)
    stored_volume: Floats = np.bincount(back, columns.volume[exclusive], minlength=len(event)).astype(np.float64)
    return EventLegs(event, stored, np.zeros(len(event), dtype=np.int64), volume[exclusive][first], stored_volume)


def _truth(quotes: Quotes, kept: Ints) -> Truth:
    plantings, row = quotes.plantings, quotes.markets.row
    kind = np.where(plantings.running, plantings.kind, 0)[row][kept]
    path = quotes.markets.events.world.path[quotes.markets.events.slot][row][kept]
    generation = quotes.markets.events.generation[row][kept]
    return Truth(
        fair=quotes.fair[kept],
        payout=quotes.odds.payout[kept],
        kind=kind,
        path=(path << 24) | generation,
    )
