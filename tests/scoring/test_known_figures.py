"""Each score against figures that independent packages or publications give for it."""

from math import e, sqrt
from typing import Any

import numpy as np
import pytest

from shared.scoring.bootstrap import intervals, resampled
from shared.scoring.calibration import calibration
from shared.scoring.equity import equity_figures, returns
from shared.scoring.kelly import cost_per_share, crra_fraction, exclusive_fractions, growth, kelly_fraction
from shared.scoring.log_score import log_loss
from shared.scoring.peer import baseline_score, peer_scores
from shared.scoring.sharpe import deflated_sharpe, expected_best_sharpe, moments, probabilistic_sharpe
from shared.scoring.skill import events_needed, paired_skill
from tests.scoring.recorded import oracle

close = pytest.approx


def test_calibration_with_all_terms_of_murphy() -> None:
    told = oracle("calibration_micro")

    found = calibration(told["p"], told["y"])

    assert found is not None
    assert found.brier == close(told["brier"], abs=1e-14)
    assert found.reliability == close(told["reliability"], abs=1e-12)
    assert found.resolution == close(told["resolution"], abs=1e-12)
    assert found.uncertainty == close(told["uncertainty"], abs=1e-12)
    assert found.within_variance == close(told["within_bin_variance"], abs=1e-12)
    assert found.within_covariance == close(told["within_bin_covariance"], abs=1e-12)
    assert found.ece == close(told["ece10"], abs=1e-12)
    assert found.mce == close(told["mce10"], abs=1e-12)
    assert log_loss(told["p"], told["y"]) == close(told["log_loss"], abs=1e-12)
    assert 1 - found.brier / found.uncertainty == close(told["brier_skill_vs_base_rate"], abs=1e-12)


def test_paired_skill_with_its_intervals() -> None:
    told = oracle("paired_skill")
    scores = told["skill_per_event"]

    found, narrower = paired_skill(scores), paired_skill(scores, level=0.9)
    [drawn] = intervals(resampled(np.array([scores]).T, seed=42))

    assert found is not None and narrower is not None and drawn is not None
    assert (found.mean, found.error) == close((told["mean"], told["se"]), abs=1e-15)
    assert (found.t, found.p_two_sided) == close((told["t"], told["p_two_sided"]), abs=1e-13)
    assert (found.low, found.high) == close(tuple(told["ci95_t"]), abs=1e-9)
    assert (narrower.low, narrower.high) == close(tuple(told["ci90_t"]), abs=1e-9)
    assert (drawn.low, drawn.high) == close(tuple(told["bootstrap_percentile95_default_rng42_10000"]), abs=0.01 / 12)
    assert events_needed(found.deviation, 0.01) == told["events_needed_for_se_0_01"]


def test_baseline_and_peer_scores() -> None:
    told = oracle("metaculus_scores")

    for case in told["baseline"]:
        given = case["p"] if case["outcome"] else 1 - case["p"]
        assert baseline_score(given, case["n_options"]) == close(case["score"], abs=1e-9)
    for case in told["peer"]:
        given = [p if case["outcome"] else 1 - p for p in case["p"]]
        assert peer_scores(given) == close(case["scores"], abs=1e-9)


def test_an_equity_curve() -> None:
    told = oracle("equity_metrics")

    found, of_days = equity_figures(told["equity"], 365), equity_figures(told["equity"], 252)
    shape = moments(returns(told["equity"]))

    assert found is not None and of_days is not None and shape is not None
    assert list(returns(told["equity"])) == close(told["returns"], abs=1e-15)
    assert found.total_return == close(told["cumulative_return"], abs=1e-15)
    assert (found.mean, found.volatility) == close((told["mean"], told["vol_ddof1"]), abs=1e-15)
    assert found.sharpe == close(told["sharpe_per_step"], abs=1e-13)
    assert found.sharpe_annual == close(told["sharpe_annual_365"], abs=1e-12)
    assert of_days.sharpe_annual == close(told["sharpe_annual_252_empyrical"], abs=1e-12)
    assert of_days.sortino_annual == close(told["sortino_252_empyrical"], abs=1e-12)
    assert of_days.downside_annual == close(told["downside_dev_252_empyrical"], abs=1e-13)
    assert of_days.calmar == close(told["calmar_252_empyrical"], rel=1e-12)
    assert found.positive_share == close(told["win_rate"], abs=1e-15)
    assert found.drawdown.share == close(told["max_drawdown"], abs=1e-15)
    peak_and_trough = (told["max_drawdown_peak_index"], told["max_drawdown_trough_index"])
    assert (found.drawdown.peak, found.drawdown.trough) == peak_and_trough
    assert (shape.skew, shape.kurtosis) == close((told["skew_population"], told["kurt_population_raw"]), abs=1e-12)


