"""What a rule answers: signals in the venue's units, and why there are no more of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

Action = Literal["buy_yes", "buy_no", "sell_yes", "sell_no"]
Side = Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class Signal:
    """An opinion that asks for a trade: dollars with fees, or a quantity."""

    market_no: int
    action: Action
    limit_price: Decimal  # of the side that is traded
    reason: str
    amount: Decimal | None = None
    quantity: Decimal | None = None
    order_kind: Literal["ioc", "limit"] = "ioc"
    confidence: Decimal | None = None
    probability: Decimal | None = None  # of yes
    group_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def enters(self) -> bool:
        return self.action.startswith("buy")


@dataclass(frozen=True, slots=True)
class Held:
    """An open position."""

    market_no: int
    outcome: Side
    quantity: Decimal
    cost: Decimal  # without fees
    entry_price: Decimal
    mark_bid: Decimal | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What a rule may know of a portfolio."""

    portfolio_id: int
    cash: Decimal  # that no order reserves
    equity: Decimal
    invested: Decimal
    positions: tuple[Held, ...] = ()
    waiting: frozenset[int] = frozenset()  # markets with a resting order

    @property
    def taken(self) -> frozenset[int]:
        """Markets that are not entered again."""
        return self.waiting | {position.market_no for position in self.positions}


@dataclass(slots=True)
class Opinion:
    """A rule's answer for one portfolio."""

    considered: int
    matched: int = 0
    signals: list[Signal] = field(default_factory=list)
    abstentions: Counter[str] = field(default_factory=Counter)

    def abstain(self, reason: str, count: int = 1) -> None:
        if count > 0:
            self.abstentions[reason] += count


def opposite(side: Side) -> Side:
    return "no" if side == "yes" else "yes"


def expiry(order: Literal["ioc", "limit"], minutes: Decimal, now: datetime) -> datetime | None:
    """Of a limit order; none: the age at which signals are too old."""
    return now + timedelta(minutes=float(minutes)) if order == "limit" else None
