"""A portfolio while it decides: its cash, its limits, and what it holds in the markets that it looks at."""

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.paper_trading.domain.breaking import OpenBreaker
from services.paper_trading.domain.holdings import ZERO, Holding, Side


@dataclass(frozen=True, slots=True)
class Limits:
    """What of a portfolio's configuration holds at the moment of a fill."""

    max_positions: int | None = None
    max_exposure: Decimal | None = None  # share of the equity
    max_position_size: Decimal | None = None  # dollars of cost


@dataclass(frozen=True, slots=True)
class Waiting:
    """Purchases of one side of one market that wait as limit orders."""

    reserved: Decimal
    opens: bool  # nothing is held in that market yet, so a fill makes one position more


@dataclass
class Account:
    """A portfolio while it decides: every fill changes it, so that the next signal sees what is left."""

    portfolio_id: int
    name: str
    strategy_type: str
    status: str
    limits: Limits
    balance: Decimal
    reserved: Decimal
    owed: Decimal
    total_invested: Decimal
    liquidation_value: Decimal
    realized_pnl: Decimal
    fees_paid: Decimal
    execution_cost: Decimal
    open_positions: int
    trade_count: int
    breakers: tuple[OpenBreaker, ...] = ()
    holdings: dict[tuple[int, Side], Holding] = field(default_factory=dict)  # in the markets of its signals
    changed: set[tuple[int, Side]] = field(default_factory=set)
    gone: list[Holding] = field(default_factory=list)  # with nothing left in them
    waiting: dict[tuple[int, Side], Waiting] = field(default_factory=dict)  # in all markets
    resting_sales: dict[tuple[int, Side], Decimal] = field(default_factory=dict)
    taken: dict[tuple[int, datetime, str], dict[Decimal, Decimal]] = field(default_factory=dict)  # at yes prices

    @property
    def available(self) -> Decimal:
        return self.balance - self.reserved

    @property
    def equity(self) -> Decimal:
        return self.balance + self.liquidation_value - self.owed

    @property
    def unrealized_pnl(self) -> Decimal:
        return self.liquidation_value - self.total_invested

    def positions_beside(self, market_no: int) -> int:
        """How many positions there are, or will be when everything that waits in other markets is filled."""
        to_come = {number for (number, _), each in self.waiting.items() if each.opens and number != market_no}
        return self.open_positions + len(to_come - {number for number, _ in self.holdings})

    def wait_for(self, market_no: int, outcome: Side, reserved: Decimal) -> None:
        """One more purchase waits."""
        before = self.waiting.get((market_no, outcome))
        opens = not any(number == market_no for number, _ in self.holdings)
        self.waiting[(market_no, outcome)] = Waiting(reserved + (before.reserved if before else ZERO), opens)
        self.reserved += reserved

    def held(self, market_no: int, outcome: Side) -> Holding | None:
        return self.holdings.get((market_no, outcome))

    @property
    def touched(self) -> list[Holding]:
        """What was changed, as it is now."""
        return [*self.gone, *(self.holdings[key] for key in sorted(self.changed) if key in self.holdings)]

    def trial(self) -> "Account":
        """A copy on which a group of legs can be tried."""
        other = copy(self)
        other.holdings, other.changed, other.gone = dict(self.holdings), set(self.changed), list(self.gone)
        other.waiting, other.resting_sales = dict(self.waiting), dict(self.resting_sales)
        other.taken = {key: dict(levels) for key, levels in self.taken.items()}
        return other

    def replace_holding(self, after: Holding) -> None:
        key = (after.market_no, after.outcome)
        before = self.holdings.pop(key, None)
        self.changed.add(key)
        if after.quantity:
            self.holdings[key] = after
        else:
            self.gone.append(after)
        self.total_invested += after.cost - (before.cost if before else ZERO)
        self.liquidation_value += after.liquidation_value - (before.liquidation_value if before else ZERO)
        self.open_positions += bool(after.quantity) - bool(before)
