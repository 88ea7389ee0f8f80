"""The joint bootstrap against a bare matrix product, and what the board claims against worlds whose truth is known."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from time import perf_counter

import numpy as np

from shared.scoring.bootstrap import DRAWS, best_probabilities, difference, intervals, resampled
from shared.scoring.columns import Floats
from shared.scoring.power import events_to_detect
from shared.scoring.skill import paired_skill
from shared.scoring.tiers import tiers
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import FULL, Scale
from tests.scoring.worlds import (
    NULL_ENTRANTS,
    Forecaster,
    no_better_than_the_crowd,
    null_profits,
    true_skill,
    world,
)

CODE = "scoring"
PORTFOLIOS, EVENTS = 50, 2_000
WORLDS_AT_ONCE = 250
FIELD = tuple(Forecaster(knows=0.2 * step, believes=0.2 * step) for step in range(8))


def scoring_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    """Needs no database; `scale.repeats` says how often each is timed and how many worlds are looked at."""
    yield from _speed(scale.repeats)
    worlds = WORLDS_AT_ONCE * (40 if scale == FULL else 2)
    yield from _false_alarms(worlds)
    yield from _coverage(worlds)
    yield from _order(20 if scale == FULL else 4)


def _speed(repeats: int) -> Iterator[Figure]:
    drawn = np.random.default_rng(1)
    scores = drawn.normal(size=(EVENTS, PORTFOLIOS))
    counts = drawn.integers(0, 4, (DRAWS, EVENTS)).astype(np.float64)
    gaps = np.where(drawn.uniform(size=scores.shape) < 0.3, np.nan, scores)
    floor, alone, board, gapped = _best_interleaved(
        repeats,
        lambda: counts @ scores,
        lambda: resampled(scores, seed=1),
        lambda: _board(scores),
        lambda: _board(gaps),
    )
    bare = Floor("numpy product", floor)
    about = f"{PORTFOLIOS} × {EVENTS:,} × {DRAWS:,}"
    yield Figure(CODE, f"joint bootstrap, {about}", alone, floor=bare, goal=Goal(2))
    yield Figure(CODE, "it with intervals, best and tiers", board, floor=bare, goal=Goal(2))
    yield Figure(CODE, "the same with gaps of 30 % in every column", gapped, floor=bare)


def _board(scores: Floats) -> None:
    sample = resampled(scores, seed=1)
    intervals(sample)
    best_probabilities(sample)
    tiers(sample, [int(entrant) for entrant in np.argsort(-sample.observed)])


def _best_interleaved(repeats: int, *deeds: Callable[[], object]) -> list[float]:
    best = [float("inf")] * len(deeds)
    for _ in range(repeats):
        for place, deed in enumerate(deeds):
            began = perf_counter()
            deed()
            best[place] = min(best[place], perf_counter() - began)
    return best


def _false_alarms(worlds: int) -> Iterator[Figure]:
    """A model without skill that is called significantly better than the best of the null entrants."""
    noise = Forecaster(knows=0, believes=0.8)
    loud = no_better_than_the_crowd(knows=0.8)

    def by_money(seed: int) -> Floats:
        seen = world([noise], events=150, seed=seed)
        return np.hstack([seen.profit, null_profits(seen, seed)])

    def by_skill(seed: int) -> Floats:
        return world([loud, Forecaster(0, 0)], events=150, seed=seed).skill

    goal = Goal(5, unit="%")
    of = f"of {worlds:,} worlds"
    money = _share_called_better(by_money, worlds, 1 + len(NULL_ENTRANTS))
    yield Figure(CODE, f"no skill beats the best null entrant by money, {of}", 100 * money, "%", goal=goal)
    skill = _share_called_better(by_skill, worlds, 2)
    yield Figure(CODE, f"no skill beats the crowd by skill, {of}", 100 * skill, "%", goal=goal)


def _share_called_better(shown: Callable[[int], Floats], worlds: int, entrants: int) -> float:
    called = 0
    for first in range(0, worlds, WORLDS_AT_ONCE):
        together = np.hstack([shown(first + seed) for seed in range(WORLDS_AT_ONCE)])
        sample = resampled(together, seed=first, draws=2_000)
        for column in range(0, together.shape[1], entrants):
            best = column + 1 + int(np.argmax(sample.observed[column + 1 : column + entrants]))
            apart = difference(sample, column, best)
            called += apart is not None and apart.low > 0
    return called / worlds


def _coverage(worlds: int) -> Iterator[Figure]:
    forecaster = Forecaster(knows=1.0, believes=1.6)
    truth = true_skill(forecaster)
    by_t = by_draws = 0
    for first in range(0, worlds, WORLDS_AT_ONCE):
        columns = [world([forecaster], events=250, seed=first + seed).skill for seed in range(WORLDS_AT_ONCE)]
        together = np.hstack(columns)
        drawn = intervals(resampled(together, seed=first, draws=2_000))
        student = [paired_skill(column) for column in together.T]
        by_draws += sum(each is not None and each.low <= truth <= each.high for each in drawn)
        by_t += sum(
            each is not None and each.low is not None and each.high is not None and each.low <= truth <= each.high
            for each in student
        )
    goal = Goal(94, at_least=True, unit="%")
    yield Figure(CODE, f"bootstrap intervals that cover, of {worlds:,}", 100 * by_draws / worlds, "%", goal=goal)
    yield Figure(CODE, f"Student's intervals that cover, of {worlds:,}", 100 * by_t / worlds, "%", goal=goal)


def _order(worlds: int) -> Iterator[Figure]:
    """Rank correlation of the board with the truth, early and after as many events as its gaps take."""
    truth = np.array([true_skill(forecaster) for forecaster in FIELD])
    sample = world(FIELD, events=20_000, seed=1).skill
    gaps = [(truth[i] - truth[j], (sample[:, i] - sample[:, j]).std()) for i, j in pairwise(np.argsort(-truth))]
    told_apart = gaps[:-1]  # the last two are as good as the same
    enough = max(events_to_detect(float(deviation), float(gap)) or 0 for gap, deviation in told_apart)
    for events in (50, 500, enough):
        found = [_rank_correlation(truth, world(FIELD, events, seed).skill.mean(axis=0)) for seed in range(worlds)]
        name = f"rank correlation with the truth after {events:,} events"
        goal = Goal(0.95, at_least=True, unit="") if events == enough else None
        yield Figure(CODE, name, float(np.mean(found)), "", goal=goal, note=f"worst {min(found):.2f} of {worlds}")


def _rank_correlation(first: Floats, second: Floats) -> float:
    one, other = (np.argsort(np.argsort(values)).astype(np.float64) for values in (first, second))
    return float(np.corrcoef(one, other)[0, 1])
