"""What an order gets at once from a book: a walk over its levels with the venue's rules and fees."""

# An amount includes the fees. Quantities are whole steps, rounded down. On the last level the largest quantity is taken
# whose cost and fee still fit what is left; cost and fee of a level are computed exactly, never estimated.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from shared.trading.books import CENT, Action, Grid, Ladder, Level, NoGrid
from shared.trading.fees import ZERO, FeeTerms, UnreadableTerms, charged_fee
from shared.trading.reasons import Outcome
from shared.trading.stairs import Filled, Stairs, largest_part, reaching, stairs_of, within

PRICE_STEP = Decimal("0.000001")

POLYMARKET_COST_MIN = Decimal(1)  # dollars, of a purchase that takes what is offered
POLYMARKET_RESTING_MIN = Decimal(5)  # shares, of an order that waits, where the market does not say

BUYING: frozenset[Action] = frozenset({"buy_yes", "buy_no"})
OF_YES: frozenset[Action] = frozenset({"buy_yes", "sell_yes"})


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted at the limit or better: for an amount, for so many contracts, or for whichever ends first."""

    action: Action
    limit_price: Decimal  # of the side traded
    amount: Decimal | None = None  # dollars with fees; of purchases alone
    quantity: Decimal | None = None

    def __post_init__(self) -> None:
        if self.amount is None and self.quantity is None:
            raise ValueError("an order asks for an amount or for a quantity")
        if self.amount is not None and self.action in ("sell_yes", "sell_no"):
            raise ValueError("a sale is of a quantity")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a venue lets an order be, and what it charges."""

    fees: FeeTerms
    grid: Grid  # of the yes side; the no side's is its mirror
    quantity_step: Decimal = CENT
    quantity_min: Decimal = CENT
    cost_min: Decimal = ZERO  # dollars before fees, of a purchase that takes what is offered
    resting_min: Decimal = CENT  # contracts, of an order that waits


class Fill(NamedTuple):
    levels: tuple[Filled, ...]  # as they were taken
    quantity: Decimal
    cost: Decimal  # Σ price × quantity: of a sale the proceeds before the fee
    fee: Decimal
    complete: bool  # False: more was wanted than is offered within the limit

    @property
    def price(self) -> Decimal:
        """The average, rounded for reading."""
        return (self.cost / self.quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN)

    @property
    def spent(self) -> Decimal:
        """What a purchase takes from the cash."""
        return self.cost + self.fee

    @property
    def received(self) -> Decimal:
        """What a sale brings to the cash."""
        return self.cost - self.fee


class NoFill(NamedTuple):
    reason: Outcome
    detail: str


def venue_rules(
    platform: str,
    fees: FeeTerms,
    *,
    tick_size: Decimal | None,
    price_bands: Sequence[Mapping[str, Any]] | None = None,
    min_size: Decimal | None = None,
) -> Rules:
    """The rules of one market; `min_size` as it is told, which on Polymarket is of orders that wait."""
    try:
        grid = Grid.of(tick_size if platform != "kalshi" or tick_size else CENT, price_bands)
    except NoGrid as error:
        raise UnreadableTerms(str(error)) from error
    if platform == "polymarket":
        resting_min = POLYMARKET_RESTING_MIN if min_size is None else min_size
        return Rules(fees, grid, cost_min=POLYMARKET_COST_MIN, resting_min=resting_min)
    return Rules(fees, grid)


