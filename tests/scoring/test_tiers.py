"""Tiers: a tier never spans a significant difference to its leader."""

import numpy as np
import pytest

from shared.scoring.bootstrap import difference, resampled
from shared.scoring.columns import Floats
from shared.scoring.tiers import tiers


def board(*levels: float, noise: float = 1.0, events: int = 400) -> Floats:
    drawn = np.random.default_rng(2).normal(scale=noise, size=(events, len(levels)))
    return np.asarray(drawn - drawn.mean(axis=0) + np.array(levels), dtype=np.float64)


def test_who_is_not_significantly_below_the_leader_shares_its_tier() -> None:
    sample = resampled(board(1.0, 0.97, 0.5, 0.48, 0.0), seed=1)

    assert tiers(sample, order=[0, 1, 2, 3, 4]) == [1, 1, 2, 2, 3]


def test_it_is_the_leader_that_counts_and_not_the_neighbour() -> None:
    sample = resampled(board(0.30, 0.20, 0.10, 0.00), seed=1)
    neighbours = [difference(sample, i, i + 1) for i in range(3)]

    found = tiers(sample, order=[0, 1, 2, 3])

    assert not any(each is None or each.significant for each in neighbours)
    assert found == [1, 1, 2, 2]


def test_the_order_is_that_of_the_board() -> None:
    sample = resampled(board(0.0, 1.0, 2.0), seed=1)

    assert tiers(sample, order=[2, 1, 0]) == [1, 2, 3]


def test_twins_share_a_tier_however_sure_both_are() -> None:
    one = board(1.0, noise=0.001)

    assert tiers(resampled(np.hstack([one, one]), seed=1), order=[0, 1]) == [1, 1]


def test_who_has_fewer_than_two_events_has_no_tier() -> None:
    made = board(1.0, 0.5, 0.4)
    made[1:, 0] = np.nan

    assert tiers(resampled(made, seed=1), order=[0, 1, 2]) == [None, 1, 1]


@pytest.mark.parametrize("order", [[], [0]])
def test_an_empty_board_and_a_single_entrant(order: list[int]) -> None:
    assert tiers(resampled(board(1.0), seed=1), order) == [1] * len(order)


def test_no_tier_spans_a_significant_difference_to_its_leader() -> None:
    for seed in range(30):
        drawn = np.random.default_rng(seed)
        made = drawn.normal(size=(60, 8)) + drawn.normal(scale=0.3, size=8)
        sample = resampled(made, seed=seed, draws=500)
        order = [int(i) for i in np.argsort(-sample.observed)]

        found = tiers(sample, order)

        leaders: dict[int, int] = {}
        for entrant, tier in zip(order, found, strict=True):
            assert tier is not None
            leader = leaders.setdefault(tier, entrant)
            apart = difference(sample, leader, entrant)
            assert apart is not None and not apart.significant
        assert found == sorted(found, key=lambda tier: tier or 0)
