"""How a held side is valued: what somebody bids for it, else what it was last worth."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

EIGHT_DIGITS = Decimal("0.00000001")
SIX_DIGITS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Mark:
    """Of one side of a market. Without a bid there is nothing to take over."""

    bid: Decimal | None
    mid: Decimal | None


def mark_of(side: Literal["yes", "no"], yes_bid: Decimal | None, yes_ask: Decimal | None) -> Mark:
    """Who sells yes bids for no."""
    middle = None if yes_bid is None or yes_ask is None else (yes_bid + yes_ask) / 2
    if side == "yes":
        return Mark(yes_bid, None if middle is None else middle.quantize(SIX_DIGITS, ROUND_HALF_UP))
    bid = None if yes_ask is None else 1 - yes_ask
    return Mark(bid, None if middle is None else (1 - middle).quantize(SIX_DIGITS, ROUND_HALF_UP))


def liquidation_value(quantity: Decimal, bid: Decimal | None) -> Decimal:
    """What it could be sold for; nothing where nobody ever bid."""
    return Decimal(0) if bid is None else (quantity * bid).quantize(EIGHT_DIGITS, ROUND_HALF_UP)
