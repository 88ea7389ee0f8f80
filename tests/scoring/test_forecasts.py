"""Scores of forecasts: Brier, logarithm, skill, difficulty, calibration, peers; and what they say of nothing."""

from decimal import Decimal
from math import log, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.scoring.brier import EventForecast, brier_skill, event_brier, forecaster_brier, squared_errors
from shared.scoring.calibration import bin_numbers, calibration
from shared.scoring.columns import column, figure, grades, present
from shared.scoring.correlation import error_correlation, error_correlations
from shared.scoring.difficulty import brier_index, difficulty_adjusted
from shared.scoring.ensemble import median_forecasts, median_probability
from shared.scoring.log_score import log_loss, log_score, winning_probabilities
from shared.scoring.matrix import score_matrix
from shared.scoring.peer import baseline_score, peer_scores
from shared.scoring.power import events_to_detect, smallest_detectable
from shared.scoring.skill import events_needed, paired_skill, skills

PROBABILITIES = st.floats(0, 1)
OUTCOMES = st.sampled_from([0.0, 1.0])
GRADED = st.lists(st.tuples(PROBABILITIES, OUTCOMES), min_size=1, max_size=60)


def test_only_yes_and_no_grade_a_forecast() -> None:
    graded = grades(["yes", "no", "void", "split", "scalar", None])

    assert list(graded[:2]) == [1, 0]
    assert np.isnan(graded[2:]).all()


def test_rows_with_a_gap_are_left_out_together() -> None:
    first, second = present(column([0.1, None, 0.3]), column([1, 0, nan]))

    assert (list(first), list(second)) == ([0.1], [1])
    assert list(column([Decimal("0.25")])) == [0.25]
    assert (figure(nan), figure(float("inf")), figure(0.5)) == (None, None, 0.5)


def test_the_brier_score_of_an_event_is_the_mean_over_its_outcomes_as_they_were_stated() -> None:
    marginals = [0.5, 0.4, 0.4]  # which sum to more than 1 and stay so

    assert event_brier(marginals, [1, 0, 0]) == pytest.approx((0.25 + 0.16 + 0.16) / 3)
    assert event_brier(marginals, [1, None, 0]) == pytest.approx((0.25 + 0.16) / 2)
    assert event_brier(marginals, [None, None, None]) is None
    assert list(squared_errors([0.5, 0.2], [1, 0])) == pytest.approx([0.25, 0.04])


def test_both_sides_of_a_market_score_as_one() -> None:
    assert event_brier([0.3, 0.7], [0, 1]) == pytest.approx(event_brier([0.3], [0]), abs=1e-15)


def test_several_forecasts_of_an_event_count_once_and_a_void_event_is_covered() -> None:
    said = [
        EventForecast("a", [0.5], [1]),
        EventForecast("a", [0.7], [1]),
        EventForecast("b", [0.9], [0]),
        EventForecast("void", [0.9], [None]),
    ]

    found = forecaster_brier(said, asked=8)

    assert found.brier == pytest.approx(((0.25 + 0.09) / 2 + 0.81) / 2)
    assert (found.scored, found.covered, found.asked, found.coverage) == (2, 3, 8, 3 / 8)


def test_without_forecasts_there_is_no_score_and_without_questions_no_coverage() -> None:
    nothing, one = forecaster_brier([], asked=0), forecaster_brier([EventForecast("a", [0.4], [0])])

    assert (nothing.brier, nothing.covered, nothing.coverage) == (None, 0, None)
    assert (one.brier, one.coverage) == (pytest.approx(0.16), None)
    assert brier_skill(None, 0.2) is None is brier_skill(0.1, 0)


def test_a_logarithm_is_cut_off_at_a_hundredth() -> None:
    assert log_score([0.5, 0.001]) == pytest.approx((log(0.5) + log(0.01)) / 2)
    assert log_loss([1.0, 0.0], [0, 0]) == pytest.approx(-log(0.01) / 2)
    assert log_loss([0.7, 0.6], [1, None]) == pytest.approx(-log(0.7))
    assert log_score([]) is None is log_loss([0.5], [None])
    assert list(winning_probabilities([0.8, 0.8], [1, 0])) == pytest.approx([0.8, 0.2])


@pytest.mark.parametrize(
    ("p", "number"),
    [
        (0, 0),
        (0.1, 1),
        (0.29999999, 2),
        (0.3, 3),
        (0.1 + 0.2, 3),
        (0.6, 6),
        (0.7, 7),
        (1 - 0.9, 1),
        (0.7 - 0.4, 3),
        (1.0, 9),
    ],
)
def test_a_forecast_lands_in_the_bin_where_it_belongs(p: float, number: int) -> None:
    assert list(bin_numbers([p])) == [number]


