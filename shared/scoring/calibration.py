"""Calibration: ten bins, how far they are off, and Murphy's terms of the Brier score."""

from dataclasses import dataclass

import numpy as np

from shared.scoring.columns import Floats, Integers, Numbers, column, present

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    number: int  # 0 holds forecasts below 0.1, 9 those from 0.9 to 1
    low: float
    high: float
    forecasts: int
    stated: float  # mean probability
    happened: float  # share of yes


@dataclass(frozen=True, slots=True)
class Calibration:
    """`brier` = reliability − resolution + uncertainty + within_variance − within_covariance."""

    forecasts: int
    brier: float
    base_rate: float
    ece: float  # expected calibration error: mean over forecasts of how far their bin is off
    mce: float  # the bin that is furthest off
    reliability: float
    resolution: float
    uncertainty: float
    within_variance: float
    within_covariance: float  # twice the covariance of p and y inside the bins
    bins: tuple[Bin, ...]  # those that hold a forecast


def bin_numbers(probabilities: Numbers) -> Integers:
    """min(9, ⌊round(p · 10, 9)⌋) of each probability, so that 0.3, 0.6, 0.7 and 1.0 land where they belong."""
    tenths = np.floor(np.round(column(probabilities) * BINS, 9))
    return np.minimum(BINS - 1, tenths).astype(np.int64)


def calibration(probabilities: Numbers, outcomes: Numbers) -> Calibration | None:
    """Of yes/no forecasts with their outcomes, void ones (nan) left out; None without a graded forecast."""
    stated, happened = present(column(probabilities), column(outcomes))
    if not stated.size:
        return None
    numbers = bin_numbers(stated)
    counts = np.bincount(numbers, minlength=BINS)
    held = counts > 0
    shares = counts[held] / stated.size
    stated_mean = _bin_means(numbers, stated, counts, held)
    happened_mean = _bin_means(numbers, happened, counts, held)
    base_rate = float(happened.mean())
    off = np.abs(stated_mean - happened_mean)
    of_bin = np.cumsum(held)[numbers] - 1
    apart, surprise = stated - stated_mean[of_bin], happened - happened_mean[of_bin]
    return Calibration(
        forecasts=stated.size,
        brier=float(((stated - happened) ** 2).mean()),
        base_rate=base_rate,
        ece=float((shares * off).sum()),
        mce=float(off.max()),
        reliability=float((shares * (stated_mean - happened_mean) ** 2).sum()),
        resolution=float((shares * (happened_mean - base_rate) ** 2).sum()),
        uncertainty=base_rate * (1 - base_rate),
        within_variance=float((apart**2).mean()),
        within_covariance=float(2 * (apart * surprise).mean()),
        bins=tuple(
            Bin(int(number), int(number) / BINS, (int(number) + 1) / BINS, int(counts[number]), float(p), float(y))
            for number, p, y in zip(np.flatnonzero(held), stated_mean, happened_mean, strict=True)
        ),
    )


def _bin_means(numbers: Integers, values: Floats, counts: Integers, held: np.ndarray) -> Floats:
    sums = np.bincount(numbers, weights=values, minlength=BINS)
    return np.asarray(sums[held] / counts[held], dtype=np.float64)
