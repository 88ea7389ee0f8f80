"""What a board claims against worlds whose truth is known: order, false alarms, and how often intervals cover."""

from itertools import pairwise

import numpy as np
import pytest

from shared.scoring.bootstrap import difference, intervals, resampled
from shared.scoring.power import events_to_detect
from shared.scoring.skill import paired_skill
from tests.scoring.worlds import (
    NULL_ENTRANTS,
    Forecaster,
    most_by_chance,
    no_better_than_the_crowd,
    null_profits,
    true_skill,
    world,
)

FIELD = (
    Forecaster(knows=1.5, believes=1.5),
    Forecaster(knows=1.0, believes=1.0),
    Forecaster(knows=1.0, believes=2.2),  # knows as much and shouts
    Forecaster(knows=0.0, believes=0.0),  # follows the crowd
    Forecaster(knows=0.3, believes=0.3, temper=2.0),  # knows a little and exaggerates everything
    Forecaster(knows=0.0, believes=1.0),  # noise
)
# All worlds are seeded, so that each test always says the same. Where a share is held against 5 %, the bound is the
# count that a binomial with that share passes once in a thousand times: worlds are finite, and 5 % is a mean.
WORLDS = 400


def test_the_world_is_fair_and_its_truth_is_what_its_events_say() -> None:
    seen = world(FIELD, events=400_000, seed=1)

    errors = seen.skill.std(axis=0) / np.sqrt(400_000)

    assert abs(float((seen.outcomes - seen.crowd).mean())) < 4 * 0.41 / np.sqrt(400_000)
    assert np.abs(seen.skill.mean(axis=0) - [true_skill(each) for each in FIELD]) == pytest.approx(
        0, abs=4 * errors.max()
    )


def test_after_enough_events_the_order_is_the_true_one() -> None:
    truth = [true_skill(each) for each in FIELD]
    order = list(np.argsort(truth)[::-1])
    sample = world(FIELD, events=2_000, seed=2).skill
    gaps = [(truth[i] - truth[j], float((sample[:, i] - sample[:, j]).std())) for i, j in pairwise(order)]
    enough = max(events_to_detect(deviation, gap, power=0.995) or 0 for gap, deviation in gaps)

    orders = [list(np.argsort(world(FIELD, enough, seed).skill.mean(axis=0))[::-1]) for seed in range(20)]
    early = [list(np.argsort(world(FIELD, 20, seed).skill.mean(axis=0))[::-1]) for seed in range(20)]

    assert enough < 20_000
    assert orders == [order] * 20
    assert early.count(order) < 10


def test_without_skill_the_best_null_entrant_is_rarely_beaten_significantly() -> None:
    trader = Forecaster(knows=0.0, believes=0.8)
    shown = []
    for seed in range(WORLDS):
        seen = world([trader], events=150, seed=10_000 + seed)
        shown.append(np.hstack([seen.profit, null_profits(seen, seed)]))

    beaten = _beaten(np.hstack(shown), entrants=1 + len(NULL_ENTRANTS))

    assert beaten <= most_by_chance(WORLDS, 0.05)


def test_who_is_no_better_than_the_crowd_is_rarely_called_better() -> None:
    loud = no_better_than_the_crowd(knows=0.8)
    shown = []
    for seed in range(WORLDS):
        seen = world([loud, Forecaster(0, 0)], events=150, seed=20_000 + seed)
        shown.append(seen.skill)

    beaten = _beaten(np.hstack(shown), entrants=2)

    assert true_skill(loud) == pytest.approx(0, abs=1e-9)
    assert 0 < beaten <= most_by_chance(WORLDS, 0.05)


def test_who_is_better_is_called_better_as_often_as_its_power_says() -> None:
    knowing = Forecaster(knows=1.0, believes=1.0)
    deviation = float(world([knowing], events=100_000, seed=3).skill.std())
    enough = events_to_detect(deviation, true_skill(knowing), power=0.9)
    assert enough is not None
    shown = [world([knowing, Forecaster(0, 0)], enough, seed=30_000 + seed).skill for seed in range(WORLDS)]

    beaten = _beaten(np.hstack(shown), entrants=2)

    assert abs(beaten - 0.9 * WORLDS) <= 3.3 * np.sqrt(0.9 * 0.1 * WORLDS)


@pytest.mark.parametrize("forecaster", [FIELD[1], FIELD[2], FIELD[5]])
def test_95_percent_intervals_cover_the_truth_in_95_percent_of_worlds(forecaster: Forecaster) -> None:
    worlds = 2_000
    truth = true_skill(forecaster)
    skills = np.hstack([world([forecaster], events=250, seed=40_000 + seed).skill for seed in range(worlds)])

    by_t = [paired_skill(skills[:, i]) for i in range(worlds)]
    drawn = intervals(resampled(skills, seed=5, draws=2_000))

    share_t = np.mean([each is not None and (each.low or 0) <= truth <= (each.high or 0) for each in by_t])
    share_drawn = np.mean([each is not None and each.low <= truth <= each.high for each in drawn])
    noise = 3.3 * np.sqrt(0.95 * 0.05 / worlds)  # once in a thousand
    skewed = 0.008  # what 250 skewed events still lack of being normal
    assert 0.95 - noise - skewed < share_t < 0.95 + noise
    assert 0.95 - noise - skewed < share_drawn < 0.95 + noise


def _beaten(shown: np.ndarray[tuple[int, int], np.dtype[np.float64]], entrants: int) -> int:
    """In how many worlds the first entrant is significantly better than the best of its rivals there."""
    sample = resampled(shown, seed=4, draws=2_000)
    beaten = 0
    for first in range(0, shown.shape[1], entrants):
        rivals = range(first + 1, first + entrants)
        best = max(rivals, key=lambda rival: sample.observed[rival])
        apart = difference(sample, first, best)
        beaten += apart is not None and apart.low > 0
    return beaten
