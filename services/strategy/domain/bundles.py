"""Bundles: sides of markets that together pay a known sum, found in the whole pool at once and priced after fees."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.strategy.domain.columns import NO, POLYMARKET, YES, Flags, Floats, Ints, rows_of
from services.strategy.domain.pool import Pool

Kind = Literal["market", "yes_set", "no_set", "pair"]


@dataclass(frozen=True, slots=True)
class Bundle:
    kind: Kind
    rows: tuple[int, ...]
    yes: tuple[bool, ...]  # the side of each row
    pays: int  # dollars, whatever happens
    edge: float  # dollars of each bundle after fees
    proven: bool = True  # False: the venue does not say that one of the set must win


@dataclass(frozen=True, slots=True)
class Bundles:
    """The worthwhile ones, best first, and what is known of all other rows."""

    found: tuple[Bundle, ...]
    incomplete: Flags  # rows of one-winner events of which not every leg can be bought
    crossing_lookalikes: Flags  # rows of contracts that read alike, that nobody has proven, and whose prices cross


def bundles_of(pool: Pool) -> Bundles:
    return pool.once("bundles", lambda: _bundles(pool))


def _bundles(pool: Pool) -> Bundles:
    columns = pool.columns
    yes_cost = columns.yes_ask + pool.fee(columns.yes_ask)
    no_price = 1 - columns.yes_bid
    no_cost = no_price + pool.fee(no_price)
    sound = pool.tradable
    yes_cost, no_cost = np.where(sound, yes_cost, np.nan), np.where(sound, no_cost, np.nan)
    found = _both_sides(yes_cost, no_cost)
    incomplete = np.zeros(len(pool), dtype=np.bool_)
    for rows in _exclusive_events(pool):
        found += _set_of_no(rows, no_cost[rows])
        if _complete(pool, rows):
            found += _set_of_yes(pool, rows, yes_cost[rows])
        else:
            incomplete[rows] = True
    found += _pairs(pool, yes_cost, no_cost)
    crossing = _crossing_lookalikes(pool, yes_cost, no_cost)
    return Bundles(tuple(sorted(found, key=lambda bundle: -bundle.edge)), incomplete, crossing)


def _both_sides(yes_cost: Floats, no_cost: Floats) -> list[Bundle]:
    edge = 1 - yes_cost - no_cost
    rows = np.flatnonzero(edge > 0)
    return [Bundle("market", (row, row), (True, False), 1, float(edge[row])) for row in rows.tolist()]


def _exclusive_events(pool: Pool) -> list[Ints]:
    """The rows of each event of which at most one market ends yes, where they are two or more."""
    columns = pool.columns
    exclusive = np.flatnonzero((columns.exclusive == YES) & (columns.event != 0))
    order = exclusive[np.argsort(columns.event[exclusive], kind="stable")]
    cuts = np.flatnonzero(np.diff(columns.event[order])) + 1
    return [rows for rows in np.split(order, cuts) if len(rows) > 1]


def _set_of_no(rows: Ints, cost: Floats) -> list[Bundle]:
    """At most one of them loses, so every one that costs less than a dollar adds to the gain."""
    chosen = np.flatnonzero(cost < 1)
    edge = float((1 - cost[chosen]).sum()) - 1
    if len(chosen) < 2 or not edge > 0:
        return []
    legs = tuple(rows[chosen].tolist())
    return [Bundle("no_set", legs, (False,) * len(legs), len(legs) - 1, edge)]


def _set_of_yes(pool: Pool, rows: Ints, cost: Floats) -> list[Bundle]:
    edge = 1 - float(cost.sum())
    if not edge > 0:  # nan: a leg without an offer or without known fees
        return []
    columns = pool.columns
    said = bool((columns.exhaustive[rows] == YES).all())
    by_venue = bool((columns.platform[rows] == POLYMARKET).all() & (columns.exhaustive[rows] != NO).all())
    return [Bundle("yes_set", tuple(rows.tolist()), (True,) * len(rows), 1, edge, proven=said or by_venue)]


def _complete(pool: Pool, rows: Ints) -> bool:
    """Every leg that has not lost already stands in the pool, open and with an offer; and no number of a leg is
    missing where the venue numbers them."""
    columns, legs = pool.columns, pool.legs
    if not pool.tradable[rows].all() or np.isnan(columns.yes_ask[rows]).any() or legs is None:
        return False
    place = int(rows_of(legs.event, columns.event[rows[:1]])[0])
    if place < 0 or legs.untradable[place] > 0:
        return False
    return int(columns.place[rows].max()) < int(legs.stored[place])


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