@settings(deadline=None)
@given(GRADED)
def test_the_five_terms_sum_to_the_brier_score(rows: list[tuple[float, float]]) -> None:
    found = calibration([p for p, _ in rows], [y for _, y in rows])

    assert found is not None
    within = found.within_variance - found.within_covariance
    assert found.reliability - found.resolution + found.uncertainty + within == pytest.approx(found.brier, abs=1e-12)
    assert sum(each.forecasts for each in found.bins) == found.forecasts == len(rows)
    assert 0 <= found.ece <= found.mce + 1e-15 <= 1 + 1e-15
    assert all(each.low - 1e-9 <= each.stated <= each.high + 1e-9 for each in found.bins)


def test_one_forecast_is_calibrated_as_far_as_it_is_off_and_none_is_not() -> None:
    one = calibration([0.8, 0.4], [1, None])

    assert one is not None
    assert (one.forecasts, one.ece, one.mce, one.resolution) == (1, pytest.approx(0.2), pytest.approx(0.2), 0)
    assert calibration([], []) is None is calibration([0.5], [None])


def test_skill_is_paired_and_says_how_little_one_event_tells() -> None:
    per_event = skills([0.25, 0.16, None], [0.09, 0.36, 0.1])

    found, alone = paired_skill(per_event), paired_skill([0.1])

    assert found is not None and alone is not None
    assert (found.events, found.mean) == (2, pytest.approx(-0.02))
    assert (alone.events, alone.mean, alone.error, alone.low) == (1, 0.1, None, None)
    assert paired_skill([]) is None is paired_skill([nan])


def test_without_variation_there_is_an_interval_and_no_t() -> None:
    found = paired_skill([0.1, 0.1, 0.1])

    assert found is not None
    assert (found.t, found.p_two_sided) == (None, None)
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    nothing = paired_skill([0.0, 0.0])
    assert nothing is not None and nothing.t is None and nothing.mean == 0


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=50))
def test_an_interval_leaves_out_0_where_the_p_value_is_below_5_percent(values: list[float]) -> None:
    found = paired_skill(values)

    assert found is not None and found.low is not None and found.high is not None
    assert found.low <= found.mean <= found.high
    if found.p_two_sided is not None and abs(found.p_two_sided - 0.05) > 1e-9:
        assert (found.p_two_sided < 0.05) == (found.low > 0 or found.high < 0)


def test_events_needed_and_differences_seen_undo_each_other() -> None:
    assert events_needed(0.05, 0.01) == 25
    assert events_needed(None, 0.01) is None is events_needed(0.05, 0)
    needed = events_to_detect(0.2, 0.02)
    assert needed == 785  # (1.96 + 0.84)² · 100
    assert smallest_detectable(0.2, needed) == pytest.approx(0.02, rel=1e-3)
    assert events_to_detect(0.2, 0) is None is events_to_detect(None, 0.1)
    assert smallest_detectable(0.2, 1) is None


def test_difficulty_is_taken_out() -> None:
    skill, hardness = np.array([0.0, 0.05, -0.04]), np.random.default_rng(1).uniform(0.05, 0.4, 30)
    briers = hardness[:, np.newaxis] + skill
    easy, hard = hardness < 0.2, hardness >= 0.2
    briers[easy, 0], briers[hard, 2] = np.nan, np.nan
    briers[easy, 0] = np.where(np.arange(easy.sum()) < 3, hardness[easy], np.nan)

    found = difficulty_adjusted(briers)

    shift = 0.25 - 0.25 + float(hardness.mean())
    assert found == pytest.approx(list(skill + shift), abs=1e-12)


def test_always_saying_a_half_has_a_quarter_beside_others() -> None:
    drawn = np.random.default_rng(2)
    briers = np.column_stack([np.full(40, 0.25), drawn.uniform(0, 0.6, 40), drawn.uniform(0, 0.6, 40)])

    found = difficulty_adjusted(briers)

    assert found[0] == pytest.approx(0.25)
    assert found[1] == pytest.approx(float(briers[:, 1].mean()))


