"""Mean reversion bets on the return of a price that jumped far without the volume of news."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from services.strategy.domain.mean_reversion import MeanReversionConfig, signals
from services.strategy.domain.signals import Opinion
from tests.strategy import build

JUMP = [*build.rough(0.36, 115, 0.005), 0.51, 0.51, 0.51, 0.51, 0.51]
DROP = [*build.rough(0.66, 115, 0.005), 0.51, 0.51, 0.51, 0.51, 0.51]


def asked(past: list[float], *positions: Any, facts: dict[str, Any] | None = None, **config: Any) -> Opinion:
    pool = build.pool(build.market(1, **(facts or {})), past={1: past}, traded=200.0)
    return signals(pool, build.portfolio(*positions), MeanReversionConfig(**config), build.NOW)


def test_after_a_jump_the_other_side_is_bought() -> None:
    opinion = asked(JUMP)

    [signal] = opinion.signals
    assert signal.action == "buy_no"
    assert signal.limit_price == Decimal("0.52")
    assert signal.probability == pytest.approx(Decimal("0.417"), abs=Decimal("0.004"))
    assert signal.reason.startswith("Jumped from 35.5 to 51.0 points, 5 minutes ago")


def test_after_a_drop_yes_is_bought() -> None:
    [signal] = asked(DROP).signals

    assert signal.action == "buy_yes"
    assert signal.limit_price == Decimal("0.54")


@pytest.mark.parametrize(
    ("reason", "past", "facts", "config"),
    [
        ("no_overshoot", build.rough(0.51, 120), {}, {}),
        ("no_overshoot", build.straight(0.36, 0.51, 120), {}, {}),
        (
            "no_overshoot",
            [*build.rough(0.36, 115, 0.005), 0.66, 0.60, 0.55, 0.41, 0.39],
            {"yes_bid": 0.36, "yes_ask": 0.38},
            {},
        ),
        ("no_overshoot", [*build.rough(0.36, 60, 0.005), *[0.51] * 60], {}, {}),
        ("price_not_extreme", build.rough(0.51, 120), {}, {"extreme_price_threshold": "0.85"}),
        ("news_like_volume", JUMP, {}, {"max_volume_ratio": "0.5"}),
        ("closes_too_soon", JUMP, {"closes_at": build.NOW.timestamp() + 3_000}, {}),
        ("conviction_too_low", JUMP, {}, {"min_conviction": "0.1"}),
        ("no_history", [np.nan] * 120, {}, {}),
        ("edge_too_small_after_fees", JUMP, {}, {"reversion": "0.1"}),
    ],
)
def test_what_is_no_overshoot_is_counted(
    reason: str, past: list[float], facts: dict[str, Any], config: dict[str, Any]
) -> None:
    opinion = asked(past, facts=facts, **config)

    assert opinion.signals == []
    assert opinion.abstentions == {reason: 1}


def test_a_price_that_went_beyond_the_threshold_has_overshot_at_any_z() -> None:
    past = [*build.rough(0.80, 110, 0.02), *[0.88] * 10]
    facts = {"yes_bid": 0.90, "yes_ask": 0.91, "last_price": 0.9}

    without = asked(past, facts=facts, min_edge=0)
    with_it = asked(past, facts=facts, min_edge=0, extreme_price_threshold="0.85")

    assert without.signals == []
    [signal] = with_it.signals
    assert signal.action == "buy_no"


def test_a_jump_in_favour_of_what_is_held_sells_it() -> None:
    [sale] = asked(JUMP, build.held(outcome="yes")).signals
    against = asked(JUMP, build.held(outcome="no"))

    assert (sale.action, sale.quantity) == ("sell_yes", Decimal(100))
    assert "in its favour" in sale.reason
    assert against.signals == []
    assert against.abstentions == {"already_held": 1}
