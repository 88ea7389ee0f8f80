"""What a fill is charged: the terms of a market at a moment, and the fee of each level that was taken."""

# Polymarket: polymarket.md §8. Kalshi: kalshi.md §12. Both charge per matched level; Kalshi rounds the balance and
# gives back what its rounding took too much, order by order, through an accumulator that the caller carries along.

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

ZERO = Decimal(0)
ONE = Decimal(1)

POLYMARKET_STEP = Decimal("0.00001")  # fees are rounded to it, and what is smaller is not charged
KALSHI_COEFFICIENT = Decimal("0.07")
KALSHI_BALANCE_STEP = Decimal("0.0001")  # of a direct member; customers of brokers have whole cents

# What a maker pays of the taker's fee, by the series' type. The amounts of `flat` stand in a table that the API does
# not give: it is charged as quadratic, and its stored terms say so.
_KALSHI_MAKER_SHARES: Mapping[str, Decimal] = {
    "quadratic": ZERO,
    "quadratic_with_maker_fees": Decimal("0.25"),
    "quadratic_with_combo_maker_fees": Decimal("0.5"),
    "flat": ZERO,
}


class UnreadableTerms(ValueError):
    """The fee terms of this market cannot be read, so nobody can say what a fill would cost."""


class _Rounding(NamedTuple):
    since: datetime
    fee_step: Decimal  # the trade fee is rounded up to it
    rebate_step: Decimal  # what the accumulator gives back is whole multiples of it


# The old rule is documented until August 2026 and fits all charges seen up to 2026-08-22; the new one is documented
# on 2026-10-08. The day between them is not established: the first of the month after the old rule's last is taken.
KALSHI_ROUNDING_CHANGED = datetime(2026, 9, 1, tzinfo=UTC)
KALSHI_ROUNDINGS = (  # newest first
    _Rounding(KALSHI_ROUNDING_CHANGED, Decimal("0.000001"), Decimal("0.0001")),
    _Rounding(datetime.min.replace(tzinfo=UTC), Decimal("0.0001"), Decimal("0.01")),
)


@dataclass(frozen=True, slots=True)
class PolymarketFees:
    """Takers pay shares × rate × (p(1−p))^exponent. Makers pay nothing."""

    rate: Decimal
    exponent: Decimal
    fee_type: str | None


@dataclass(frozen=True, slots=True)
class KalshiFees:
    """Takers pay 0.07 × multiplier × contracts × p(1−p), makers a share of it that the series' type names."""

    fee_type: str
    multiplier: Decimal  # 0: the fee is waived
    fee_step: Decimal
    rebate_step: Decimal
    balance_step: Decimal = KALSHI_BALANCE_STEP


FeeTerms = PolymarketFees | KalshiFees

NO_FEES = PolymarketFees(ZERO, ONE, None)


def fee_terms(platform: str, stored: Mapping[str, Any] | None, at: datetime) -> FeeTerms:
    """The terms in force at that moment, from a market's `fee` as GET /markets answers it."""
    if platform == "polymarket":
        return NO_FEES if stored is None else _polymarket_terms(stored)
    if platform == "kalshi":
        if not stored:
            raise UnreadableTerms("the series of this market has told no fee type yet")
        waived_until = _moment(stored.get("waived_until"))
        multiplier = ZERO if waived_until and at < waived_until else _number(stored, "multiplier")
        rounding = next(rounding for rounding in KALSHI_ROUNDINGS if rounding.since <= at)
        return KalshiFees(_kalshi_type(stored), multiplier, rounding.fee_step, rounding.rebate_step)
    raise UnreadableTerms(f"nobody told the fees of {platform[:40]!r}")


def level_fee(
    terms: FeeTerms, carried: Decimal, price: Decimal, quantity: Decimal, *, buying: bool, maker: bool = False
) -> tuple[Decimal, Decimal]:
    """The fee charged for one level, and the order's accumulator after it. An order begins with nothing carried."""
    fee = model_fee(terms, price) * quantity
    if maker:
        fee *= _KALSHI_MAKER_SHARES[terms.fee_type] if isinstance(terms, KalshiFees) else ZERO
    return charged_fee(terms, carried, price * quantity, fee, buying)


def charged_fee(
    terms: FeeTerms, carried: Decimal, cost: Decimal, fee: Decimal, buying: bool
) -> tuple[Decimal, Decimal]:
    """What is charged for a level of that cost and that fee before rounding, and the order's accumulator after it."""
    if isinstance(terms, PolymarketFees):
        return fee.quantize(POLYMARKET_STEP, ROUND_HALF_UP) if fee >= POLYMARKET_STEP else ZERO, carried
    # The balance moves in whole steps; what that takes too much is given back once it is a whole rebate.
    trade_fee = fee.quantize(terms.fee_step, ROUND_CEILING)
    owed = trade_fee + cost if buying else trade_fee - cost
    rounding = owed.quantize(terms.balance_step, ROUND_CEILING) - owed
    charged = trade_fee + rounding
    carried += rounding
    if carried >= terms.rebate_step:
        rebate = min(carried, charged) // terms.rebate_step * terms.rebate_step
        return charged - rebate, carried - rebate
    return charged, carried


def model_fee(terms: FeeTerms, price: Decimal) -> Decimal:
    """What a taker pays for one contract, before any rounding."""
    variance = price * (1 - price)
    if isinstance(terms, KalshiFees):
        return KALSHI_COEFFICIENT * terms.multiplier * variance
    return terms.rate * (variance if terms.exponent == 1 else variance**terms.exponent)


def terms_json(terms: FeeTerms) -> dict[str, Any]:
    """What is stored with a fill, so that its fee can be computed again."""
    if isinstance(terms, PolymarketFees):
        return {
            "platform": "polymarket",
            "fee_type": terms.fee_type,
            "rate": terms.rate,
            "exponent": terms.exponent,
        }
    assumed = {"charged_as": "quadratic"} if terms.fee_type == "flat" else {}
    return {
        "platform": "kalshi",
        "fee_type": terms.fee_type,
        **assumed,
        "multiplier": terms.multiplier,
        "fee_step": terms.fee_step,
        "rebate_step": terms.rebate_step,
        "balance_step": terms.balance_step,
    }


def terms_of_json(stored: Mapping[str, Any]) -> FeeTerms:
    if stored.get("platform") == "polymarket":
        return _polymarket_terms(stored)
    if stored.get("platform") == "kalshi":
        steps = [_number(stored, name).normalize() for name in ("fee_step", "rebate_step", "balance_step")]
        return KalshiFees(_kalshi_type(stored), _number(stored, "multiplier"), *steps)
    raise UnreadableTerms("the stored terms name no venue that we know")


def _polymarket_terms(stored: Mapping[str, Any]) -> PolymarketFees:
    fee_type = stored.get("fee_type")
    return PolymarketFees(_number(stored, "rate"), _number(stored, "exponent"), fee_type)


def _kalshi_type(stored: Mapping[str, Any]) -> str:
    fee_type = stored.get("fee_type")
    if fee_type not in _KALSHI_MAKER_SHARES:
        raise UnreadableTerms(f"nobody told what the fee type {str(fee_type)[:60]!r} charges")
    return str(fee_type)


def _number(stored: Mapping[str, Any], name: str) -> Decimal:
    value = stored.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UnreadableTerms(f"{name} is {str(value)[:40]!r}, and not a number")
    number = Decimal(value)
    if not number.is_finite() or number < 0:
        raise UnreadableTerms(f"{name} is {number}")
    return number


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UnreadableTerms(f"waived_until is {str(value)[:40]!r}, and not a moment") from error
