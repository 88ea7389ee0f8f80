"""Figures of a portfolio's performance, each a value or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

DAYS_MIN = 20  # daily returns below which a Sharpe ratio says nothing
DAYS_OF_YEAR = 365  # these markets trade every day
RATIO = Decimal("0.000001")
MONEY = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Finished:
    """Positions that are over, by how they ended: more than all fees, less, or neither (split, void, scalar)."""

    won: int
    lost: int
    pushed: int
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one portfolio."""

    portfolio_id: int
    name: str
    strategy_type: str
    initial_balance: Decimal
    equity: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    fees_paid: Decimal
    execution_cost: Decimal
    trade_count: int
    signals_decided: int
    signals_traded: int  # of these, those that became trades


@dataclass(frozen=True, slots=True)
class Curve:
    """Of the equity: how many points it has, and its deepest fall from a peak before as a share of that peak."""

    points: int
    deepest_fall: Decimal


@dataclass(frozen=True, slots=True)
class DayEnd:
    day: date
    equity: Decimal


@dataclass(frozen=True, slots=True)
class Figure:
    value: Decimal | None
    reason: str | None = None  # why there is no value


def performance(facts: Facts, finished: Finished, curve: Curve, days: Sequence[DayEnd]) -> dict[str, Any]:
    total_pnl = facts.realized_pnl + facts.unrealized_pnl
    over = finished.won + finished.lost
    positions = over + finished.pushed
    figures = {
        "win_rate": _ratio(finished.won, over, "no position has been won or lost yet"),
        "average_pnl_per_trade": _average(total_pnl, facts.trade_count, "nothing has been traded yet"),
        "average_pnl_per_position": _average(finished.realized_pnl, positions, "no position is over yet"),
        "growth": Figure(_rounded((facts.equity - facts.initial_balance) / facts.initial_balance)),
        "signal_execution_rate": _ratio(facts.signals_traded, facts.signals_decided, "no signal has been decided yet"),
        "max_drawdown": max_drawdown(curve),
        "sharpe": sharpe(days),
    }
    return {
        "portfolio_id": facts.portfolio_id,
        "portfolio_name": facts.name,
        "strategy_type": facts.strategy_type,
        "initial_balance": facts.initial_balance,
        "equity": facts.equity,
        "total_pnl": total_pnl,
        "realized_pnl": facts.realized_pnl,
        "unrealized_pnl": facts.unrealized_pnl,
        "fees_paid": facts.fees_paid,
        "execution_cost": facts.execution_cost,
        "trade_count": facts.trade_count,
        "signals_decided": facts.signals_decided,
        "signals_traded": facts.signals_traded,
        "positions_won": finished.won,
        "positions_lost": finished.lost,
        "positions_pushed": finished.pushed,
        "equity_points": curve.points,
        **{name: figure.value for name, figure in figures.items()},
        "missing": {name: figure.reason for name, figure in figures.items() if figure.reason},
    }


def max_drawdown(curve: Curve) -> Figure:
    if not curve.points:
        return Figure(None, "no cycle has taken a snapshot yet")
    return Figure(_rounded(curve.deepest_fall))


def sharpe(days: Sequence[DayEnd]) -> Figure:
    """Mean over standard deviation of the returns from one day's end to the next, times the root of the days of a
    year. Only neighbouring days make a return."""
    returns = [
        (today.equity - before.equity) / before.equity
        for before, today in pairwise(days)
        if (today.day - before.day).days == 1 and before.equity > 0
    ]
    if len(returns) < DAYS_MIN:
        return Figure(None, f"needs {DAYS_MIN} daily returns and has {len(returns)}")
    mean = sum(returns, Decimal(0)) / len(returns)
    variance = sum(((each - mean) ** 2 for each in returns), Decimal(0)) / (len(returns) - 1)
    if not variance:
        return Figure(None, "the equity has not moved")
    return Figure(_rounded(mean / variance.sqrt() * Decimal(DAYS_OF_YEAR).sqrt()))


def _ratio(part: int, whole: int, reason: str) -> Figure:
    return Figure(_rounded(Decimal(part) / whole)) if whole else Figure(None, reason)


def _average(total: Decimal, count: int, reason: str) -> Figure:
    return Figure((total / count).quantize(MONEY)) if count else Figure(None, reason)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(RATIO)
