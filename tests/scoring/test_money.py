"""Scores of money: equity curves, Sharpe ratios, stakes and opinions as bets; and what they say of nothing."""

from math import log, nan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.scoring.equity import (
    average_pnl,
    equity_figures,
    execution_rate,
    profit_factor,
    returns,
    win_rate,
)
from shared.scoring.kelly import crra_fraction, exclusive_fractions, growth, kelly_fraction
from shared.scoring.roi import forecast_roi
from shared.scoring.sharpe import (
    deflated_sharpe,
    deflated_sharpes,
    expected_best_sharpe,
    moments,
    probabilistic_sharpe,
    sharpe_variance,
)

VALUES = st.lists(st.floats(1, 1e6), min_size=2, max_size=40)


@settings(deadline=None)
@given(VALUES)
def test_a_drawdown_is_the_worst_of_all_pairs(values: list[float]) -> None:
    found = equity_figures(values, 365)

    assert found is not None
    worst = max((values[i] - values[j]) / values[i] for i in range(len(values)) for j in range(i, len(values)))
    assert found.drawdown.share == pytest.approx(worst, abs=1e-12)
    assert values[found.drawdown.peak] == max(values[: found.drawdown.trough + 1])
    assert found.total_return == pytest.approx(float(np.prod(1 + returns(values))) - 1, rel=1e-9, abs=1e-9)


def test_what_two_values_and_a_flat_line_do_not_tell() -> None:
    two, flat = equity_figures([100, 110], 365), equity_figures([100, 100, 100], 365)

    assert two is not None and flat is not None
    assert (two.total_return, two.volatility, two.sharpe, two.sortino_annual) == (pytest.approx(0.1), None, None, None)
    assert (flat.volatility, flat.sharpe, flat.calmar, flat.drawdown.share) == (0, None, None, 0)


def test_a_minute_that_doubled_is_not_a_year() -> None:
    found = equity_figures([100, 90, 200], 525_600)

    assert found is not None
    assert (found.calmar, found.total_return) == (None, 1)


def test_a_loss_of_everything_is_a_drawdown_of_everything() -> None:
    lost = equity_figures([100, 50, 0], 365)

    assert lost is not None
    assert (lost.total_return, lost.drawdown.share) == (-1, 1)


@pytest.mark.parametrize("values", [[], [100], [100, nan, 110], [0, 100], [100, 0, 100], [100, -5]])
def test_a_curve_that_cannot_be_has_no_figures(values: list[float]) -> None:
    assert equity_figures(values, 365) is None


def test_trades_are_counted_where_there_are_any() -> None:
    assert (win_rate(3, 1), win_rate(0, 0)) == (0.75, None)
    assert profit_factor([3.0, -1.0, -0.5, 0.0]) == 2
    assert (profit_factor([3.0]), profit_factor([]), profit_factor([-2.0])) == (None, None, 0)
    assert (average_pnl([3.0, -1.0, nan]), average_pnl([])) == (1, None)
    assert (execution_rate(1, 4), execution_rate(0, 0)) == (0.25, None)


def test_moments_are_those_of_the_population() -> None:
    found = moments([0.01, -0.02, 0.03, nan])

    assert found is not None
    values = np.array([0.01, -0.02, 0.03])
    z = (values - values.mean()) / values.std()
    assert (found.steps, found.sharpe) == (3, pytest.approx(float(values.mean() / values.std(ddof=1))))
    assert (found.skew, found.kurtosis) == (pytest.approx((z**3).mean()), pytest.approx((z**4).mean()))
    assert moments([0.1]) is None is moments([0.1, 0.1, 0.1])
    assert moments([]) is None is moments([0.0, 0.0])


def test_the_best_of_many_has_to_show_more() -> None:
    drawn = np.random.default_rng(1).normal(0.01, 0.1, (20, 200))
    of = [moments(row) for row in drawn]

    alone, among = deflated_sharpes(of), deflated_sharpes([*of, None], tried=1_000)

    variance = sharpe_variance([each.sharpe for each in of if each])
    assert variance is not None and of[0] is not None
    assert alone[0] == deflated_sharpe(of[0], variance, 20)
    assert all((a or 0) > (b or 1) for a, b in zip(alone, among, strict=False))
    assert among[-1] is None
    assert deflated_sharpes([of[0]]) == [None]


