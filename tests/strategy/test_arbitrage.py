"""Arbitrage buys what costs less than it pays: all legs, equal numbers, and never a set that might pay nothing."""

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.strategy.domain.arbitrage import ArbitrageConfig, signals
from services.strategy.domain.pool import Pair, Pool
from services.strategy.domain.signals import Opinion, Signal
from tests.strategy import build
from tests.strategy.build import exclusive_set


def asked(pool: Pool, *positions: Any, cash: str = "10000", **config: Any) -> Opinion:
    return signals(pool, build.portfolio(*positions, cash=cash), ArbitrageConfig(**config), build.NOW)


def cost_of(pool: Pool, group: list[Signal], *, at_limit: bool) -> Decimal:
    """Of one of each leg, with fees."""
    total = Decimal(0)
    for signal in group:
        row = int(pool.rows([signal.market_no])[0])
        yes_ask, yes_bid = pool.columns.yes_ask[row], pool.columns.yes_bid[row]
        best = Decimal(str(round(yes_ask if signal.action == "buy_yes" else 1 - yes_bid, 6)))
        price = signal.limit_price if at_limit else best
        rate = Decimal(str(round(float(pool.fee_rate[row]), 6)))
        total += price + rate * price * (1 - price)
    return total


def test_all_legs_of_a_set_that_is_too_cheap_are_bought_together() -> None:
    pool = build.pool(*exclusive_set([0.30, 0.40, 0.15], liquidity=4_000.0))

    opinion = asked(pool)

    assert [signal.action for signal in opinion.signals] == ["buy_yes"] * 3
    assert {signal.quantity for signal in opinion.signals} == {Decimal(200)}  # a twentieth of the liquidity
    assert len({signal.group_id for signal in opinion.signals}) == 1
    assert all(signal.amount is None and signal.order_kind == "ioc" for signal in opinion.signals)
    assert cost_of(pool, opinion.signals, at_limit=True) <= Decimal("0.99")
    assert opinion.signals[0].reason == (
        "Yes of all 3 markets of a set of which one wins cost 0.8731 with fees and pay 1: 200 of each."
    )


def test_no_of_all_legs_is_bought_where_the_bids_sum_to_more_than_one() -> None:
    pool = build.pool(*exclusive_set([0.45, 0.45, 0.35]))

    opinion = asked(pool)

    assert [signal.action for signal in opinion.signals] == ["buy_no"] * 3
    assert cost_of(pool, opinion.signals, at_limit=True) <= Decimal("1.99")


def test_no_needs_no_complete_set_because_at_most_one_of_the_legs_loses() -> None:
    rows = exclusive_set([0.60, 0.60, 0.10], platform=1, yes_bid_size=300.0, liquidity=np.nan, fee_rate=1.0)
    pool = build.pool(*rows, stored={77: 9}, untradable={77: 4})

    opinion = asked(pool)

    assert [signal.action for signal in opinion.signals] == ["buy_no"] * 3
    assert {signal.quantity for signal in opinion.signals} == {Decimal(300)}


@pytest.mark.parametrize(
    ("world", "why"),
    [
        ({"untradable": {77: 1}}, "a leg that is closed and may still win"),
        ({"volume": {77: 1.01}}, "an event that has traded more than its stored legs"),
        ({"volume": {77: float("nan")}}, "an event of which nobody says how much it has traded"),
        ({"stored": {77: 2}}, "a leg whose number says that others came before it which nobody stored"),
    ],
)
def test_yes_of_a_set_that_is_not_complete_is_never_bought(world: dict[str, Any], why: str) -> None:
    opinion = asked(build.pool(*exclusive_set([0.30, 0.40, 0.15]), **world))

    assert opinion.signals == [], why
    assert opinion.abstentions == {"set_not_complete": 3}


