"""The joint bootstrap: its draws, its intervals, who is best, and what becomes of gaps."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.scoring import bootstrap
from shared.scoring.bootstrap import best_probabilities, difference, interval, intervals, multinomial_counts, resampled
from shared.scoring.columns import Floats

FEW, MANY = 40, 600  # events below and above the number from which a row of counts serves several draws


def scores(events: int, entrants: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=(events, entrants))


def with_gaps(events: int, entrants: int, share: float) -> Floats:
    drawn = np.random.default_rng(9)
    made = scores(events, entrants)
    made[drawn.uniform(size=made.shape) < share] = np.nan
    return made


@pytest.mark.parametrize("events", [1, 7, 300])
def test_as_many_events_are_drawn_as_there_are_each_as_often_as_the_others(events: int) -> None:
    draws = 20_000
    rows = np.vstack(list(multinomial_counts(events, draws, np.random.default_rng(3))))

    assert rows.shape == (draws, events)
    assert (rows.sum(axis=1) == events).all()
    one = 1 - 1 / events
    assert rows.mean(axis=0) == pytest.approx(1, abs=5 * sqrt(max(one, 1e-9) / draws) + 1e-12)
    assert rows.var(axis=0) == pytest.approx(one, abs=6 * sqrt(2 * 1.5 / draws) + 1e-12)


def test_two_events_are_counted_as_a_coin_counts() -> None:
    rows = np.vstack(list(multinomial_counts(2, 40_000, np.random.default_rng(3))))

    shares = [float((rows[:, 0] == count).mean()) for count in (0, 1, 2)]

    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.01)


@pytest.mark.parametrize("events", [FEW, MANY])
def test_the_spread_of_means_is_that_of_the_sample(events: int) -> None:
    made = scores(events, 6)

    sample = resampled(made, seed=1)

    error = made.std(axis=0) / sqrt(events)
    assert sample.observed == pytest.approx(made.mean(axis=0))
    assert sample.means.mean(axis=1) == pytest.approx(made.mean(axis=0), abs=5 * error.max() / 100)
    assert sample.means.std(axis=1) / error == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("events", [FEW, MANY])
def test_entrants_share_their_draws(events: int) -> None:
    one = scores(events, 1)
    sample = resampled(np.hstack([one, one, one + 0.01, -one]), seed=1)

    same, shifted = difference(sample, 0, 1), difference(sample, 2, 0)

    assert same is not None and shifted is not None
    assert (same.mean, same.low, same.high, same.significant) == (0, 0, 0, False)
    assert (shifted.low, shifted.high) == pytest.approx((0.01, 0.01), abs=1e-12)
    assert shifted.significant
    assert sample.means[0] + sample.means[3] == pytest.approx(0, abs=1e-12)


def test_draws_that_share_counts_are_as_good_as_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scores(MANY, 4) ** 3

    def scatter_of_ends() -> float:
        """How far the ends of an interval lie apart from seed to seed."""
        samples = (resampled(made, seed=seed, draws=400) for seed in range(60))
        ends = [[(found.low, found.high) for found in intervals(sample) if found] for sample in samples]
        return float(np.std(ends, axis=0).mean())

    shared = scatter_of_ends()
    monkeypatch.setattr(bootstrap, "SHARED_BY", 1)
    apart = scatter_of_ends()

    assert shared == pytest.approx(apart, rel=0.15)


def test_the_seed_settles_every_draw() -> None:
    made = scores(MANY, 4)

    assert np.array_equal(resampled(made, seed=5).means, resampled(made, seed=5).means)
    assert not np.array_equal(resampled(made, seed=5).means, resampled(made, seed=6).means)


@pytest.mark.parametrize("draws", [1, 7, 1_003])
def test_there_are_as_many_draws_as_asked_for(draws: int) -> None:
    for events in (1, FEW, MANY):
        assert resampled(scores(events, 3), seed=1, draws=draws).means.shape == (3, draws)


@pytest.mark.parametrize("events", [FEW, MANY])
def test_a_gap_is_left_out_of_each_draw_and_of_nobody_elses(events: int) -> None:
    whole, gaps = scores(events, 3), with_gaps(events, 3, 0.3)

    alone = resampled(gaps, seed=1)
    beside = resampled(np.hstack([whole, gaps]), seed=1)

    assert alone.observed == pytest.approx(np.nanmean(gaps, axis=0))
    assert list(alone.events) == list((~np.isnan(gaps)).sum(axis=0))
    assert beside.means[3:] == pytest.approx(alone.means, abs=1e-12)
    assert beside.means[:3] == pytest.approx(resampled(whole, seed=1).means, abs=1e-12)


def test_a_mean_with_gaps_is_that_over_the_events_it_has_in_the_draw() -> None:
    gaps = with_gaps(FEW, 2, 0.4)
    [counts] = [np.vstack(list(multinomial_counts(FEW, 50, np.random.Generator(np.random.SFC64(1)))))]

    sample = resampled(gaps, seed=1, draws=50)

    for entrant in range(2):
        there = ~np.isnan(gaps[:, entrant])
        by_hand = [np.average(gaps[there, entrant], weights=row[there]) for row in counts]
        assert sample.means[entrant] == pytest.approx(by_hand, abs=1e-12)


def test_a_draw_without_any_of_somebodys_events_says_nothing_of_it() -> None:
    made = np.full((FEW, 2), np.nan)
    made[:, 0] = 0.0
    made[:2, 1] = [1.0, 2.0]

    sample = resampled(made, seed=1, draws=2_000)
    missed = float(np.isnan(sample.means[1]).mean())

    assert missed == pytest.approx((1 - 2 / FEW) ** FEW, abs=0.04)
    assert intervals(sample)[1] == bootstrap.Interval(1, 2)
    assert best_probabilities(sample) == pytest.approx([missed, 1 - missed])


@pytest.mark.parametrize("events", [0, 1])
def test_with_fewer_than_two_events_nothing_is_claimed(events: int) -> None:
    made = np.full((FEW, 2), np.nan)
    made[:, 0] = scores(FEW, 1)[:, 0]
    made[:events, 1] = 3.0

    sample = resampled(made, seed=1, draws=100)

    assert intervals(sample)[1] is None
    assert difference(sample, 0, 1) is None
    assert best_probabilities(sample) == [1.0, None]


def test_without_events_or_entrants_there_is_nothing() -> None:
    for shape in ((0, 3), (3, 0), (0, 0)):
        sample = resampled(np.zeros(shape), seed=1, draws=10)
        assert sample.means.shape == (shape[1], 10)
        assert intervals(sample) == [None] * shape[1] == best_probabilities(sample)


def test_a_constant_is_certain() -> None:
    sample = resampled(np.full((MANY, 1), 0.1), seed=1, draws=100)

    [found] = intervals(sample)

    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.1, 0.1), abs=1e-16)


def test_the_best_is_so_in_the_share_of_draws_that_chance_gives_it() -> None:
    made = scores(400, 3)
    made -= made.mean(axis=0)
    apart = made + np.array([0.0, 0.0, -9.0])

    even, never = best_probabilities(resampled(made, seed=1)), best_probabilities(resampled(apart, seed=1))
    turned = best_probabilities(resampled(-apart, seed=1), higher_is_better=False)

    assert even == pytest.approx([1 / 3] * 3, abs=0.06)
    assert never[2] == 0
    assert turned == pytest.approx(never)


def test_ties_for_the_best_are_shared_and_rounding_makes_no_difference() -> None:
    one = scores(FEW, 1)
    same = (one + 3) / 3 * 3 - 3  # but for the last digits

    sample = resampled(np.hstack([one, same, one - 1]), seed=1)
    apart = difference(sample, 0, 1)

    assert not np.array_equal(one, same)
    assert best_probabilities(sample) == pytest.approx([0.5, 0.5, 0])
    assert apart is not None
    assert (apart.low, apart.high) == (0, 0)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e6, 1e6)), st.floats(0.5, 0.99))
def test_an_interval_lies_between_the_quantiles_that_numpy_interpolates(means: Floats, level: float) -> None:
    found = interval(means, level)

    assert found is not None
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    assert (found.low, found.high) == pytest.approx((float(low), float(high)), rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(2, 30), st.integers(1, 5)), elements=st.just(np.nan) | st.floats(-1, 1))
)
def test_whatever_the_scores_claims_stay_within_them(made: Floats) -> None:
    sample = resampled(made, seed=1, draws=60)

    for entrant, found in enumerate(intervals(sample)):
        own = made[:, entrant][~np.isnan(made[:, entrant])]
        assert (found is None) == (own.size < 2)
        if found is not None:
            assert own.min() - 1e-9 <= found.low <= found.high <= own.max() + 1e-9
    shares = [share for share in best_probabilities(sample) if share is not None]
    assert not shares or sum(shares) == pytest.approx(1)


def test_memory_is_bounded_whatever_the_number_of_draws_and_events(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = [len(rows) for rows in multinomial_counts(2_000, 1_000, np.random.default_rng(1))]
    many = [len(rows) for rows in multinomial_counts(100_000, 70, np.random.default_rng(1))]
    made = with_gaps(MANY, 3, 0.3)
    monkeypatch.setattr(bootstrap, "ORDERED_BYTES_MAX", 2 * 6 * MANY * 8)

    narrow = resampled(made, seed=1, draws=4_001)

    assert (chunks, many) == ([125] * 8, [32, 32, 6])
    assert narrow.means.shape == (3, 4_001)
    assert narrow.means.std(axis=1) == pytest.approx(resampled(made, seed=2).means.std(axis=1), rel=0.05)
