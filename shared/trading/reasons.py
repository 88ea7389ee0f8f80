"""Why something was done or not: a closed set of codes that decisions, abstentions and pages share."""

from typing import Literal, get_args

# What became of a signal.
Outcome = Literal[
    "filled",
    "partial",  # the book did not hold more within the limit
    "resting",  # what could not be filled at once waits as a limit order
    "merged",
    "no_book",
    "stale_book",
    "price_moved",  # nothing is offered within the limit any more
    "insufficient_cash",
    "max_positions",
    "max_exposure",
    "max_position_size",
    "below_minimum",
    "off_tick",
    "edge_too_small_after_fees",
    "already_held",
    "not_held",
    "market_closed",
    "breaker_open",
    "paused",
    "closed",
    "expired",
    "superseded",
    "group_broken",
    "unreadable_terms",
]

# Why a strategy has no signal for a market that it looked at, or for a portfolio.
Abstention = Literal[
    "platform_not_wanted",
    "category_not_wanted",
    "liquidity_too_low",
    "liquidity_unknown",
    "volume_too_low",
    "spread_too_wide",
    "no_quote",
    "closes_too_soon",
    "closes_too_late",
    "close_unknown",  # a limit on it is set, and the venue gives no date
    "market_closed",
    "no_history",
    "no_opinion",  # the rule gives this market no probability
    "conviction_too_low",
    "move_too_small",
    "move_too_rough",  # in a few large steps, as news makes it
    "not_confirmed_by_volume",
    "news_like_volume",
    "price_not_extreme",
    "no_overshoot",
    "set_not_complete",
    "edge_too_small_after_fees",
    "pair_not_proven",
    "votes_too_weak",
    "already_held",
    "max_positions",
    "max_exposure",
    "max_position_size",
    "insufficient_cash",
    "below_minimum",
    "kelly_not_positive",
    "confidence_zero",
    "fees_unknown",
    "tick_unknown",
    "max_signals",
    "portfolio_paused",
    "by_design",  # the cash entrant never trades
    "model_abstained",
    "session_failed",  # of a model; the session says why
]

OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))
ABSTENTIONS: frozenset[str] = frozenset(get_args(Abstention))

# Outcomes by which money moved or is bound.
DONE: frozenset[str] = frozenset({"filled", "partial", "resting"})