def test_a_placeholder_or_a_leg_without_an_offer_leaves_the_set_incomplete() -> None:
    unnamed = exclusive_set([0.30, 0.40, 0.15])
    unnamed[2] |= {"placeholder": 1}
    silent = exclusive_set([0.30, 0.40, 0.15])
    silent[2] |= {"yes_ask": np.nan}

    assert asked(build.pool(*unnamed)).abstentions == {"set_not_complete": 2, "market_closed": 1}
    assert asked(build.pool(*silent)).abstentions == {"set_not_complete": 2, "no_quote": 1}


def test_legs_that_have_lost_already_are_no_hindrance() -> None:
    pool = build.pool(*exclusive_set([0.30, 0.40, 0.15]), stored={77: 5})

    assert len(asked(pool).signals) == 3


def test_a_set_of_kalshi_may_end_without_a_winner_and_is_bought_only_by_who_accepts_that() -> None:
    rows = exclusive_set([0.30, 0.40, 0.15], platform=1, yes_ask_size=50.0, liquidity=np.nan, fee_rate=1.0, place=-1)

    careful, bold = asked(build.pool(*rows)), asked(build.pool(*rows), accept_open_sets=True)
    said = asked(build.pool(*[row | {"exhaustive": 1} for row in rows]))

    assert careful.signals == []
    assert careful.abstentions == {"set_not_complete": 3}
    assert [signal.confidence for signal in bold.signals] == [Decimal("0.9")] * 3
    assert [signal.confidence for signal in said.signals] == [Decimal(1)] * 3


def test_both_sides_of_one_crossed_market_are_bought() -> None:
    pool = build.pool(build.kalshi(1, yes_bid=0.60, yes_ask=0.50))

    opinion = asked(pool)

    assert [signal.action for signal in opinion.signals] == ["buy_yes", "buy_no"]
    assert {signal.market_no for signal in opinion.signals} == {1}


def crossed(inverted: bool) -> list[build.Row]:
    there = {"yes_bid": 0.59, "yes_ask": 0.60} if not inverted else {"yes_bid": 0.40, "yes_ask": 0.41}
    return [build.market(1, yes_bid=0.49, yes_ask=0.50), build.kalshi(2, **there)]


@pytest.mark.parametrize(("inverted", "there"), [(False, "buy_no"), (True, "buy_yes")])
def test_a_proven_pair_is_bought_from_both_sides_inverted_or_not(inverted: bool, there: str) -> None:
    pool = build.pool(*crossed(inverted), pairs=[Pair(1, 1, 2, inverted)])

    opinion = asked(pool)

    assert [(signal.market_no, signal.action) for signal in opinion.signals] == [(1, "buy_yes"), (2, there)]
    assert cost_of(pool, opinion.signals, at_limit=True) < 1


def test_of_an_inverted_pair_equal_prices_are_no_gain() -> None:
    rows = [build.market(1, yes_bid=0.20, yes_ask=0.21), build.kalshi(2, yes_bid=0.79, yes_ask=0.80)]

    inverted = asked(build.pool(*rows, pairs=[Pair(1, 1, 2, inverted=True)]))
    straight = asked(build.pool(*rows, pairs=[Pair(1, 1, 2, inverted=False)]))

    assert inverted.signals == []
    assert len(straight.signals) == 2


def test_contracts_that_read_alike_are_counted_and_never_bought() -> None:
    opinion = asked(build.pool(*crossed(False), lookalikes=[(1, 2)]))

    assert opinion.signals == []
    assert opinion.abstentions == {"pair_not_proven": 2}


