"""Whether forecasters err together: the correlation of p − y over the events that both met."""

from dataclasses import dataclass

import numpy as np

from shared.scoring.columns import Floats, Numbers, column, present

EVENTS_MIN = 3  # two points always lie on a line


@dataclass(frozen=True, slots=True)
class Correlation:
    r: float | None  # Pearson's, −1 to 1; None with fewer than three shared events or where either never varies
    events: int  # shared and graded


def error_correlation(first: Numbers, second: Numbers, outcomes: Numbers) -> Correlation:
    """Of two columns of probabilities of yes with the outcomes, nan where there is none."""
    one, other, happened = present(column(first), column(second), column(outcomes))
    return Correlation(_pearson(one - happened, other - happened), int(happened.size))


def error_correlations(probabilities: Floats, outcomes: Numbers) -> list[list[Correlation]]:
    """Of each forecaster with each, from a matrix of events × forecasters; the diagonal is 1 where it is defined."""
    columns = range(probabilities.shape[1])
    return [[error_correlation(probabilities[:, i], probabilities[:, j], outcomes) for j in columns] for i in columns]


def _pearson(x: Floats, y: Floats) -> float | None:
    if x.size < EVENTS_MIN:
        return None
    apart_x, apart_y = x - x.mean(), y - y.mean()
    scale_x, scale_y = float(np.sqrt((apart_x**2).sum())), float(np.sqrt((apart_y**2).sum()))
    if scale_x <= 1e-12 * float(np.abs(x).max()) or scale_y <= 1e-12 * float(np.abs(y).max()):
        return None
    return float(np.clip((apart_x / scale_x * (apart_y / scale_y)).sum(), -1, 1))
