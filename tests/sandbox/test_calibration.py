"""Prices mean what they say: of many markets at 0.7 about 70 % end yes, and a mid-price trader gains nothing."""

import numpy as np
import pytest

from services.sandbox.domain.chance import Flags, Floats
from tests.sandbox import build

# Standard errors that chance exceeds less than once in a million tests of one bin.
BOUND = 4.9
BINS = ((0.05, 0.15), (0.15, 0.25), (0.25, 0.35), (0.35, 0.5), (0.5, 0.65), (0.65, 0.75), (0.75, 0.85), (0.85, 0.95))

SEEN = build.looks()
ELAPSED = build.moments(SEEN, 0.03, 0.97)
QUOTES = SEEN.at(ELAPSED)
CLEAN: Flags = build.two_sided(QUOTES) & ~QUOTES.plantings.running


def surprise(prices: Floats, payouts: Floats) -> float:
    """How many standard errors the payouts lie from the prices, under the claim that prices are probabilities."""
    return float(np.sum(payouts - prices) / np.sqrt(np.sum(prices * (1 - prices))))


@pytest.mark.parametrize("low, high", BINS)
def test_of_many_markets_at_a_price_that_share_ends_yes(low: float, high: float) -> None:
    chosen = CLEAN & (QUOTES.mid >= low) & (QUOTES.mid < high)

    prices, payouts = QUOTES.mid[chosen], QUOTES.odds.payout[chosen]

    assert len(prices) > 400
    assert abs(surprise(prices, payouts)) < BOUND


def test_about_seventy_percent_of_the_markets_near_seventy_cents_end_yes() -> None:
    near = CLEAN & (np.abs(QUOTES.mid - 0.7) < 0.03)

    share = float(QUOTES.odds.payout[near].mean())

    assert near.sum() > 400
    assert abs(share - 0.7) < 0.03 + BOUND * np.sqrt(0.21 / near.sum())


def test_the_same_measure_would_see_a_bias_of_four_cents() -> None:
    chosen = CLEAN & (QUOTES.mid >= 0.1) & (QUOTES.mid < 0.9)
    prices, payouts = QUOTES.mid[chosen], QUOTES.odds.payout[chosen]

    too_high, too_low = surprise(prices + 0.04, payouts), surprise(prices - 0.04, payouts)

    assert too_high < -BOUND
    assert too_low > BOUND


def gains_of(direction: Floats, chosen: Flags) -> tuple[float, float]:
    """Mean gain a contract of a trader at mid who holds to the end, and its standard error."""
    gains = ((QUOTES.odds.payout - QUOTES.mid) * direction)[chosen]
    return float(gains.mean()), float(gains.std() / np.sqrt(len(gains)))


def test_a_trader_at_mid_gains_nothing_outside_the_plantings() -> None:
    chosen = CLEAN & (QUOTES.mid > 0.03) & (QUOTES.mid < 0.97)

    mean, error = gains_of(np.ones(len(QUOTES.mid)), chosen)

    assert error < 0.006
    assert abs(mean) < BOUND * error


def test_following_or_fading_moves_gains_nothing_outside_the_plantings() -> None:
    before = SEEN.at(np.maximum(ELAPSED - 0.08, 0.01))
    chosen = CLEAN & build.two_sided(before) & ~before.plantings.running
    direction = np.sign(QUOTES.mid - before.mid)

    mean, error = gains_of(direction, chosen & (direction != 0))

    assert error < 0.006
    assert abs(mean) < BOUND * error


def test_fair_values_drift_nowhere() -> None:
    early = SEEN.at(np.full(len(SEEN.slot), 0.1))
    late = SEEN.at(np.full(len(SEEN.slot), 0.8))

    change = late.fair - early.fair

    assert change.std() > 0.1
    assert abs(change.mean()) < BOUND * change.std() / np.sqrt(len(change))
