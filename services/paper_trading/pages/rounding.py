"""Terms of a profit in whole cents that add up to the cents of their sum, as a reader adds them."""

from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from shared.scoring.attribution import Terms

TERMS = ("edge", "execution", "luck", "unexplained")
CENT = Decimal("0.01")


def in_cents(exact: Terms) -> Terms:
    """The sum is rounded as everywhere; each term goes up or down, up where its remainder is among the largest."""
    known = {name: amount for name in TERMS if (amount := getattr(exact, name)) is not None}
    realized = exact.realized.quantize(CENT, ROUND_HALF_EVEN)
    shown = {name: amount.quantize(CENT, ROUND_FLOOR) for name, amount in known.items()}
    left = int((realized - sum(shown.values(), Decimal(0))) / CENT)
    for name in sorted(known, key=lambda name: shown[name] - known[name])[:left]:
        shown[name] += CENT
    return replace(exact, realized=realized, **shown)
