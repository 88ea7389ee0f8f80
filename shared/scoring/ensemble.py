"""What the models say together: their median."""

from collections.abc import Iterable
from decimal import Decimal
from statistics import median

import numpy as np

from shared.scoring.columns import Floats


def median_probability(stated: Iterable[Decimal | None]) -> Decimal | None:
    """The middle probability, or the mean of the two in the middle; None where nobody stated one."""
    known = [each for each in stated if each is not None]
    return median(known) if known else None


def median_forecasts(probabilities: Floats) -> Floats:
    """The median of each row of events × forecasters, nan left out; nan where nobody said anything."""
    medians = np.full(probabilities.shape[0], np.nan)
    said = ~np.isnan(probabilities).all(axis=1) if probabilities.shape[1] else np.zeros(0, bool)
    if said.any():
        medians[said] = np.nanmedian(probabilities[said], axis=1)
    return medians