def test_adjusted_scores_minimise_the_squares() -> None:
    drawn = np.random.default_rng(3)
    briers = drawn.uniform(0, 1, (12, 4))
    briers[drawn.uniform(size=briers.shape) < 0.3] = np.nan
    rows = [(i, j) for i in range(12) for j in range(4) if not np.isnan(briers[i, j])]
    design = np.zeros((len(rows), 16))
    for row, (i, j) in enumerate(rows):
        design[row, j] = design[row, 4 + i] = 1
    parts = np.linalg.lstsq(design, np.array([briers[cell] for cell in rows]), rcond=None)[0]

    assert difficulty_adjusted(briers) == pytest.approx(list(parts[:4] + parts[4:].mean()), abs=1e-10)


def test_forecasters_without_common_questions_cannot_be_compared() -> None:
    apart = np.array([[0.1, nan, nan], [nan, 0.2, nan], [0.3, nan, nan]])
    joined = np.array([[0.1, nan, 0.2], [nan, 0.2, 0.1], [0.3, nan, nan]])

    assert difficulty_adjusted(apart) == [None, None, None]
    assert None not in difficulty_adjusted(joined)
    assert difficulty_adjusted(np.full((3, 2), nan)) == [None, None]
    assert difficulty_adjusted(np.array([[0.1, nan]])) == [pytest.approx(0.1), None]


def test_the_brier_index_of_a_coin_is_50() -> None:
    assert (brier_index(0.25), brier_index(0.0), brier_index(1.0), brier_index(None)) == (50, 100, 0, None)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_peer_scores_sum_to_nothing(given_to_it: list[float]) -> None:
    scores = peer_scores(given_to_it)

    assert sum(score for score in scores if score is not None) == pytest.approx(0, abs=1e-8)


def test_peers_are_who_said_something() -> None:
    assert peer_scores([0.5, nan, 0.25]) == [pytest.approx(100 * log(2)), None, pytest.approx(-100 * log(2))]
    assert peer_scores([0.5]) == [None]
    assert peer_scores([]) == []
    assert baseline_score(None, 2) is None is baseline_score(0.5, 1)
    assert baseline_score(0.25, 4) == 0


def test_errors_go_together_where_forecasters_say_the_same() -> None:
    drawn = np.random.default_rng(4)
    p, y = drawn.uniform(size=(200, 2)), (drawn.uniform(size=200) < 0.5).astype(float)
    p[:50, 1] = nan

    same, opposite = error_correlation(p[:, 0], p[:, 0] / 2 + y / 2, y), error_correlation(p[:, 0], 2 * y - p[:, 0], y)
    table = error_correlations(p, y)

    assert (same.r, same.events) == (pytest.approx(1), 200)
    assert opposite.r == pytest.approx(-1)
    there = ~np.isnan(p[:, 1])
    expected = np.corrcoef(p[there, 0] - y[there], p[there, 1] - y[there])[0, 1]
    assert (table[0][1].r, table[0][1].events) == (pytest.approx(expected), 150)
    assert table[1][0] == table[0][1]


def test_two_shared_events_say_nothing_of_a_correlation() -> None:
    assert error_correlation([0.1, 0.5], [0.2, 0.3], [1, 0]).r is None
    assert error_correlation([0.5, 0.5, 0.5], [0.2, 0.3, 0.9], [1, 1, 1]).r is None
    assert error_correlation([], [], []).events == 0


def test_the_median_of_who_said_something() -> None:
    medians = median_forecasts(np.array([[0.2, 0.4, 0.9], [0.2, nan, 0.4], [nan, nan, nan]]))

    assert list(medians[:2]) == pytest.approx([0.4, 0.3])
    assert np.isnan(medians[2])
    assert median_probability([Decimal("0.2"), None, Decimal("0.5")]) == Decimal("0.35")
    assert median_probability([None]) is None
    assert median_forecasts(np.zeros((0, 3))).size == 0


def test_rows_become_a_matrix_with_gaps() -> None:
    found = score_matrix(["m", "n", "m", "m"], ["x", "x", "y", "x"], [1.0, 2.0, 3.0, 2.0], order=["n", "m", "new"])
    summed = score_matrix(["m", "m", "m"], ["x", "x", "y"], [1.0, 2.0, None], several="sum")

    assert (found.events, found.entrants) == (("x", "y"), ("n", "m", "new"))
    assert found.scores == pytest.approx(np.array([[2.0, 1.5, nan], [nan, 3.0, nan]]), nan_ok=True)
    assert summed.scores == pytest.approx(np.array([[3.0], [nan]]), nan_ok=True)
    assert score_matrix([], [], []).scores.shape == (0, 0)
