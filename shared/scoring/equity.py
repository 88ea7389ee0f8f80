"""What an account's value did: return, volatility, Sharpe ratio, drawdown; and what its trades did."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from shared.scoring.columns import Floats, Numbers, column


@dataclass(frozen=True, slots=True)
class Drawdown:
    share: float  # of the peak that was lost, 0 to 1
    peak: int  # the step of the peak
    trough: int


@dataclass(frozen=True, slots=True)
class EquityFigures:
    """Shares of 1 unless said otherwise; risk-free rate 0, deviations with n − 1."""

    steps: int
    steps_per_year: float  # by which a figure is annualised
    total_return: float
    mean: float  # of the returns per step
    volatility: float | None  # per step; None with one step
    volatility_annual: float | None
    sharpe: float | None  # per step; None where nothing varies
    sharpe_annual: float | None
    downside_annual: float  # root of the mean square of the negative returns, those above 0 as 0
    sortino_annual: float | None  # None where no step lost
    drawdown: Drawdown
    calmar: float | None  # compound return a year / drawdown; None without a drawdown or beyond all numbers
    positive_share: float  # of steps


def returns(values: Numbers) -> Floats:
    """V_t / V_{t−1} − 1 of account values, one fewer than these; nan after a value of 0."""
    known = column(values)
    before = known[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(before > 0, known[1:] / before - 1, np.nan)


def equity_figures(values: Numbers, steps_per_year: float) -> EquityFigures | None:
    """Of account values at equal steps, oldest first; None with fewer than two, a gap, or one that is not above 0."""
    known = column(values)
    if known.size < 2 or not (known[:-1] > 0).all() or not known[-1] >= 0:
        return None
    steps = returns(known)
    mean = float(steps.mean())
    volatility = float(steps.std(ddof=1)) if steps.size > 1 else None
    sharpe = mean / volatility if volatility and volatility > 1e-12 * float(np.abs(steps).max()) else None
    downside = sqrt(float((np.minimum(steps, 0) ** 2).mean()) * steps_per_year)
    drawdown = deepest(known)
    a_year = _compounded(float(known[-1] / known[0]), steps_per_year / steps.size)
    return EquityFigures(
        steps=int(steps.size),
        steps_per_year=steps_per_year,
        total_return=float((known[-1] - known[0]) / known[0]),
        mean=mean,
        volatility=volatility,
        volatility_annual=None if volatility is None else volatility * sqrt(steps_per_year),
        sharpe=sharpe,
        sharpe_annual=None if sharpe is None else sharpe * sqrt(steps_per_year),
        downside_annual=downside,
        sortino_annual=mean * steps_per_year / downside if downside else None,
        drawdown=drawdown,
        calmar=a_year / drawdown.share if drawdown.share and a_year is not None else None,
        positive_share=float((steps > 0).mean()),
    )


def _compounded(growth: float, times: float) -> float | None:
    """The return of so many times this growth; a short curve that grew fast leads beyond what a float can hold."""
    try:
        return float(growth**times) - 1
    except OverflowError:
        return None


def deepest(values: Floats) -> Drawdown:
    """The largest (peak − V) / peak of values above 0, of which there is at least one."""
    peaks = np.maximum.accumulate(values)
    lost = (peaks - values) / peaks
    trough = int(lost.argmax())
    return Drawdown(float(lost[trough]), int(values[: trough + 1].argmax()), trough)


def win_rate(won: int, lost: int) -> float | None:
    """Won / (won + lost) of settled positions, a push counting as neither; None where none was won or lost."""
    return won / (won + lost) if won + lost else None


def profit_factor(pnls: Numbers) -> float | None:
    """Gross gains / gross losses of closed trades; None where nothing was lost."""
    known = column(pnls)
    losses = -float(known[known < 0].sum())
    return float(known[known > 0].sum()) / losses if losses else None


def average_pnl(pnls: Numbers) -> float | None:
    """Dollars a closed trade; None without one."""
    known = column(pnls)
    known = known[~np.isnan(known)]
    return float(known.mean()) if known.size else None


def execution_rate(executed: int, signals: int) -> float | None:
    """The share of signals that became a trade; None without a signal."""
    return executed / signals if signals else None