def test_the_deflated_sharpe_ratio_as_it_was_published() -> None:
    bar = expected_best_sharpe(0.5 / 250, 100)
    assert bar is not None

    left = probabilistic_sharpe(2.5 / sqrt(250), 1250, -3, 10, bar)

    assert bar == close(0.1132, abs=5e-5)
    assert left == close(0.9004, abs=5e-5)


def test_deflated_sharpe_ratios() -> None:
    told = oracle("deflated_sharpe")
    published = told["bailey_lopez_de_prado_2014"]

    assert expected_best_sharpe(0.5 / 250, 100) == close(published["sr0_daily"], abs=1e-12)
    assert probabilistic_sharpe(2.5 / sqrt(250), 1250, -3, 10) == close(published["psr_vs_0"], abs=1e-12)
    for case in told["arena_8_models"]:
        bar = expected_best_sharpe(case["var_sr"], case["N"])
        assert bar == close(case["sr0"], abs=1e-12)
        left = probabilistic_sharpe(case["sr"], case["T"], case["skew"], case["kurt"], bar or 0)
        assert left == close(case["dsr"], abs=1e-12)


def test_the_sharpe_ratio_of_a_series_as_another_arena_deflates_it() -> None:
    told = oracle("deflated_sharpe")["sharpearena_0_31_0"]
    of = moments(told["returns"])
    assert of is not None
    values = np.cumprod([1.0, *(1 + np.array(told["returns"]))])
    spread, tried = told["trials_sr_std"], told["effective_n_trials"]

    figures = equity_figures(values, 365)

    assert figures is not None
    assert figures.drawdown.share == close(told["max_drawdown"], abs=1e-12)
    assert probabilistic_sharpe(of.sharpe, of.steps, of.skew, of.kurtosis) == close(told["psr"], abs=1e-6)
    assert expected_best_sharpe(spread**2, tried) == close(told["deflation_bar_per_period"], rel=1e-6)
    assert deflated_sharpe(of, spread**2, tried) == close(told["deflated_sharpe"], abs=1e-6)


def test_kelly_on_either_side_with_and_without_a_fee() -> None:
    for case in oracle("kelly")["binary"]:
        for p, ask, side in ((case["p"], case["yes_ask"], "yes"), (1 - case["p"], case["no_ask"], "no")):
            fraction = kelly_fraction(p, ask)
            assert fraction == close(case[f"kelly_{side}"], abs=1e-12)
            assert growth(p, ask, fraction) == close(case[f"growth_{side}"], abs=1e-12)
            cost = cost_per_share(ask, 0.07 * ask * (1 - ask))
            assert kelly_fraction(p, cost) == close(case[f"kelly_{side}_fee007"], abs=1e-12)
        half = 10_000 * kelly_fraction(case["p"], case["yes_ask"]) / 2
        assert half == close(case["half_kelly_yes_stake_on_10000"], abs=1e-9)


def test_tastes_for_risk() -> None:
    for case in oracle("kelly")["crra"]:
        fraction = crra_fraction(case["p"], case["cost"], case["gamma"])
        assert fraction == close(case["fraction"], abs=1e-12)
        assert fraction / kelly_fraction(case["p"], case["cost"]) == close(case["ratio_to_kelly"], abs=1e-9)


def test_outcomes_that_exclude_each_other() -> None:
    for case in oracle("kelly")["exclusive"]:
        fractions = exclusive_fractions(case["p"], case["yes_ask"])
        assert fractions == close(case["fractions"], abs=1e-12)
        assert reserve_of(case, fractions) == close(case["reserve_rate"], abs=1e-12)


def reserve_of(case: dict[str, Any], fractions: list[float]) -> float:
    """What stays in cash is what a reserved dollar brings."""
    return 1 - sum(fractions)


@pytest.mark.parametrize(("gamma", "fraction"), [(0.5, 0.384615), (1, 0.2), (2, 0.101021), (4, 0.050640)])
def test_tastes_for_risk_as_we_state_them(gamma: float, fraction: float) -> None:
    assert crra_fraction(0.6, 0.5, gamma) == close(fraction, abs=5e-7)


def test_exclusive_outcomes_as_we_state_them() -> None:
    assert exclusive_fractions([0.3, 0.5, 0.2], [0.41, 0.36, 0.26]) == close([0, 0.21875, 0])


def test_the_best_of_many_without_skill_is_the_stated_mixture() -> None:
    from statistics import NormalDist

    z = NormalDist().inv_cdf

    assert expected_best_sharpe(1, 10) == close((1 - 0.5772156649) * z(0.9) + 0.5772156649 * z(1 - 1 / (10 * e)))
