"""Bundles: sides of markets that together pay a known sum, found in the whole pool at once and priced after fees."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from services.strategy.domain.columns import KALSHI, NO, POLYMARKET, YES, Flags, Floats, Ints, rows_of
from services.strategy.domain.filters import NEARLY
from services.strategy.domain.pool import Pool

VOLUME_MISSING_MAX = 0.001  # of an event's volume: so much can lie between two looks at it

Kind = Literal["market", "yes_set", "no_set", "pair"]


@dataclass(frozen=True, slots=True)
class Bundle:
    kind: Kind
    rows: tuple[int, ...]
    yes: tuple[bool, ...]  # the side of each row
    pays: int  # dollars, whatever happens
    edge: float  # dollars of each bundle after fees
    proven: bool = True  # False: the venue does not say that one of the set must win


@dataclass(frozen=True)
class Bundles:
    """The worthwhile ones, best first, and what is known of all other rows."""

    found: tuple[Bundle, ...]
    incomplete: Flags  # rows of one-winner events of which not every leg can be bought, or none has to win
    crossing_lookalikes: Flags  # rows of contracts that read alike, that nobody has proven, and whose prices cross

    @cached_property
    def edge(self) -> Floats:
        return np.array([bundle.edge for bundle in self.found], dtype=np.float64)

    @cached_property
    def proven(self) -> Flags:
        return np.array([bundle.proven for bundle in self.found], dtype=np.bool_)

    @cached_property
    def rows(self) -> Ints:
        """Of all bundles, one after the other."""
        return np.array([row for bundle in self.found for row in bundle.rows], dtype=np.int64)

    @cached_property
    def starts(self) -> Ints:
        """Where each bundle's rows begin in `rows`."""
        size = np.array([len(bundle.rows) for bundle in self.found], dtype=np.int64)
        return np.cumsum(size) - size

    @cached_property
    def set_cost(self) -> Floats:
        """What sets of yes cost; 1 for all others."""
        return np.array([1 - bundle.edge if bundle.kind == "yes_set" else 1 for bundle in self.found], dtype=np.float64)

    def acceptable(self, edge_min: float, set_cost_min: float, unproven_too: bool, alive: Flags) -> list[Bundle]:
        """Those with enough edge of which every leg may be entered."""
        if not self.found:
            return []
        good = np.logical_and.reduceat(alive[self.rows], self.starts) & (self.edge >= edge_min - NEARLY)
        good &= (self.proven | unproven_too) & (self.set_cost >= set_cost_min)
        return [self.found[place] for place in np.flatnonzero(good).tolist()]


def bundles_of(pool: Pool) -> Bundles:
    return pool.once("bundles", lambda: _bundles(pool))


def _bundles(pool: Pool) -> Bundles:
    columns = pool.columns
    yes_cost = columns.yes_ask + pool.fee(columns.yes_ask)
    no_price = 1 - columns.yes_bid
    no_cost = no_price + pool.fee(no_price)
    sound = pool.tradable
    yes_cost, no_cost = np.where(sound, yes_cost, np.nan), np.where(sound, no_cost, np.nan)
    sets, incomplete = _sets(pool, yes_cost, no_cost)
    found = [*_both_sides(yes_cost, no_cost), *sets, *_pairs(pool, yes_cost, no_cost)]
    crossing = _crossing_lookalikes(pool, yes_cost, no_cost)
    found.sort(key=lambda bundle: (-bundle.edge, bundle.rows))
    return Bundles(tuple(found), incomplete, crossing)


