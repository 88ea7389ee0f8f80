"""The facts that the board is computed from, as columns of numpy and counts by portfolio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]
Falls: TypeAlias = Mapping[int, tuple[int, Decimal]]  # points of the equity curve and its deepest fall, by portfolio


@dataclass(frozen=True, slots=True)
class Entrant:
    """A portfolio that is not closed."""

    portfolio_id: int
    name: str
    strategy_type: str
    null_kind: str | None  # of a null entrant: cash, random, …
    initial_balance: Decimal
    account_value: Decimal
    trade_count: int
    model: str | None  # the external id
    model_kind: str | None

    @property
    def is_null(self) -> bool:
        return self.strategy_type == "baseline"

    @property
    def total_return(self) -> Decimal:
        return (self.account_value - self.initial_balance) / self.initial_balance


@dataclass(frozen=True, slots=True)
class Results:
    """What finished positions brought, one row a portfolio and event."""

    portfolio: Whole
    unit: Whole  # the event, numbered from 0
    pnl: Floats
    won: Floats  # positions
    lost: Floats
    pushed: Floats


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Stated probabilities whose outcome is known, one row a session."""

    portfolio: Whole
    unit: Whole
    probability: Floats  # of yes
    crowd: Floats  # the mid at the decision; NaN: one side had no quote
    outcome: Floats  # 1 yes, 0 no

    def of(self, portfolio_id: int) -> "Forecasts":
        own = self.portfolio == portfolio_id
        columns = (self.portfolio, self.unit, self.probability, self.crowd, self.outcome)
        portfolio, unit, probability, crowd, outcome = (column[own] for column in columns)
        return Forecasts(portfolio, unit, probability, crowd, outcome)


@dataclass(frozen=True, slots=True)
class Days:
    """The equity at the end of each day."""

    portfolio: Whole
    day: Whole  # since 1970-01-01
    equity: Floats


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts and sums by portfolio; who is not named has none."""

    purchases: Mapping[int, int]
    abstentions: Mapping[int, Mapping[str, int]]
    failures: Mapping[int, Mapping[str, int]]
    concluded: Mapping[int, int]  # sessions that ended, with a decision or without
    forecasts: Mapping[int, int]  # of these, those with a probability
    costs: Mapping[int, Decimal]  # dollars of model calls


@dataclass(frozen=True, slots=True)
class Evidence:
    entrants: Sequence[Entrant]
    results: Results
    forecasts: Forecasts
    days: Days
    falls: Falls
    tally: Tally
    tried: int  # portfolios that there have ever been, closed ones too
