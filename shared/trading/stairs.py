"""Running sums over the levels of a ladder taken whole, from the best on, with their fees: every order shares them."""

# A book is read once and met by the orders of many portfolios. What its levels cost whole does not depend on the order:
# an order begins at the best one with nothing carried, takes levels whole, and only its last level is its own.

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal

from shared.trading.books import Ladder
from shared.trading.fees import ZERO, FeeTerms, charged_fee, model_fee

FIRST_LEVELS = 4  # computed at once; when an order goes further, as many again

Filled = tuple[Decimal, Decimal, Decimal]  # price, quantity and fee of one level


@dataclass(frozen=True, slots=True)
class Stairs:
    """Each list of sums begins with zero: at `n` stands what the first n levels come to."""

    terms: FeeTerms
    step: Decimal  # of quantities; what is offered of a level beyond whole steps is not taken
    buying: bool
    looked_at: int  # levels of the ladder, of which those smaller than a step have no place here
    levels: tuple[Filled, ...]
    each: tuple[Decimal, ...]  # the unrounded fee of one contract
    quantities: tuple[Decimal, ...]
    costs: tuple[Decimal, ...]
    fees: tuple[Decimal, ...]
    spent: tuple[Decimal, ...]  # cost and fee
    carried: tuple[Decimal, ...]  # the accumulator of the order


def stairs_for_amount(ladder: Ladder, terms: FeeTerms, step: Decimal, amount: Decimal) -> tuple[Stairs, int]:
    """The sums, and how many levels a purchase for this amount takes whole."""
    stairs = _stairs(ladder, terms, step, buying=True)
    while (whole := bisect_right(stairs.spent, amount) - 1) == len(stairs.levels) and stairs.looked_at < len(ladder):
        stairs = _extended(ladder, stairs)
    return stairs, whole


def stairs_for_quantity(
    ladder: Ladder, terms: FeeTerms, step: Decimal, quantity: Decimal, *, buying: bool
) -> tuple[Stairs, int]:
    """The sums, and how many levels an order of so many contracts takes whole."""
    stairs = _stairs(ladder, terms, step, buying=buying)
    while (whole := bisect_right(stairs.quantities, quantity) - 1) == len(stairs.levels) and stairs.looked_at < len(
        ladder
    ):
        stairs = _extended(ladder, stairs)
    return stairs, whole


def _stairs(ladder: Ladder, terms: FeeTerms, step: Decimal, *, buying: bool) -> Stairs:
    known = ladder.remembered
    if (
        isinstance(known, Stairs)
        and (known.terms is terms or known.terms == terms)
        and known.step == step
        and known.buying is buying
    ):
        return known
    nothing = (ZERO,)
    return _extended(ladder, Stairs(terms, step, buying, 0, (), (), nothing, nothing, nothing, nothing, nothing))


def _extended(ladder: Ladder, stairs: Stairs) -> Stairs:
    """Threads may do this at the same time: each makes the same sums anew, and one of them is kept."""
    terms, step, buying = stairs.terms, stairs.step, stairs.buying
    levels, each, quantities, costs = [*stairs.levels], [*stairs.each], [*stairs.quantities], [*stairs.costs]
    fees, spent, carries = [*stairs.fees], [*stairs.spent], [*stairs.carried]
    quantity, cost, paid, carried = quantities[-1], costs[-1], fees[-1], carries[-1]
    until = min(len(ladder), max(FIRST_LEVELS, 2 * stairs.looked_at))
    for price, size in ladder[stairs.looked_at : until]:
        part = size // step * step
        if not part:
            continue
        model, whole = model_fee(terms, price), price * part
        fee, carried = charged_fee(terms, carried, whole, model * part, buying)
        levels.append((price, part, fee))
        each.append(model)
        quantities.append(quantity := quantity + part)
        costs.append(cost := cost + whole)
        fees.append(paid := paid + fee)
        spent.append(cost + paid)
        carries.append(carried)
    sums = (quantities, costs, fees, spent, carries)
    made = Stairs(terms, step, buying, until, tuple(levels), tuple(each), *(tuple(values) for values in sums))
    ladder.remembered = made
    return made
