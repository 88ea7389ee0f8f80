"""The Sharpe ratio of a series of returns, and what is left of it after the best of many was picked."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import e, sqrt
from statistics import NormalDist

import numpy as np

from shared.scoring.columns import Numbers, column

EULER = 0.5772156649015329  # Euler's constant
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Moments:
    """What the deflated Sharpe ratio needs of a series of returns."""

    steps: int
    sharpe: float  # per step: mean / standard deviation with n − 1, risk-free rate 0
    skew: float  # of the population
    kurtosis: float  # of the population, 3 for a normal one


def moments(returns: Numbers) -> Moments | None:
    """Of returns per step, nan left out; None with fewer than two of them or where they do not vary."""
    values = column(returns)
    values = values[~np.isnan(values)]
    if values.size < 2:
        return None
    deviation = float(values.std(ddof=1))
    if deviation <= 1e-12 * float(np.abs(values).max()):
        return None
    standardised = (values - values.mean()) / values.std()
    return Moments(
        int(values.size),
        float(values.mean()) / deviation,
        float((standardised**3).mean()),
        float((standardised**4).mean()),
    )


def probabilistic_sharpe(sharpe: float, steps: int, skew: float, kurtosis: float, bar: float = 0.0) -> float | None:
    """The probability that the true ratio per step is above the bar; None with fewer than two steps."""
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if steps < 2 or spread <= 0:
        return None
    return NORMAL.cdf((sharpe - bar) * sqrt(steps - 1) / sqrt(spread))


def expected_best_sharpe(variance: float, tried: int) -> float | None:
    """What the best of so many portfolios without skill shows, from the variance of their ratios; None below two."""
    if tried < 2 or variance < 0:
        return None
    first, second = NORMAL.inv_cdf(1 - 1 / tried), NORMAL.inv_cdf(1 - 1 / (tried * e))
    return sqrt(variance) * ((1 - EULER) * first + EULER * second)


def sharpe_variance(sharpes: Numbers) -> float | None:
    """The variance with n − 1 of the ratios of the portfolios that were tried, nan left out; None below two."""
    values = column(sharpes)
    values = values[~np.isnan(values)]
    return float(values.var(ddof=1)) if values.size >= 2 else None


def deflated_sharpe(of: Moments, variance: float, tried: int) -> float | None:
    """The probability that the true ratio is above what luck gives the best of so many; None below two tried."""
    bar = expected_best_sharpe(variance, tried)
    return None if bar is None else probabilistic_sharpe(of.sharpe, of.steps, of.skew, of.kurtosis, bar)


def deflated_sharpes(of_all: Sequence[Moments | None], tried: int | None = None) -> list[float | None]:
    """Each portfolio against the best that luck gives among so many, by default as many as have a ratio."""
    ratios = [each.sharpe for each in of_all if each is not None]
    variance = sharpe_variance(ratios)
    return [
        None if each is None or variance is None else deflated_sharpe(each, variance, tried or len(ratios))
        for each in of_all
    ]
