"""The ensemble: the median of the models' probabilities, and the side on which it is a bargain."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import median

from services.arena.domain.briefs import Quote
from services.arena.domain.decisions import Decision
from shared.trading.fees import FeeTerms, model_fee

STEP = Decimal("0.000001")
FORECASTS_MIN = 2


def ensemble_decision(probabilities: Sequence[Decimal], quote: Quote, terms: FeeTerms) -> Decision:
    """Buys the side that the median thinks worth more than it costs with its fee. Its confidence is the share of the
    models that agree."""
    middle = Decimal(median(probabilities)).quantize(STEP, ROUND_HALF_EVEN)
    said = f"median of {len(probabilities)} models: {_plain(middle)}"
    if quote.yes_ask is not None and middle > (cost := quote.yes_ask + model_fee(terms, quote.yes_ask)):
        agree = _share(sum(each > cost for each in probabilities), len(probabilities))
        return Decision("YES", middle, agree, f"{said}, yes costs {_plain(cost)} with its fee")
    no_ask = None if quote.yes_bid is None else 1 - quote.yes_bid
    if no_ask is not None and 1 - middle > (cost := no_ask + model_fee(terms, no_ask)):
        agree = _share(sum(1 - each > cost for each in probabilities), len(probabilities))
        return Decision("NO", middle, agree, f"{said}, no costs {_plain(cost)} with its fee")
    return Decision("ABSTAIN", middle, None, f"{said}, neither side is cheaper than that")


def _share(some: int, of: int) -> Decimal:
    return (Decimal(some) / of).quantize(STEP, ROUND_HALF_EVEN)


def _plain(value: Decimal) -> str:
    return format(value.quantize(Decimal("0.0001")).normalize(), "f")
