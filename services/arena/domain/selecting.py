"""Which events the models meet: liquid, tight, of several kinds, and not decided already."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from math import log10
from typing import Any

PRICE_MIN, PRICE_MAX = Decimal("0.05"), Decimal("0.95")  # beyond these the market has all but decided
SPREAD_MAX = Decimal("0.10")
SPREAD_WEIGHT = 20  # a spread of five cents weighs as much as a tenth of the volume
SAME_CATEGORY, SAME_PLATFORM = 2.0, 0.5  # taken off for each one chosen already


@dataclass(frozen=True, slots=True)
class Candidate:
    """A market that could be chosen."""

    market_no: int
    market_id: str
    platform: str
    venue_event_id: str | None
    title: str
    question: str
    category: str | None
    yes_bid: Decimal
    yes_ask: Decimal
    liquidity: Decimal | None
    volume_24h: Decimal | None
    closes_at: datetime

    @property
    def mid(self) -> Decimal:
        return (self.yes_bid + self.yes_ask) / 2

    @property
    def spread(self) -> Decimal:
        return self.yes_ask - self.yes_bid

    def open_enough(self) -> bool:
        return PRICE_MIN <= self.mid <= PRICE_MAX and self.spread <= SPREAD_MAX

    def interest(self) -> float:
        """How much is going on there; what a venue does not say counts for nothing."""
        money = sum(log10(1 + max(float(amount or 0), 0.0)) for amount in (self.liquidity, self.volume_24h))
        return money - SPREAD_WEIGHT * float(self.spread)

    def reasons(self) -> dict[str, Any]:
        kept = ("liquidity", "volume_24h", "yes_bid", "yes_ask", "platform", "category")
        facts = {name: value for name, value in asdict(self).items() if name in kept}
        return facts | {"spread": self.spread}


def chosen(candidates: Sequence[Candidate], count: int, taken: Sequence[Candidate] = ()) -> list[Candidate]:
    """One after the other the most interesting one, each choice making its own category and venue less so. One market
    of an event at most."""
    left = [candidate for candidate in candidates if candidate.open_enough()]
    picked: list[Candidate] = []
    events = {each.venue_event_id for each in taken if each.venue_event_id}
    categories = Counter(each.category for each in taken)
    platforms = Counter(each.platform for each in taken)
    while left and len(picked) < count:
        left = [each for each in left if each.venue_event_id is None or each.venue_event_id not in events]
        if not left:
            break
        best = max(
            left,
            key=lambda each: (
                each.interest() - SAME_CATEGORY * categories[each.category] - SAME_PLATFORM * platforms[each.platform],
                each.market_id,
            ),
        )
        left.remove(best)
        picked.append(best)
        categories[best.category] += 1
        platforms[best.platform] += 1
        if best.venue_event_id is not None:
            events.add(best.venue_event_id)
    return picked