def _sets(pool: Pool, yes_cost: Floats, no_cost: Floats) -> tuple[list[Bundle], Flags]:
    """Of the events of which at most one market ends yes: yes of all their legs, and no of those that add to a gain."""
    columns, incomplete = pool.columns, np.zeros(len(pool), dtype=np.bool_)
    exclusive = np.flatnonzero((columns.exclusive == YES) & (columns.event != 0))
    if not len(exclusive):
        return [], incomplete
    order = exclusive[np.argsort(columns.event[exclusive], kind="stable")]
    event, starts, size = np.unique(columns.event[order], return_index=True, return_counts=True)
    yes_edge = 1 - np.add.reduceat(yes_cost[order], starts)  # nan where a leg has no offer or no known fee
    gains = np.where(no_cost[order] < 1, 1 - no_cost[order], 0)
    no_edge = np.add.reduceat(gains, starts) - 1
    complete = _complete(pool, order, event, starts) & (size > 1)
    proven = _one_must_win(pool, order, starts)
    found = []
    for place in np.flatnonzero((no_edge > 0) | (complete & (yes_edge > 0))).tolist():
        rows = order[starts[place] : starts[place] + size[place]]
        if complete[place] and yes_edge[place] > 0:
            legs = tuple(rows.tolist())
            sides = (True,) * len(legs)
            found.append(Bundle("yes_set", legs, sides, 1, float(yes_edge[place]), bool(proven[place])))
        if no_edge[place] > 0:
            legs = tuple(rows[no_cost[rows] < 1].tolist())
            found.append(Bundle("no_set", legs, (False,) * len(legs), len(legs) - 1, float(no_edge[place])))
    incomplete[order] = np.repeat(~complete | ~proven, size) & np.repeat(size > 1, size)
    return found, incomplete


def _complete(pool: Pool, order: Ints, event: Ints, starts: Ints) -> Flags:
    """Every leg that has not lost already stands in the pool, open and with an offer. Legs that nobody stored show in
    the numbers of the others, where the venue numbers them, and in the event's volume, where it says it."""
    columns, legs = pool.columns, pool.legs
    if legs is None or not len(legs.event):
        return np.zeros(len(event), dtype=np.bool_)
    offered = np.logical_and.reduceat(pool.tradable[order] & ~np.isnan(columns.yes_ask[order]), starts)
    place = rows_of(legs.event, event)
    known = (place >= 0) & (legs.untradable[place] == 0)
    numbered = np.maximum.reduceat(columns.place[order], starts) < legs.stored[place]
    whole = legs.stored_volume[place] >= legs.volume[place] * (1 - VOLUME_MISSING_MAX)
    # Only listings of Polymarket are thinned by liquidity, and only its events say their volume.
    by_volume = whole | (np.maximum.reduceat(columns.platform[order], starts) == KALSHI)
    result: Flags = offered & known & numbered & by_volume
    return result


def _one_must_win(pool: Pool, order: Ints, starts: Ints) -> Flags:
    """As the venue says, or, on Polymarket, because of its one-winner events exactly one wins."""
    columns = pool.columns
    said = np.minimum.reduceat(columns.exhaustive[order], starts) == YES
    polymarket = np.maximum.reduceat(columns.platform[order], starts) == POLYMARKET
    result: Flags = said | (polymarket & (np.add.reduceat(columns.exhaustive[order] == NO, starts) == 0))
    return result


def _both_sides(yes_cost: Floats, no_cost: Floats) -> list[Bundle]:
    edge = 1 - yes_cost - no_cost
    rows = np.flatnonzero(edge > 0)
    return [Bundle("market", (row, row), (True, False), 1, float(edge[row])) for row in rows.tolist()]


def _pairs(pool: Pool, yes_cost: Floats, no_cost: Floats) -> list[Bundle]:
    found = []
    for pair in pool.pairs:
        first, second = pool.rows([pair.polymarket_no, pair.kalshi_no]).tolist()
        if first < 0 or second < 0:
            continue
        for yes in (True, False):
            there = yes if pair.inverted else not yes
            cost = (yes_cost if yes else no_cost)[first] + (yes_cost if there else no_cost)[second]
            if cost < 1:
                found.append(Bundle("pair", (first, second), (yes, there), 1, float(1 - cost)))
    return found


def _crossing_lookalikes(pool: Pool, yes_cost: Floats, no_cost: Floats) -> Flags:
    crossing = np.zeros(len(pool), dtype=np.bool_)
    if not pool.lookalikes:
        return crossing
    proven = {(pair.polymarket_no, pair.kalshi_no) for pair in pool.pairs}
    unproven = np.array([pair for pair in pool.lookalikes if pair not in proven], dtype=np.int64).reshape(-1, 2)
    first, second = rows_of(pool.columns.market_no, unproven[:, 0]), rows_of(pool.columns.market_no, unproven[:, 1])
    there = (first >= 0) & (second >= 0)
    first, second = first[there], second[there]
    crossed = np.fmin(yes_cost[first] + no_cost[second], no_cost[first] + yes_cost[second]) < 1
    crossing[first[crossed]] = crossing[second[crossed]] = True
    return crossing
