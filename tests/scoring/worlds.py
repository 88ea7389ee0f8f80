"""Worlds whose truth is known: a fair crowd, forecasters who know more or only believe they do, and null entrants."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, pi, sqrt

import numpy as np

from shared.scoring.columns import Floats

NULL_ENTRANTS = ("cash", "random", "follow", "always_no", "favourite")
CONFIDENT = 0.8  # from here on the favourite is bought


@dataclass(frozen=True, slots=True)
class Forecaster:
    """Sees a private signal, normal around ± knows / 2 as yes or no will come, and weighs it as if it knew `believes`.

    Who believes what it knows states the true probability. Who knows nothing and believes something adds noise.
    """

    knows: float
    believes: float
    temper: float = 1.0  # above 1 pushes what it states to the ends


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Of independent events: what the crowd says at the decision, how they end, and what forecasters state."""

    crowd: Floats  # events
    outcomes: Floats
    forecasts: Floats  # events × forecasters

    @property
    def skill(self) -> Floats:
        """Brier of the crowd less Brier of the forecaster, events × forecasters."""
        return (((self.crowd - self.outcomes) ** 2)[:, np.newaxis]) - (self.forecasts - self.outcomes[:, None]) ** 2

    @property
    def profit(self) -> Floats:
        """Of one share of the side that looks cheap, at the crowd's price, events × forecasters."""
        sides = np.sign(self.forecasts - self.crowd[:, np.newaxis])
        return sides * (self.outcomes - self.crowd)[:, np.newaxis]


def world(forecasters: Sequence[Forecaster], events: int, seed: int) -> World:
    """The crowd's price is a fair game halfway to its end, which for a normal walk makes it uniform."""
    generator = np.random.default_rng(seed)
    crowd = generator.uniform(0, 1, events)
    outcomes = (generator.uniform(0, 1, events) < crowd).astype(np.float64)
    noise = generator.normal(size=(events, len(forecasters)))
    knows = np.array([forecaster.knows for forecaster in forecasters])
    signals = noise + (outcomes[:, np.newaxis] - 0.5) * knows
    return World(crowd, outcomes, stated(forecasters, crowd[:, np.newaxis], signals))


def stated(forecasters: Sequence[Forecaster], crowd: Floats, signals: Floats) -> Floats:
    believes = np.array([forecaster.believes for forecaster in forecasters])
    temper = np.array([forecaster.temper for forecaster in forecasters])
    odds = temper * (np.log(crowd / (1 - crowd)) + believes * signals)
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def true_skill(forecaster: Forecaster) -> float:
    """The mean of its skill over all events there could be, by quadrature over the crowd's price and the signal."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    crowd, share = (nodes + 1) / 2, weights / 2
    noise, heights = np.polynomial.hermite_e.hermegauss(80)
    heights = heights / sqrt(2 * pi)
    total = 0.0
    for outcome, chance in ((1.0, crowd), (0.0, 1 - crowd)):
        signals = noise + (outcome - 0.5) * forecaster.knows
        p = stated([forecaster], crowd[:, np.newaxis], signals[np.newaxis, :])
        errors = (((p - outcome) ** 2) * heights).sum(axis=1)
        total += float((share * chance * ((crowd - outcome) ** 2 - errors)).sum())
    return total


def no_better_than_the_crowd(knows: float) -> Forecaster:
    """Knows something and believes so much more than that, that its skill is 0: the hardest to tell from a good one."""
    low, high = knows, 50 * knows
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if true_skill(Forecaster(knows, middle)) > 0 else (low, middle)
    return Forecaster(knows, (low + high) / 2)


def null_profits(of: World, seed: int) -> Floats:
    """What the null entrants make by one share an event at the crowd's price, events × `NULL_ENTRANTS`."""
    coin = np.random.default_rng([seed, 1]).choice([-1.0, 1.0], of.crowd.size)
    sides = {
        "cash": np.zeros(of.crowd.size),
        "random": coin,
        "follow": np.sign(of.crowd - 0.5),
        "always_no": -np.ones(of.crowd.size),
        "favourite": np.where(of.crowd >= CONFIDENT, 1.0, np.where(of.crowd <= 1 - CONFIDENT, -1.0, 0.0)),
    }
    return np.column_stack([sides[name] * (of.outcomes - of.crowd) for name in NULL_ENTRANTS])


def chance_of_more(count: int, trials: int, share: float) -> float:
    """The binomial probability of more than `count` in so many trials."""
    return 1 - sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(count + 1))


def most_by_chance(trials: int, share: float, doubt: float = 1e-3) -> int:
    """The count that so many trials pass with a probability below `doubt`, if each has that share."""
    return next(count for count in range(trials + 1) if chance_of_more(count, trials, share) < doubt)