def fill(order: Order, levels: Sequence[Level], rules: Rules) -> Fill | NoFill:
    """Immediate or cancel: what these levels give for this order. They are `Book.levels(order.action)`."""
    action, limit = order.action, order.limit_price
    buying = action in BUYING
    if not rules.grid.holds(limit if action in OF_YES else 1 - limit):
        return NoFill("off_tick", f"the venue takes no limit of {limit}")
    ladder = levels if isinstance(levels, Ladder) else Ladder.of(levels, "lowest" if buying else "highest")
    if not ladder:
        return NoFill("no_book", f"nobody {'offers' if buying else 'bids'}")
    best = ladder[0][0]
    if best > limit if buying else best < limit:
        return NoFill("price_moved", f"the best price is {best}, the limit {limit}")
    found = _walked(order, ladder, rules, buying)
    if isinstance(found, NoFill):
        return found
    if not buying:
        if found.fee > found.cost:
            return NoFill("below_minimum", f"the fee of {found.fee} is more than the sale brings, {found.cost}")
    elif _sent(order, found) < rules.cost_min:
        return NoFill("below_minimum", f"the venue takes no purchase of less than {rules.cost_min} dollars before fees")
    return found


def execution_cost(fill: Fill, action: Action, mid: Decimal | None) -> Decimal | None:
    """What the fill cost beyond the mid without fees, in dollars: its execution cost. None where there is no mid."""
    if mid is None:
        return None
    at_mid = mid * fill.quantity
    return fill.spent - at_mid if action in BUYING else at_mid - fill.received


def _sent(order: Order, found: Fill) -> Decimal:
    """Dollars of a purchase as the venue counts them against its minimum: of a thin book, less may be filled."""
    by_amount = found.cost if order.amount is None else order.amount - found.fee
    if order.quantity is None:
        return by_amount
    by_quantity = order.limit_price * order.quantity
    return by_quantity if order.amount is None else min(by_amount, by_quantity)


def _walked(order: Order, ladder: Ladder, rules: Rules, buying: bool) -> Fill | NoFill:
    amount, quantity, step, limit = order.amount, order.quantity, rules.quantity_step, order.limit_price
    if quantity is not None:
        quantity = quantity // step * step
        if quantity < rules.quantity_min or quantity <= ZERO:
            return NoFill("below_minimum", f"of {order.quantity} contracts wanted, {rules.quantity_min} is the least")
    if amount is not None and amount <= ZERO:
        return NoFill("below_minimum", f"nothing can be bought for {amount} dollars")
    stairs, whole = reaching(ladder, stairs_of(ladder, rules.fees, step, buying), amount, quantity)
    levels = stairs.levels
    if whole == len(levels) or (levels[whole][0] > limit if buying else levels[whole][0] < limit):
        return _all_that_is_offered(stairs, within(stairs, limit), amount, quantity)
    price, part, _ = levels[whole]
    if quantity is not None:
        part = min(part, quantity - stairs.quantities[whole])
    if amount is not None:
        part, cost, fee = largest_part(stairs, whole, amount - stairs.spent[whole], part)
    else:
        cost = price * part
        fee, _ = charged_fee(rules.fees, stairs.carried[whole], cost, stairs.each[whole] * part, buying)
    if part:
        taken = (*levels[:whole], (price, part, fee))
        return Fill(
            taken, stairs.quantities[whole] + part, stairs.costs[whole] + cost, stairs.fees[whole] + fee, complete=True
        )
    if whole:
        return _whole(stairs, whole, complete=True)
    return NoFill("below_minimum", f"{amount} dollars do not buy {step} contracts with their fee")


def _all_that_is_offered(stairs: Stairs, whole: int, amount: Decimal | None, quantity: Decimal | None) -> Fill | NoFill:
    """Complete where the order wanted no more: all its contracts, or what its money buys at the last price."""
    if not whole:
        return NoFill("no_book", f"less than {stairs.step} contracts are offered within the limit")
    complete = stairs.quantities[whole] == quantity
    if amount is not None and not complete:
        complete = not largest_part(stairs, whole - 1, amount - stairs.spent[whole], stairs.step)[0]
    return _whole(stairs, whole, complete)


def _whole(stairs: Stairs, whole: int, complete: bool) -> Fill:
    return Fill(stairs.levels[:whole], stairs.quantities[whole], stairs.costs[whole], stairs.fees[whole], complete)
