"""Columns of numbers: how scores, forecasts and outcomes come in, and what stands where there is none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Numbers = Floats | Sequence[float] | Sequence[float | None]

# What yes was in the end; every other outcome (split, void, scalar, none yet) grades no forecast.
GRADES: Mapping[str, float] = {"yes": 1.0, "no": 0.0}


def column(numbers: Numbers | Iterable[Any]) -> Floats:
    """Numbers as a column of floats; None (also a Decimal's) becomes nan, which here means "there is none"."""
    if isinstance(numbers, np.ndarray):
        return numbers.astype(np.float64, copy=False)
    return np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)


def grades(outcomes: Iterable[str | None]) -> Floats:
    """1 for yes, 0 for no and nan for every outcome that grades no forecast."""
    return np.array([np.nan if outcome is None else GRADES.get(outcome, np.nan) for outcome in outcomes], np.float64)


def present(*columns: Floats) -> tuple[Floats, ...]:
    """The rows of columns of one length in which none of them is nan."""
    there = ~np.isnan(np.vstack(columns)).any(axis=0) if columns else np.zeros(0, bool)
    return tuple(each[there] for each in columns)


def figure(number: float | np.floating[Any]) -> float | None:
    """A number that can be shown: nan and the infinities are None."""
    return float(number) if np.isfinite(number) else None
