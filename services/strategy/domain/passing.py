"""Why a rule left markets alone, as sentences about them."""

from collections.abc import Iterable, Mapping

SENTENCES: Mapping[str, str] = {
    "platform_not_wanted": "They stand on a venue that the portfolio does not trade on.",
    "category_not_wanted": "They are not of the categories that the portfolio trades.",
    "liquidity_too_low": "They are less liquid than the portfolio asks for.",
    "liquidity_unknown": "Their venue does not say how liquid they are.",
    "volume_too_low": "Too little has been traded in them.",
    "spread_too_wide": "Bid and ask lie too far apart.",
    "no_quote": "Nobody quotes both sides.",
    "closes_too_soon": "They close too soon.",
    "closes_too_late": "They close too late.",
    "close_unknown": "Their venue gives no date of their close, and the portfolio asks for one.",
    "market_closed": "They are closed to trading.",
    "no_history": "Too little is known yet of how their prices moved.",
    "no_opinion": "The rule gives them no probability.",
    "conviction_too_low": "Their price leans to neither side clearly enough.",
    "move_too_small": "Their price has hardly moved.",
    "move_too_rough": "Their price jumped in a few large steps, as news makes it.",
    "not_confirmed_by_volume": "Their price moved without more being traded than usual.",
    "news_like_volume": "So much is traded that it looks like news, which the rule leaves alone.",
    "price_not_extreme": "Their price is not far enough from the middle.",
    "no_overshoot": "Their price has not gone too far.",
    "set_not_complete": "Not every outcome of their event can be bought.",
    "edge_too_small_after_fees": "After fees too little of the gain would be left.",
    "pair_not_proven": "They read like a contract of the other venue, which nobody has proven to be the same.",
    "votes_too_weak": "The rules that vote do not agree clearly enough.",
    "already_held": "The portfolio holds them already, or waits with an order.",
    "max_positions": "The portfolio holds as many positions as it may.",
    "max_exposure": "The portfolio has invested as much as it may.",
    "max_position_size": "The portfolio has as much in one position as it may.",
    "insufficient_cash": "The portfolio has too little cash.",
    "below_minimum": "The stake would be below what the venue takes.",
    "kelly_not_positive": "By the Kelly rule the stake would be nothing.",
    "confidence_zero": "The rule has no confidence in its own opinion.",
    "fees_unknown": "What the venue charges for them is not known.",
    "tick_unknown": "On which prices the venue takes orders is not known.",
    "max_signals": "As many new entries as one cycle may make were chosen before them.",
    "portfolio_paused": "The portfolio is paused.",
    "by_design": "The entrant leaves them out by its design.",
    "model_abstained": "The model abstained.",
    "session_failed": "The model's session failed.",
}


def sentence_of(code: str) -> str:
    """A rule that somebody else has written may have codes of its own."""
    return SENTENCES.get(code) or f"The rule says: {code.replace('_', ' ')}."


def counted(answers: Iterable[Mapping[str, int] | None]) -> list[tuple[str, int]]:
    """The reasons of several answers together, as sentences with their counts, the most frequent first."""
    sums: dict[str, int] = {}
    for abstentions in answers:
        for code, count in (abstentions or {}).items():
            sums[code] = sums.get(code, 0) + count
    return [(sentence_of(code), count) for code, count in sorted(sums.items(), key=lambda each: (-each[1], each[0]))]