@pytest.mark.parametrize(
    ("reason", "facts", "config", "cash"),
    [
        ("liquidity_too_low", {"liquidity": 20.0}, {}, "10000"),
        ("liquidity_unknown", {"liquidity": np.nan}, {}, "10000"),
        ("insufficient_cash", {}, {}, "3"),
        ("max_position_size", {}, {"max_position_size": "0.5"}, "10000"),
        ("max_position_size", {}, {"max_group_cost": "2"}, "10000"),
        ("max_positions", {}, {"max_positions": 2}, "10000"),
        ("max_signals", {}, {"max_signals": 2}, "10000"),
        ("max_exposure", {}, {"max_exposure": "0.0002"}, "10000"),
        ("edge_too_small_after_fees", {}, {"min_edge": "0.2"}, "10000"),
        ("edge_too_small_after_fees", {}, {"set_cost_min": "0.9"}, "10000"),
        ("fees_unknown", {"fee_rate": np.nan, "platform": 1, "exhaustive": 1}, {}, "10000"),
        ("tick_unknown", {"grid": 999}, {}, "10000"),
    ],
)
def test_what_stops_a_group_is_counted_for_all_its_legs(
    reason: str, facts: dict[str, Any], config: dict[str, Any], cash: str
) -> None:
    opinion = asked(build.pool(*exclusive_set([0.30, 0.40, 0.15], **facts)), cash=cash, **config)

    assert opinion.signals == []
    expected = "edge_too_small_after_fees" if reason == "fees_unknown" else reason
    assert opinion.abstentions == {expected: 3}


def test_a_held_leg_or_one_that_a_filter_is_against_spares_the_whole_group() -> None:
    rows = exclusive_set([0.30, 0.40, 0.15])

    held = asked(build.pool(*rows), build.held(1))
    unwanted = asked(build.pool(*rows[:2], rows[2] | {"liquidity": 5.0}), min_liquidity=100)

    assert held.signals == []
    assert held.abstentions["already_held"] == 1
    assert unwanted.signals == []
    assert unwanted.abstentions["liquidity_too_low"] == 1


def test_the_best_groups_come_first_and_the_cash_is_spent_once() -> None:
    poor = exclusive_set([0.30, 0.40, 0.20], first=1, event=70)
    rich = exclusive_set([0.28, 0.32, 0.22], first=11, event=71)

    opinion = asked(build.pool(*poor, *rich), cash="200")

    groups = Counter(signal.group_id for signal in opinion.signals)
    assert list(groups.values()) == [3]
    assert {signal.market_no for signal in opinion.signals} == {11, 12, 13}
    assert opinion.abstentions == {"insufficient_cash": 3}


prices = st.integers(1, 60).map(lambda cents: cents / 100)


@settings(max_examples=80, deadline=None)
@given(
    asks=st.lists(prices, min_size=2, max_size=6),
    sizes=st.lists(st.floats(1, 5_000), min_size=6, max_size=6),
    cash=st.integers(1, 20_000),
    tick=st.sampled_from([build.CENT, 10, build.TAPERED]),
)
def test_a_group_earns_whatever_the_book_does_within_its_limits(
    asks: list[float], sizes: list[float], cash: int, tick: int
) -> None:
    rows = [
        row | {"yes_ask_size": round(size, 2), "yes_bid_size": round(size, 2), "grid": tick}
        for row, size in zip(exclusive_set(asks, spread=0.0), sizes, strict=False)
    ]
    rows = [row | {"yes_bid": max(row["yes_ask"] - 0.01, 0.01)} for row in rows]
    pool = build.pool(*rows)

    opinion = asked(pool, cash=str(cash))

    pays = {"buy_yes": 1, "buy_no": len(opinion.signals) - 1}
    if opinion.signals:
        [quantity] = {signal.quantity for signal in opinion.signals}
        assert quantity is not None
        assert quantity == int(quantity) > 0
        assert float(quantity) <= min(sizes[: len(rows)])
        assert cost_of(pool, opinion.signals, at_limit=True) <= pays[opinion.signals[0].action] - Decimal("0.0099")
        assert cost_of(pool, opinion.signals, at_limit=True) * quantity <= cash
        for signal in opinion.signals:
            side = signal.limit_price if signal.action == "buy_yes" else 1 - signal.limit_price
            assert build.GRIDS[tick].holds(side)
