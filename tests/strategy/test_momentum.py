"""Momentum buys what goes one way in small steps while people trade, and nothing else."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from services.strategy.domain.momentum import MomentumConfig, signals
from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Opinion
from tests.strategy import build

RISE = [*build.rough(0.40, 105), *build.straight(0.40, 0.51, 15)]
FALL = [*build.rough(0.62, 105), *build.straight(0.62, 0.51, 15)]


def asked(pool: Pool, *positions: Any, **config: Any) -> Opinion:
    return signals(pool, build.portfolio(*positions), MomentumConfig(**config), build.NOW)


def rising(**facts: Any) -> Pool:
    return build.pool(build.market(1, **facts), past={1: RISE}, traded=400.0)


def test_a_steady_rise_is_bought_with_a_reason_that_can_be_read() -> None:
    opinion = asked(rising())

    [signal] = opinion.signals
    assert signal.action == "buy_yes"
    assert signal.amount == Decimal(100)
    assert signal.limit_price == Decimal("0.54")
    assert signal.probability is not None
    assert Decimal("0.53") < signal.probability < Decimal("0.65")
    assert signal.reason.startswith("Rose 11.0 points in 15 minutes, 3.9 times its own volatility, on 1.9 times")


def test_a_steady_fall_buys_no_at_the_price_of_no() -> None:
    opinion = asked(build.pool(build.market(1), past={1: FALL}, traded=400.0))

    [signal] = opinion.signals
    assert signal.action == "buy_no"
    assert signal.limit_price == Decimal("0.52")  # no is offered at 1 - 0.50, and a fill may be two cents dearer
    assert signal.probability is not None
    assert signal.probability < Decimal("0.5")


@pytest.mark.parametrize(
    ("reason", "past", "facts", "config"),
    [
        ("conviction_too_low", RISE, {}, {"min_conviction": "0.2"}),
        ("closes_too_soon", RISE, {"closes_at": build.NOW.timestamp() + 20 * 60}, {}),
        ("closes_too_soon", RISE, {"resolves_at": build.NOW.timestamp() + 20 * 60}, {}),
        ("move_too_small", build.rough(0.51, 120), {}, {}),
        ("move_too_small", RISE, {}, {"min_z": 10}),
        ("move_too_small", RISE, {}, {"min_move": "0.2"}),
        ("move_too_rough", [*build.rough(0.40, 105, 0.001), *build.straight(0.40, 0.51, 15)], {}, {}),
        ("move_too_rough", [*[0.40] * 105, *build.straight(0.40, 0.51, 15)], {}, {}),
        ("not_confirmed_by_volume", RISE, {}, {"min_volume_ratio": 50}),
        ("edge_too_small_after_fees", RISE, {}, {"continuation": "0.05"}),
        ("fees_unknown", RISE, {"fee_rate": np.nan, "platform": 1}, {}),
        ("tick_unknown", RISE, {"grid": 999}, {}),
    ],
)
def test_what_momentum_wants_and_does_not_find_is_counted(
    reason: str, past: list[float], facts: dict[str, Any], config: dict[str, Any]
) -> None:
    pool = build.pool(build.market(1, **facts), past={1: past}, traded=400.0)

    opinion = asked(pool, **config)

    assert opinion.signals == []
    assert opinion.abstentions == {reason: 1}


def test_without_a_known_volume_a_move_is_not_confirmed() -> None:
    pool = build.pool(build.market(1), past={1: RISE})

    assert asked(pool).abstentions == {"not_confirmed_by_volume": 1}
    assert len(asked(pool, min_volume_ratio=0).signals) == 1


def test_a_market_without_a_past_and_a_collection_with_a_gap_say_no_history() -> None:
    young = build.pool(build.market(1), past={1: [np.nan] * 120}, traded=400.0)
    gap = rising()
    assert gap.minutes is not None
    gap.minutes.heard[-25:] = False

    assert asked(young).abstentions == {"no_history": 1}
    assert asked(gap).abstentions == {"no_history": 1}


def test_what_is_held_is_not_bought_again_and_sold_when_the_rule_turns() -> None:
    up, down = rising(), build.pool(build.market(1), past={1: FALL}, traded=400.0)

    same = asked(up, build.held(outcome="yes"))
    turned = asked(down, build.held(outcome="yes"))

    assert same.signals == []
    assert same.abstentions == {"already_held": 1}
    [sale] = turned.signals
    assert (sale.action, sale.quantity, sale.limit_price) == ("sell_yes", Decimal(100), Decimal("0.48"))
    assert "the other way" in sale.reason
    assert asked(down, build.held(outcome="yes"), exit_on_reversal=False).signals == []


def test_a_long_look_back_is_measured_by_the_hour() -> None:
    pool = rising()
    hours = build.minutes(pool.columns, {1: [*build.rough(0.40, 36), *build.straight(0.40, 0.51, 12)]})
    by_hour = Pool(
        pool.columns,
        pool.loaded_at,
        pool.categories,
        pool.grids,
        minutes=None,
        hours=type(hours)(int(build.NOW.timestamp() // 3600) - 1, hours.closes[-48:], hours.heard[-48:]),
        volumes=pool.volumes,
    )

    opinion = asked(by_hour, lookback_minutes=720)

    [signal] = opinion.signals
    assert "in 720 minutes" in signal.reason
