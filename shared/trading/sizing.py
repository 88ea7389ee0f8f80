"""How many dollars a signal asks for, fees included."""

from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from shared.trading.limits import Sizing

CENT = Decimal("0.01")

CONFIDENCE_SHARE = Decimal("0.25")  # of the balance, at full confidence
CONFIDENCE_STAKE_MIN = Decimal(100)
STAKE_SHARE_MAX = Decimal("0.10")  # of the balance, for confidence and Kelly

NoStake = Literal["insufficient_cash", "confidence_zero", "kelly_not_positive"]


def stake(
    sizing: Sizing,
    balance: Decimal,
    *,
    confidence: Decimal | None,
    probability: Decimal | None,
    price: Decimal,
    fee: Decimal,
) -> Decimal | NoStake:
    """Whole cents, or the reason why none. `probability`, `price` and `fee` are of one contract of the side bought.

    A signal without a confidence, or for Kelly without a probability, has none to stake on.
    """
    match sizing.method:
        case "fixed":
            wanted = sizing.amount
            if wanted > balance:
                return "insufficient_cash"
        case "confidence":
            if not confidence:
                return "confidence_zero"
            if balance < CONFIDENCE_STAKE_MIN:
                return "insufficient_cash"
            most = balance * STAKE_SHARE_MAX
            wanted = max(CONFIDENCE_STAKE_MIN, min(balance * CONFIDENCE_SHARE * confidence, most))
        case "kelly":
            cost = price + fee
            if probability is None or probability <= cost:
                return "kelly_not_positive"
            share = sizing.fraction * (probability - cost) / (1 - cost)
            wanted = balance * min(share, STAKE_SHARE_MAX)
    whole = wanted.quantize(CENT, ROUND_FLOOR)
    return whole if whole > 0 else "insufficient_cash"
