"""What an order gets at once from a book: a walk over its levels with the venue's rules and fees."""

# An amount includes the fees. Quantities are whole steps, rounded down. On the last level the largest quantity is taken
# whose cost and fee still fit what is left; cost and fee of a level are computed exactly, never estimated.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from shared.trading.books import CENT, Action, Grid, Ladder, Level, NoGrid
from shared.trading.fees import (
    POLYMARKET_STEP,
    ZERO,
    FeeTerms,
    KalshiFees,
    UnreadableTerms,
    charged_fee,
    level_fee,
)
from shared.trading.reasons import Outcome
from shared.trading.stairs import Filled, Stairs, stairs_for_amount, stairs_for_quantity

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
    action, limit, amount = order.action, order.limit_price, order.amount
    buying = action in BUYING
    if not rules.grid.holds(limit if action in OF_YES else 1 - limit):
        return NoFill("off_tick", f"the venue takes no limit of {limit}")
    ladder = levels if isinstance(levels, Ladder) else Ladder.of(levels, "lowest" if buying else "highest")
    if not ladder:
        return NoFill("no_book", f"nobody {'offers' if buying else 'bids'}")
    best = ladder[0][0]
    if best > limit if buying else best < limit:
        return NoFill("price_moved", f"the best price is {best}, the limit {limit}")
    if order.quantity is not None:
        found = _of_quantity(order.quantity, limit, ladder, rules, buying)
        if amount is None or isinstance(found, NoFill) or found.spent <= amount:
            return _allowed(found, order, rules)
    assert amount is not None
    return _allowed(_for_amount(amount, limit, ladder, rules), order, rules)


def graded(fill: Fill, action: Action, mid: Decimal | None) -> Decimal | None:
    """What the fill cost beyond the mid without fees, in dollars: its execution cost. None where there is no mid."""
    if mid is None:
        return None
    at_mid = mid * fill.quantity
    return fill.spent - at_mid if action in ("buy_yes", "buy_no") else at_mid - fill.received


def _allowed(found: Fill | NoFill, order: Order, rules: Rules) -> Fill | NoFill:
    """The venue's minimums are of the order as it is sent, so a thin book may fill less than them."""
    if isinstance(found, NoFill):
        return found
    if order.action in ("sell_yes", "sell_no"):
        if found.fee > found.cost:
            return NoFill("below_minimum", f"the fee of {found.fee} is more than the sale brings, {found.cost}")
        return found
    sent = order.limit_price * (order.quantity or ZERO) if order.amount is None else order.amount - found.fee
    if sent < rules.cost_min:
        return NoFill("below_minimum", f"the venue takes no purchase of less than {rules.cost_min} dollars before fees")
    return found


def _of_quantity(quantity: Decimal, limit: Decimal, ladder: Ladder, rules: Rules, buying: bool) -> Fill | NoFill:
    step, terms = rules.quantity_step, rules.fees
    wanted = quantity // step * step
    if wanted < rules.quantity_min or not wanted:
        return NoFill("below_minimum", f"{quantity} contracts are asked for, the least is {rules.quantity_min}")
    stairs, whole = stairs_for_quantity(ladder, terms, step, wanted, buying=buying)
    within = _within(stairs, limit)
    if whole >= within:
        if not within:
            return NoFill("no_book", f"less than {step} contracts are offered within the limit")
        return _taken(stairs, within, complete=stairs.quantities[within] == wanted)
    part = wanted - stairs.quantities[whole]
    if not part:
        return _taken(stairs, whole, complete=True)
    price = stairs.levels[whole][0]
    fee, _ = level_fee(terms, stairs.carried[whole], price, part, buying=buying)
    return _taken_with(stairs, whole, price, part, fee)


def _for_amount(amount: Decimal, limit: Decimal, ladder: Ladder, rules: Rules) -> Fill | NoFill:
    stairs, whole = stairs_for_amount(ladder, rules.fees, rules.quantity_step, amount)
    within = _within(stairs, limit)
    if whole >= within:
        if not within:
            return NoFill("no_book", f"less than {rules.quantity_step} contracts are offered within the limit")
        left = amount - stairs.spent[within]
        return _taken(stairs, within, complete=not left or not _largest(stairs, within - 1, left)[0])
    part, fee = _largest(stairs, whole, amount - stairs.spent[whole])
    if part:
        return _taken_with(stairs, whole, stairs.levels[whole][0], part, fee)
    if whole:
        return _taken(stairs, whole, complete=True)
    return NoFill("below_minimum", f"{amount} dollars do not buy {rules.quantity_step} contracts with their fee")


def _within(stairs: Stairs, limit: Decimal) -> int:
    """How many of the levels are at the limit or better."""
    levels = stairs.levels
    count = len(levels)
    if stairs.buying:
        while count and levels[count - 1][0] > limit:
            count -= 1
    else:
        while count and levels[count - 1][0] < limit:
            count -= 1
    return count


def _taken(stairs: Stairs, whole: int, complete: bool) -> Fill:
    return Fill(stairs.levels[:whole], stairs.quantities[whole], stairs.costs[whole], stairs.fees[whole], complete)


def _taken_with(stairs: Stairs, whole: int, price: Decimal, part: Decimal, fee: Decimal) -> Fill:
    """Levels taken whole and a part of the next one, with which the order has all it wanted."""
    return Fill(
        (*stairs.levels[:whole], (price, part, fee)),
        stairs.quantities[whole] + part,
        stairs.costs[whole] + price * part,
        stairs.fees[whole] + fee,
        True,
    )


def _largest(stairs: Stairs, level: int, left: Decimal) -> tuple[Decimal, Decimal]:
    """The largest part of a level whose cost and fee fit what is left, and its fee."""
    terms, step = stairs.terms, stairs.step
    price, size, _ = stairs.levels[level]
    carried = stairs.carried[level]
    if isinstance(terms, KalshiFees):  # the balance moves in whole steps; no rebate is more than what is carried
        most = left // terms.balance_step * terms.balance_step + carried
    else:  # no rounding takes off more than a step
        most = left + POLYMARKET_STEP
    each = stairs.each[level]
    part = most // ((price + each) * step) * step
    if part > size:
        part = size
    while part > 0:
        cost = price * part
        fee, _ = charged_fee(terms, carried, cost, each * part, True)
        if cost + fee <= left:
            return part, fee
        part -= step
    return ZERO, ZERO
