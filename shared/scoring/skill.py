"""Skill against the crowd: paired by event, with Student's interval."""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from shared.scoring import student
from shared.scoring.columns import Floats, Numbers, column


@dataclass(frozen=True, slots=True)
class Skill:
    """A mean over events with what is known about it; with one event the mean alone is known."""

    events: int
    mean: float  # in Brier points, above 0 is better than the crowd
    deviation: float | None  # standard deviation with n − 1; None with one event
    error: float | None  # standard error of the mean
    t: float | None  # None where all events are alike too: nothing varies to be measured against
    p_two_sided: float | None
    low: float | None  # of the t interval
    high: float | None


def skills(crowd: Numbers, forecaster: Numbers) -> Floats:
    """Brier of the crowd less Brier of the forecaster, an event a row; nan where either has none."""
    return np.asarray(column(crowd) - column(forecaster), dtype=np.float64)


def paired_skill(skill_per_event: Numbers, level: float = 0.95) -> Skill | None:
    """The mean over events with its t interval of that level, nan left out; None without an event."""
    values = column(skill_per_event)
    values = values[~np.isnan(values)]
    n = values.size
    if n == 0:
        return None
    mean = float(values.mean())
    if n == 1:
        return Skill(1, mean, None, None, None, None, None, None)
    deviation = float(values.std(ddof=1))
    error = deviation / sqrt(n)
    reach = student.quantile(0.5 + level / 2, n - 1) * error
    t = mean / error if error > abs(mean) * 1e-12 else None
    p = None if t is None else student.two_sided(t, n - 1)
    return Skill(n, mean, deviation, error, t, p, mean - reach, mean + reach)


def events_needed(deviation: float | None, error: float) -> int | None:
    """Events until the standard error is no more than `error`, if they vary as so far; None where that is unknown."""
    if deviation is None or error <= 0:
        return None
    return max(1, ceil((deviation / error) ** 2 - 1e-9))