def test_the_expected_best_is_about_what_the_best_of_many_draws_shows() -> None:
    drawn = np.random.default_rng(2).normal(0, 0.3, (4_000, 50))

    assert expected_best_sharpe(0.09, 50) == pytest.approx(float(drawn.max(axis=1).mean()), rel=0.02)
    assert expected_best_sharpe(0.09, 1) is None is sharpe_variance([0.1])
    assert sharpe_variance([0.1, 0.3, nan]) == pytest.approx(0.02)


def test_a_probability_needs_two_steps_and_a_shape_that_can_be() -> None:
    assert probabilistic_sharpe(0.1, 1, 0, 3) is None
    assert probabilistic_sharpe(1.0, 50, 3, 1) is None
    assert probabilistic_sharpe(0.0, 50, 0, 3) == 0.5


@settings(deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_no_other_stake_grows_faster_than_kelly(p: float, cost: float) -> None:
    best = kelly_fraction(p, cost)

    fastest = growth(p, cost, best)

    assert 0 <= best < 1 and fastest is not None
    for other in (best * 0.9, best + (1 - best) * 0.05, 0.0):
        slower = growth(p, cost, other)
        assert slower is not None and slower <= fastest + 1e-12
    assert crra_fraction(p, cost, 1) == pytest.approx(best, abs=1e-9)


@settings(deadline=None)
@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(0.2, 8), st.floats(1.05, 4))
def test_who_fears_risk_more_stakes_less(p: float, cost: float, gamma: float, more: float) -> None:
    bold, careful = crra_fraction(p, cost, gamma), crra_fraction(p, cost, gamma * more)

    assert careful <= bold + 1e-12


@settings(deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.9), st.floats(0.5, 5))
def test_the_stake_for_a_taste_maximises_its_utility(p: float, cost: float, gamma: float) -> None:
    assume(abs(gamma - 1) > 0.05 and p > cost)
    best = crra_fraction(p, cost, gamma)

    def utility(stake: float) -> float:
        won, lost = 1 + stake * (1 / cost - 1), 1 - stake
        return float(p * won ** (1 - gamma) + (1 - p) * lost ** (1 - gamma)) / (1 - gamma)

    assume(0 < best < 0.999)
    for other in (best * 0.95, best + (1 - best) * 0.02):
        assert utility(other) <= utility(best) + 1e-12 * abs(utility(best))


def test_certainties_and_impossible_tastes() -> None:
    assert (kelly_fraction(1.0, 0.4), crra_fraction(1.0, 0.4, 2), kelly_fraction(0.9, 1.0)) == (1, 1, 0)
    assert growth(0.5, 0.4, 1.0) is None is growth(0.5, 0.0, 0.1)
    with pytest.raises(ValueError):
        crra_fraction(0.5, 0.4, 0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.02, 0.98)), min_size=2, max_size=6))
def test_no_shift_between_exclusive_outcomes_grows_faster(drawn: list[tuple[float, float]]) -> None:
    total = sum(weight for weight, _ in drawn)
    p, asks = [weight / total for weight, _ in drawn], [ask for _, ask in drawn]
    stakes = exclusive_fractions(p, asks)

    def grows(fractions: list[float]) -> float:
        cash = 1 - sum(fractions)
        ends = [cash + fraction / ask for fraction, ask in zip(fractions, asks, strict=True)]
        return sum(chance * log(end) for chance, end in zip(p, ends, strict=True)) if min(ends) > 0 else -1e9

    assume(sum(stakes) < 1 - 1e-6)
    best = grows(stakes)
    for i in range(len(p)):
        for change in (0.01, -0.01):
            other = [max(0.0, fraction + change * (i == j)) for j, fraction in enumerate(stakes)]
            assert sum(other) > 1 or grows(other) <= best + 1e-9


def test_opinions_are_bets_outside_the_spread_alone() -> None:
    found = forecast_roi([0.70, 0.50, 0.20, 0.9], [0.52, 0.52, 0.52, 0.5], [0.50, 0.50, 0.50, 0.5], [1, 1, 1, nan])

    assert (found.bets, found.skipped) == (2, 1)
    assert found.cost == pytest.approx(0.18 * 0.52 + 0.30 * 0.50)
    assert found.profit == pytest.approx(0.18 * 0.48 - 0.30 * 0.50)
    assert found.roi == pytest.approx(found.profit / found.cost)
    assert forecast_roi([0.5], [0.52], [0.5], [1]).roi is None
    assert forecast_roi([], [], [], []).bets == 0


def test_in_a_crossed_book_an_opinion_is_one_bet() -> None:
    found = forecast_roi([0.55], [0.40], [0.40], [1])

    assert (found.bets, found.cost) == (1, pytest.approx(0.15 * 0.40))
