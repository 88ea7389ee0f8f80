"""What a final result pays: dollars a contract of a side, or the cost back."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Result = Literal["yes", "no", "split", "void", "scalar"]
Standing = Literal["won", "lost", "push"]
Side = Literal["yes", "no"]

EIGHT_DIGITS = Decimal("0.00000001")

# A market that is past its time by more than this is looked at by a person. A proposal has its liveness, a dispute its
# vote (two to six days); everything else should be over within a day.
STUCK_AFTER: Mapping[str, timedelta] = {
    "open": timedelta(days=1),
    "closed": timedelta(days=1),
    "proposed": timedelta(days=2),
    "disputed": timedelta(days=8),
    "final": timedelta(hours=1),  # and still not paid
}
RECHECK_AFTER = timedelta(days=1)  # a venue is asked once more, for the corrections of the day after


def is_clear(result: str | None, payout_yes: Decimal | None) -> bool:
    """Whether a result and what yes pays by it say the same; nothing is paid by anything else."""
    if result == "void":
        return True
    if payout_yes is None:
        return False
    if result in ("yes", "no"):
        return payout_yes == (1 if result == "yes" else 0)
    return result in ("split", "scalar") and 0 <= payout_yes <= 1


def gross_of(result: Result, payout_yes: Decimal | None, side: Side, quantity: Decimal, cost: Decimal) -> Decimal:
    """What a position pays. A void gives its cost back; fees stay paid."""
    if result == "void" or payout_yes is None:
        return cost
    payout = payout_yes if side == "yes" else 1 - payout_yes
    return (quantity * payout).quantize(EIGHT_DIGITS, ROUND_HALF_UP)


def standing_of(result: Result, side: Side) -> Standing:
    if result not in ("yes", "no"):
        return "push"
    return "won" if result == side else "lost"
