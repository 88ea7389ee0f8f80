"""Orders that wait: filled only by trades that print through their price, or at it beyond what was ahead of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.paper_trading.domain.holdings import ZERO
from services.paper_trading.domain.offers import BUYING, OPPOSITE, side_of
from shared.trading.fees import FeeTerms, level_fee

CENT = Decimal("0.01")  # beyond the fee of one fill: several small ones round up several times


@dataclass(frozen=True, slots=True)
class RestingOrder:
    order_id: int
    decision_id: int
    portfolio_id: int
    market_no: int
    market_id: str
    platform: str
    market_open: bool
    action: str
    limit_price: Decimal
    quantity: Decimal
    filled: Decimal
    ahead: Decimal
    reserved: Decimal
    fees: FeeTerms
    fee_carried: Decimal
    placed_at: datetime
    expires_at: datetime
    watched_until: datetime

    @property
    def left(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def buying(self) -> bool:
        return self.action in BUYING

    def turn(self) -> tuple[Decimal, int]:
        """Of several orders the one with the better price is served first, then the older one."""
        return (-self.limit_price if self.buying else self.limit_price), self.order_id


@dataclass(frozen=True, slots=True)
class Print:
    """A trade that happened at the venue."""

    print_id: str
    price: Decimal  # of yes
    size: Decimal
    taker_side: str | None  # the side whose price the taker paid
    printed_at: datetime


@dataclass(frozen=True, slots=True)
class Met:
    """What one print did to an order."""

    print_id: str
    price: Decimal  # of the order's side
    size: Decimal
    taken_ahead: Decimal
    taken: Decimal
    fee: Decimal
    printed_at: datetime


def reservation(action: str, price: Decimal, quantity: Decimal, fees: FeeTerms) -> Decimal:
    """The cash that a waiting purchase binds; a sale binds contracts."""
    if action not in BUYING or not quantity:
        return ZERO
    return quantity * price + level_fee(fees, ZERO, price, quantity, buying=True, maker=True)[0] + CENT


def still_reserved(order: RestingOrder, after: RestingOrder, met: Iterable[Met]) -> Decimal:
    """What an order binds after these prints: roundings come out of its cent, never out of other money."""
    spent = sum((each.taken * order.limit_price + each.fee for each in met), ZERO)
    return max(ZERO, min(reservation(after.action, after.limit_price, after.left, after.fees), order.reserved - spent))


def meet(order: RestingOrder, prints: Iterable[Print], at_most: Decimal) -> tuple[RestingOrder, list[Met]]:
    """The order after these prints (oldest first, none of them met before), filled by no more than `at_most`."""
    met: list[Met] = []
    for each in prints:
        if not order.left or not order.placed_at < each.printed_at <= order.expires_at:
            continue
        order, effect = _meet_one(order, each, at_most)
        if effect is not None:
            met.append(effect)
            at_most -= effect.taken
    return order, met


def _meet_one(order: RestingOrder, each: Print, at_most: Decimal) -> tuple[RestingOrder, Met | None]:
    outcome = side_of(order.action)
    price = each.price if outcome == "yes" else 1 - each.price
    better = price < order.limit_price if order.buying else price > order.limit_price
    if better:
        ahead = ZERO  # whoever waited before us at our price was served
    elif price == order.limit_price and each.taker_side == (OPPOSITE[outcome] if order.buying else outcome):
        ahead = min(order.ahead, each.size)
    else:
        return order, None
    taken = min(each.size - ahead, order.left, at_most) // CENT * CENT
    fee, carried = ZERO, order.fee_carried
    if taken:
        fee, carried = level_fee(
            order.fees, order.fee_carried, order.limit_price, taken, buying=order.buying, maker=True
        )
    after = replace(
        order,
        filled=order.filled + taken,
        ahead=ZERO if better else order.ahead - ahead,
        fee_carried=carried,
    )
    return after, Met(each.print_id, price, each.size, ahead, taken, fee, each.printed_at)
