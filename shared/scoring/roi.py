"""How good opinions were as bets, whatever was really staked on them; never mixed with account value."""

from dataclasses import dataclass

import numpy as np

from shared.scoring.columns import Numbers, column, present


@dataclass(frozen=True, slots=True)
class Roi:
    roi: float | None  # profit / cost; None where nothing was bet
    bets: int
    skipped: int  # inside the spread, where neither side is worth its price
    cost: float  # in shares at their prices
    profit: float


def forecast_roi(probabilities: Numbers, yes_asks: Numbers, no_asks: Numbers, outcomes: Numbers) -> Roi:
    """p − a shares of yes above its ask, (1 − p) − n of no above its own, none between; a row with nan is left out."""
    p, a, n, y = present(column(probabilities), column(yes_asks), column(no_asks), column(outcomes))
    yes, no = np.maximum(0, p - a), np.maximum(0, (1 - p) - n)
    crossed = (yes > 0) & (no > 0)  # a pair for less than a dollar: the side with more to gain
    yes, no = np.where(crossed & (no > yes), 0, yes), np.where(crossed & (no <= yes), 0, no)
    cost = float((yes * a + no * n).sum())
    profit = float((yes * (y - a) + no * ((1 - y) - n)).sum())
    bets = int(((yes > 0) | (no > 0)).sum())
    return Roi(profit / cost if cost else None, bets, int(p.size) - bets, cost, profit)
