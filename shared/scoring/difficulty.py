"""Brier scores made comparable between forecasters who met different questions."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from shared.scoring.columns import Floats

COIN_FLIP = 0.25  # what always saying 0.5 scores


def difficulty_adjusted(briers: Floats) -> list[float | None]:
    """From Brier scores of events × forecasters (nan: not met), those that all would have on the same questions.

    Least squares of brier = forecaster + question. What remains without the questions is shifted so that whoever always
    says 0.5 has 0.25 over all of them. None for a forecaster without an event, and for all when some have no question,
    not even through others, in common: then nothing says whether their questions were easy or they good.
    """
    there = ~np.isnan(briers)
    met = there.sum(axis=0) > 0
    asked = there.sum(axis=1) > 0
    if not met.any() or not _connected(there[asked][:, met]):
        return [None] * briers.shape[1]
    levels = _forecaster_levels(briers[asked][:, met], there[asked][:, met])
    found = iter(levels)
    return [float(next(found)) if each else None for each in met]


def brier_index(adjusted: float | None) -> float | None:
    """100 · (1 − √Brier): 100 for always right, 50 for a coin flip, 0 for always wrong; None without a Brier score."""
    return None if adjusted is None else 100 * (1 - sqrt(max(0.0, adjusted)))


def _forecaster_levels(briers: Floats, there: NDArray[np.bool_]) -> Floats:
    """Each forecaster's part with the mean of the questions' parts added, the latter eliminated from the equations."""
    present, scores = there.astype(np.float64), np.where(there, briers, 0.0)
    answers = present.sum(axis=1, keepdims=True)
    left = np.diag(present.sum(axis=0)) - present.T @ (present / answers)
    right = (scores - present * (scores.sum(axis=1, keepdims=True) / answers)).sum(axis=0)
    own = np.linalg.lstsq(left, right, rcond=None)[0]
    questions = ((scores - present * own).sum(axis=1, keepdims=True) / answers).ravel()
    return np.asarray(own + questions.mean(), dtype=np.float64)


def _connected(there: NDArray[np.bool_]) -> bool:
    """Whether every forecaster can be reached from the first over questions that both met."""
    reached = np.zeros(there.shape[1], bool)
    reached[0] = True
    while True:
        further = there[there[:, reached].any(axis=1)].any(axis=0) | reached
        if (further == reached).all():
            return bool(reached.all())
        reached = further
