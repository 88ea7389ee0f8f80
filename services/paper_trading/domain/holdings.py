"""How trades change what a portfolio holds: cost by average, fees realized when paid, pairs turned into dollars."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

Side = Literal["yes", "no"]

ZERO = Decimal(0)
EIGHT_DIGITS = Decimal("0.00000001")
SIX_DIGITS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Holding:
    """One side of one market in one portfolio."""

    market_no: int
    outcome: Side
    quantity: Decimal
    cost: Decimal  # of what is held, without fees
    fees: Decimal
    realized_pnl: Decimal
    opened_at: datetime
    position_id: int | None = None  # none: not written yet
    mark_bid: Decimal | None = None
    mark_mid: Decimal | None = None
    mark_stale: bool = True
    marked_at: datetime | None = None

    @property
    def entry_price(self) -> Decimal:
        return (self.cost / self.quantity).quantize(SIX_DIGITS, ROUND_HALF_EVEN) if self.quantity else ZERO

    @property
    def liquidation_value(self) -> Decimal:
        """What it could be sold for; nothing where nobody ever bid."""
        return self.quantity * self.mark_bid if self.mark_bid is not None else ZERO

    @property
    def unrealized_pnl(self) -> Decimal:
        return self.liquidation_value - self.cost


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase: what is held of both sides afterwards, and what it did to cash and result."""

    same: Holding | None  # the side that was bought; none: all of it met the other side
    other: Holding | None  # the other side, if it was held
    merged: Decimal
    realized_pnl: Decimal  # its fee deducted
    paid: Decimal
    merge_proceeds: Decimal


@dataclass(frozen=True, slots=True)
class Sold:
    held: Holding
    realized_pnl: Decimal  # its fee deducted
    received: Decimal


def part_of(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The cost of a part, by average; the whole is the whole to the last digit."""
    return cost if part == whole else (cost * part / whole).quantize(EIGHT_DIGITS, ROUND_HALF_EVEN)


def bought(
    same: Holding | None,
    other: Holding | None,
    quantity: Decimal,
    cost: Decimal,
    fee: Decimal,
    *,
    market_no: int,
    outcome: Side,
    now: datetime,
) -> Bought:
    """Contracts that meet the other side in hand make a pair, which is worth a dollar at once and in every case."""
    merged = min(quantity, other.quantity) if other else ZERO
    merged_cost = part_of(cost, merged, quantity)
    realized = ZERO
    if other and merged:
        other, realized = _merged(other, merged, merged_cost)
    rest = quantity - merged
    if rest:
        held = same or Holding(market_no, outcome, ZERO, ZERO, ZERO, ZERO, now)
        same = replace(
            held,
            quantity=held.quantity + rest,
            cost=held.cost + cost - merged_cost,
            fees=held.fees + fee,
            realized_pnl=held.realized_pnl - fee,
        )
    elif other:
        other = replace(other, fees=other.fees + fee, realized_pnl=other.realized_pnl - fee)
    return Bought(same, other, merged, realized - fee, cost + fee, merged)


def _merged(other: Holding, merged: Decimal, merged_cost: Decimal) -> tuple[Holding, Decimal]:
    removed = part_of(other.cost, merged, other.quantity)
    gain = merged - removed - merged_cost
    after = replace(
        other,
        quantity=other.quantity - merged,
        cost=other.cost - removed,
        realized_pnl=other.realized_pnl + gain,
    )
    return after, gain


def sold(held: Holding, quantity: Decimal, proceeds: Decimal, fee: Decimal) -> Sold:
    removed = part_of(held.cost, quantity, held.quantity)
    realized = proceeds - removed - fee
    after = replace(
        held,
        quantity=held.quantity - quantity,
        cost=held.cost - removed,
        fees=held.fees + fee,
        realized_pnl=held.realized_pnl + realized,
    )
    return Sold(after, realized, proceeds - fee)


def marked(held: Holding, bid: Decimal | None, mid: Decimal | None, at: datetime) -> Holding:
    """Worth what it could be sold for; where nobody bids now, the last known mark stays, flagged as stale."""
    if bid is None:
        return replace(held, mark_stale=True)
    return replace(held, mark_bid=bid, mark_mid=mid, mark_stale=False, marked_at=at)
