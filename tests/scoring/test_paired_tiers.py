"""Tiers of forecasters with gaps: compared on what both have forecast, and on nothing else."""

import numpy as np

from shared.scoring.bootstrap import resampled
from shared.scoring.tiers import paired_tiers, tiers

SEED = 7


def test_without_gaps_they_are_the_tiers_of_the_joint_draw() -> None:
    chance = np.random.default_rng(1)
    scores = chance.normal(0, 0.1, (200, 5)) + np.array([0.05, 0.045, 0.01, 0.0, -0.05])
    order = list(np.argsort(-scores.mean(axis=0)))

    joint = tiers(resampled(scores, seed=SEED, draws=4_000), order)

    assert paired_tiers(scores, order, seed=SEED, events_min=20, draws=4_000) == joint


def test_who_met_other_events_is_not_told_apart() -> None:
    """The crowd was worse on the second half, so everybody looks better there."""
    chance = np.random.default_rng(2)
    scores = chance.normal(0, 0.02, (100, 2)) + np.repeat([[0.0], [0.3]], 50, axis=0)
    scores[:50, 0] = np.nan
    scores[50:, 1] = np.nan

    assert paired_tiers(scores, [0, 1], seed=SEED, events_min=20) == [1, 1]


def test_a_difference_on_the_common_events_counts_whatever_the_others_say() -> None:
    chance = np.random.default_rng(3)
    scores = chance.normal(0, 0.02, (100, 2)) + np.array([0.05, 0.0])
    scores[:40, 1] = np.nan

    assert paired_tiers(scores, [0, 1], seed=SEED, events_min=20) == [1, 2]
    assert paired_tiers(scores, [0, 1], seed=SEED, events_min=80) == [1, 1]


def test_one_event_gives_no_tier() -> None:
    scores = np.full((30, 2), np.nan)
    scores[:, 0] = 0.1
    scores[0, 1] = 0.2

    assert paired_tiers(scores, [0, 1], seed=SEED, events_min=20) == [1, None]
    assert paired_tiers(scores, [], seed=SEED, events_min=20) == []
