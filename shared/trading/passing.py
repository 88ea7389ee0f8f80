"""Why a strategy passed over markets, in sentences: one for every reason code."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

# Why a strategy left a market alone, as a sentence about it; `{}` takes the limit that the configuration sets.
PASSED: Mapping[str, str] = {
    "platform_not_wanted": "They are on a venue that the configuration leaves out.",
    "category_not_wanted": "They are of a category that the configuration leaves out.",
    "liquidity_too_low": "Their liquidity is below the limit{min_liquidity}.",
    "liquidity_unknown": "Their venue does not say how liquid they are, and the configuration wants to know.",
    "volume_too_low": "Less was traded in them than the limit{min_volume}.",
    "spread_too_wide": "Best ask and best bid are further apart than the limit{max_spread}.",
    "no_quote": "Nobody quotes both of their sides.",
    "closes_too_soon": "They close too soon.",
    "closes_too_late": "They close later than the limit{max_days_to_close}.",
    "close_unknown": "Their venue does not say when they close, and the configuration limits that.",
    "market_closed": "They are closed to trading.",
    "no_history": "There are too few of their prices yet to say anything.",
    "no_opinion": "The rule has no probability for them.",
    "conviction_too_low": "Their price is too close to 50¢{min_conviction}.",
    "move_too_small": "Their price has moved less than the rule asks for{min_move}.",
    "move_too_rough": "Their price moved in a few large steps, as news makes it, and not steadily.",
    "not_confirmed_by_volume": "Their move came without the volume that would confirm it.",
    "news_like_volume": "Their volume looks like news, against which the rule does not bet.",
    "price_not_extreme": "Their price is not extreme enough for the rule.",
    "no_overshoot": "Their price has not gone further than the rule thinks right.",
    "set_not_complete": "Not every outcome of their event can be bought, so it is no complete set.",
    "edge_too_small_after_fees": "After the fee the edge is below the limit{min_edge}.",
    "pair_not_proven": "Nobody has proven that the contracts on both venues are the same.",
    "votes_too_weak": "The rules that vote on them do not agree enough.",
    "already_held": "They are held already.",
    "max_positions": "As many positions are open as are allowed{max_positions}.",
    "max_exposure": "As much of the equity is invested as is allowed.",
    "max_position_size": "As much is in that position as is allowed{max_position_size}.",
    "insufficient_cash": "Too little cash is free.",
    "below_minimum": "The stake would be smaller than the venue takes.",
    "kelly_not_positive": "The Kelly stake is nothing: at this price the bet is not worth it.",
    "confidence_zero": "The confidence is nothing, and the stake is measured by it.",
    "fees_unknown": "What the venue charges there cannot be read.",
    "tick_unknown": "The venue does not say on which prices an order may stand.",
    "max_signals": "As many new entries as one cycle may make were found already{max_signals}.",
    "portfolio_paused": "The portfolio was paused.",
    "by_design": "It is made to leave them alone: such an entrant stands for chance, habit or doing nothing.",
    "model_abstained": "The model looked at them and chose not to bet.",
    "session_failed": "The model's session failed; the session says why.",
}


def plain(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def dollars(value: Decimal) -> str:
    return f"{'−' if value < 0 else ''}${abs(value):,.2f}"


def cents(value: Decimal) -> str:
    return f"{plain(round(value * 100, 2))}¢"


_LIMITS: Mapping[str, Callable[[Decimal], str]] = {
    "min_liquidity": lambda limit: f" of {dollars(limit)}",
    "min_volume": lambda limit: f" of {plain(limit)}",
    "max_spread": lambda limit: f" of {cents(limit)}",
    "max_days_to_close": lambda limit: f" of {plain(limit)} days",
    "min_conviction": lambda limit: f": less than {cents(limit)} away",
    "min_move": lambda limit: f", {cents(limit)}",
    "min_edge": lambda limit: f" of {cents(limit)}",
    "max_positions": lambda limit: f", {plain(limit)}",
    "max_position_size": lambda limit: f", {dollars(limit)}",
    "max_signals": lambda limit: f", {plain(limit)}",
}


def passed(code: str, config: Mapping[str, Any]) -> str:
    """Why a strategy passed over markets."""
    template = PASSED.get(code)
    if template is None:
        return f"The strategy says: {code.replace('_', ' ')}."
    key = re.search(r"\{(\w+)\}", template)
    if key is None:
        return str(template)
    return str(template.replace(key[0], _limit_of(key[1], config.get(key[1]))))


def counted(answers: Iterable[Mapping[str, int] | None]) -> list[tuple[str, int]]:
    """The reasons of several answers together, as sentences with their counts, the most frequent first."""
    sums: dict[str, int] = {}
    for abstentions in answers:
        for code, count in (abstentions or {}).items():
            sums[code] = sums.get(code, 0) + count
    return [(passed(code, {}), count) for code, count in sorted(sums.items(), key=lambda each: (-each[1], each[0]))]


def _limit_of(key: str, value: Any) -> str:
    if value is None:
        return ""
    return _LIMITS[key](Decimal(value))
