"""Which listed markets are worth keeping."""

from dataclasses import dataclass
from decimal import Decimal

from shared.venues.records import Market


@dataclass(frozen=True, slots=True)
class Quality:
    liquidity_min: Decimal  # dollars, where the venue says what its liquidity is
    keep_resolved: bool = False

    def reason_against(self, market: Market) -> str | None:
        if market.status == "final" and not self.keep_resolved:
            return "resolved"
        if market.one_of_several:
            return None  # a set of which a leg is missing looks cheap and riskless
        if market.liquidity is not None and market.liquidity <= self.liquidity_min:
            return "liquidity_too_low"
        return None
