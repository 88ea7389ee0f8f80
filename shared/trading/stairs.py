"""Running sums over the levels of a ladder taken whole, from the best on, with their fees: every order shares them."""

# A book is read once and met by the orders of many portfolios. What its levels cost whole does not depend on the order:
# an order begins at the best one with nothing carried, takes levels whole, and only its last level is its own.

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal

from shared.trading.books import Ladder
from shared.trading.fees import POLYMARKET_STEP, ZERO, FeeTerms, PolymarketFees, charged_fee, model_fee

Filled = tuple[Decimal, Decimal, Decimal]  # price, quantity and fee of one level


@dataclass(frozen=True, slots=True)
class Stairs:
    """Each list of sums begins with zero: at `n` stands what the first n levels come to."""

    terms: FeeTerms
    step: Decimal  # of quantities; what is offered of a level beyond whole steps is not taken
    buying: bool
    looked_at: int  # levels of the ladder, of which those smaller than a step have no place here
    levels: tuple[Filled, ...]
    each: tuple[Decimal, ...]  # the fee of one contract of the level, before any rounding
    quantities: tuple[Decimal, ...]
    costs: tuple[Decimal, ...]
    fees: tuple[Decimal, ...]
    spent: tuple[Decimal, ...]  # cost and fee
    carried: tuple[Decimal, ...]  # the accumulator of the order


def stairs_of(ladder: Ladder, terms: FeeTerms, step: Decimal, buying: bool) -> Stairs:
    """As far as orders before have met this ladder."""
    known = ladder.remembered
    if isinstance(known, Stairs) and known.buying is buying:
        if known.terms is terms and known.step is step:
            return known
        if known.terms == terms and known.step == step:
            return known
    nothing = (ZERO,)
    return Stairs(terms, step, buying, 0, (), (), nothing, nothing, nothing, nothing, nothing)


def reaching(ladder: Ladder, stairs: Stairs, amount: Decimal | None, quantity: Decimal | None) -> tuple[Stairs, int]:
    """How many levels from the best on an amount, or so many contracts, take whole; with the stairs as far as that."""
    whole = _whole_levels(stairs, amount, quantity)
    if whole == len(stairs.levels) and stairs.looked_at < len(ladder):
        stairs = ladder.remembered = _extended(ladder, stairs, amount, quantity)
        whole = _whole_levels(stairs, amount, quantity)
    return stairs, whole


def _whole_levels(stairs: Stairs, amount: Decimal | None, quantity: Decimal | None) -> int:
    whole = len(stairs.levels)
    if amount is not None:
        whole = bisect_right(stairs.spent, amount) - 1
    if quantity is not None:
        whole = min(whole, bisect_right(stairs.quantities, quantity) - 1)
    return whole


def _extended(ladder: Ladder, stairs: Stairs, amount: Decimal | None, quantity: Decimal | None) -> Stairs:
    """Up to the first level that is not taken whole. Threads may do this at the same time; one of theirs is kept."""
    terms, step, buying = stairs.terms, stairs.step, stairs.buying
    levels, each, quantities, costs = [*stairs.levels], [*stairs.each], [*stairs.quantities], [*stairs.costs]
    fees, spent, carries = [*stairs.fees], [*stairs.spent], [*stairs.carried]
    bought, cost, paid, carried = quantities[-1], costs[-1], fees[-1], carries[-1]
    looked_at = stairs.looked_at
    for price, size in ladder[looked_at:]:
        looked_at += 1
        part = size // step * step
        if not part:
            continue
        model, whole = model_fee(terms, price), price * part
        fee, carried = charged_fee(terms, carried, whole, model * part, buying)
        levels.append((price, part, fee))
        each.append(model)
        quantities.append(bought := bought + part)
        costs.append(cost := cost + whole)
        fees.append(paid := paid + fee)
        spent.append(total := cost + paid)
        carries.append(carried)
        if (amount is not None and total > amount) or (quantity is not None and bought > quantity):
            break
    sums = (tuple(values) for values in (quantities, costs, fees, spent, carries))
    return Stairs(terms, step, buying, looked_at, tuple(levels), tuple(each), *sums)


def within(stairs: Stairs, limit: Decimal) -> int:
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


def largest_part(stairs: Stairs, level: int, left: Decimal, wanted: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """The largest part of a level, up to what is wanted, whose cost and fee fit what is left; its cost, and its fee."""
    terms, step = stairs.terms, stairs.step
    carried, each, price = stairs.carried[level], stairs.each[level], stairs.levels[level][0]
    # What is charged falls short of the unrounded fee by less than a step, or by no more than the rebate carried.
    slack = POLYMARKET_STEP if isinstance(terms, PolymarketFees) else carried
    part = (left + slack) // ((price + each) * step) * step
    if part > wanted:
        part = wanted
    while part > ZERO:
        cost = price * part
        fee, _ = charged_fee(terms, carried, cost, each * part, True)
        if cost + fee <= left:
            return part, cost, fee
        part -= step
    return ZERO, ZERO, ZERO
