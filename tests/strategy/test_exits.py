"""Getting out: each reason for it, what it asks for, and that it never takes the place of an entry."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from services.strategy.domain.baseline import BaselineConfig, signals
from services.strategy.domain.signals import Held, Opinion
from tests.strategy import build

CLOSE = build.NOW.timestamp()


def asked(
    *positions: Held, facts: dict[str, Any] | None = None, waiting: tuple[int, ...] = (), **config: Any
) -> Opinion:
    pool = build.pool(build.market(1, **(facts or {})))
    return signals(pool, build.portfolio(*positions, waiting=waiting), BaselineConfig(**config), build.NOW)


@pytest.mark.parametrize(
    ("config", "facts", "position", "words"),
    [
        ({"stop_loss": "0.2"}, {}, build.held(cost="62.5"), "stop-loss, it could be sold for 20.0% less than it cost"),
        ({"take_profit": "0.25"}, {}, build.held(cost="40"), "take-profit, it can be sold for 25.0% more than it cost"),
        ({"max_holding_days": "2"}, {}, build.held(days=2.0), "held for 2.0 days"),
        (
            {"exit_minutes_before_close": 30},
            {"closes_at": CLOSE + 1_800},
            build.held(),
            "the market closes in 30 minutes",
        ),
        ({"exit_minutes_before_close": 30}, {"closes_at": CLOSE - 60}, build.held(), "the market is past its close"),
    ],
)
def test_a_position_is_sold_for_each_reason_that_the_configuration_names(
    config: dict[str, Any], facts: dict[str, Any], position: Held, words: str
) -> None:
    [sale] = asked(position, facts=facts, **config).signals
    nothing = asked(position, facts=facts)

    assert (sale.action, sale.quantity, sale.amount) == ("sell_yes", Decimal(100), None)
    assert sale.limit_price == Decimal("0.48")  # the bid of 0.50 less two cents
    assert sale.reason == f"Sells yes: {words}."
    assert nothing.signals == []


def test_no_is_sold_at_the_price_of_no() -> None:
    [sale] = asked(build.held(outcome="no", cost="80"), stop_loss="0.3").signals

    assert sale.action == "sell_no"
    assert sale.limit_price == Decimal("0.46")  # somebody asks 0.52 for yes, so no can be sold at 0.48


@pytest.mark.parametrize(
    "config",
    [{"stop_loss": "0.21"}, {"take_profit": "0.26"}, {"max_holding_days": "1.1"}, {"exit_minutes_before_close": 29}],
)
def test_a_bound_that_is_not_reached_sells_nothing(config: dict[str, Any]) -> None:
    facts = {"closes_at": CLOSE + 1_800}

    assert asked(build.held(cost="62.5"), facts=facts, **config).signals == []


def test_a_position_that_nobody_bids_for_is_counted_and_one_that_is_not_open_is_left_to_the_settlement() -> None:
    silent = asked(build.held(days=5), facts={"yes_bid": np.nan}, max_holding_days=1)
    closed = asked(build.held(number=9, days=5), max_holding_days=1)

    assert silent.signals == []
    assert silent.abstentions["no_quote"] == 1
    assert closed.signals == []


def test_an_order_that_waits_is_not_doubled_by_a_sale() -> None:
    assert asked(build.held(days=5), waiting=(1,), max_holding_days=1).signals == []


def test_exits_do_not_count_against_the_entries_of_a_cycle() -> None:
    pool = build.pool(*(build.market(number) for number in range(1, 8)))
    held = [build.held(number, days=5) for number in (1, 2, 3)]
    config = BaselineConfig(entrant="favourite", pick_share=Decimal(1), max_holding_days=Decimal(1), max_signals=2)

    opinion = signals(pool, build.portfolio(*held), config, build.NOW)

    actions = [signal.action for signal in opinion.signals]
    assert actions == ["sell_yes"] * 3 + ["buy_yes"] * 2
    assert opinion.abstentions["max_signals"] == 2


def test_a_limit_order_of_an_exit_expires_with_its_time() -> None:
    [sale] = asked(build.held(days=5), max_holding_days=1, order="limit", order_minutes=30).signals

    assert sale.order_kind == "limit"
    assert sale.expires_at == replace(sale).expires_at
    assert sale.expires_at is not None
    assert (sale.expires_at - build.NOW).total_seconds() == 1_800
