"""Codes of the arena as sentences: why a session failed, why nothing was bought, why a source was refused."""

import re
from collections.abc import Mapping
from decimal import Decimal

from markupsafe import Markup, escape

from shared.ui.figures import cents, missing, money, words

SMALL = Decimal(1)  # dollars, below which two digits say too little
# Figures in what paper trading adds to an outcome, by the words around them.
PRICES = re.compile(r"(?<=the best price is )[\d.]*\d|(?<=, the limit )[\d.]*\d|(?<=takes no limit of )[\d.]*\d")
AMOUNTS = re.compile(
    r"(?<=needs )[\d.]*\d|(?<=, has )[\d.]*\d|(?<=the fee of )[\d.]*\d|(?<=the sale brings, )[\d.]*\d"
    r"|[\d.]*\d dollars(?= are bound)|(?<=at most )[\d.]*\d dollars|(?<=less than )[\d.]*\d dollars"
    r"|(?<=bought for )[\d.]*\d dollars|^[\d.]*\d dollars(?= do not buy)|(?<=dollars, )[\d.]*\d(?= are bound)"
    r"|^[\d.]*\d(?= of at most )"
)

FAILURES: Mapping[str, str] = {
    "unreachable": "The provider could not be reached; nothing was charged.",
    "refused_by_provider": "The provider refused the request; nothing was charged.",
    "no_credit": "The provider wants to be paid first.",
    "rate_limited": "The provider was asked too often.",
    "provider_failed": "The provider failed before anything was said.",
    "timed_out": "The time was up before it had decided.",
    "broken_off": "The answer broke off before its end.",
    "stream_error": "The provider reported an error in the middle of the answer.",
    "unreadable_answer": "What the provider sent cannot be read.",
    "refusal": "The model declined to answer.",
    "cut_off": "The answer reached its longest length before the decision.",
    "empty_answer": "The answer was empty.",
    "unreadable_decision": "Its decision could not be read, and asking once more did not help.",
    "no_budget": "The budget for models is spent, so it was not asked.",
    "no_quote": "Nobody quoted a price, so there was nothing to decide on.",
    "no_forecasts": "Too few models gave a probability to take the median of.",
    "fees_unknown": "The venue's fees for this market cannot be read.",
    "event_closed": "Betting on the event ended first.",
    "interrupted": "The arena stopped in the middle of the session.",
}
# Why a position led to no bet, or what paper trading made of its signal.
OUTCOMES: Mapping[str, str] = {
    "filled": "Bought in full.",
    "partial": "Bought in part: the book did not hold more within the limit.",
    "resting": "It waits in the book as a limit order.",
    "merged": "It met the other side in hand, and both became dollars.",
    "no_book": "Not bought: there was no order book.",
    "stale_book": "Not bought: the order book was too old to trade on.",
    "price_moved": "Not bought: nothing was offered within the limit any more.",
    "insufficient_cash": "Not bought: there was not enough cash.",
    "max_positions": "Not bought: the portfolio holds as many positions as it may.",
    "max_exposure": "Not bought: the portfolio has as much at stake as it may.",
    "max_position_size": "Not bought: the position would have become too large.",
    "below_minimum": "Not bought: the stake was below what the venue takes.",
    "off_tick": "Not bought: the price was not on the venue's grid.",
    "edge_too_small_after_fees": "Not bought: after the fee no edge was left.",
    "already_held": "Not bought: the portfolio holds it already.",
    "not_held": "Not sold: the portfolio does not hold it.",
    "market_closed": "Not bought: the market had closed.",
    "breaker_open": "Not bought: trading was stopped by a breaker.",
    "paused": "Not bought: the portfolio was paused.",
    "portfolio_paused": "Not bought: the portfolio was paused.",
    "closed": "Not bought: the portfolio was closed.",
    "expired": "Not bought: the signal was too old when its turn came.",
    "superseded": "Not bought: a newer signal took its place.",
    "group_broken": "Not bought: another part of the same trade could not be bought.",
    "unreadable_terms": "Not bought: the market's fees or price steps cannot be read.",
    "fees_unknown": "Not bought: the market's fees cannot be read.",
    "tick_unknown": "Not bought: the market's price steps cannot be read.",
    "kelly_not_positive": "Not bought: by its own probability the price is no bargain, so the stake is nothing.",
    "confidence_zero": "Not bought: it was not sure at all, so the stake is nothing.",
    "no_quote": "Not bought: nobody quoted a price.",
    "max_signals": "Not bought: it had asked for as much as it may at one time.",
    "model_abstained": "No bet: it abstained.",
}
REFUSALS: Mapping[str, str] = {
    "newer_than_decision": "It is newer than the moment of the decision.",
    "market_price": "It quotes the market's own price.",
    "result": "It claims to know the result.",
    "instructions": "It gives orders to whoever reads it.",
    "unsafe_url": "Its address is not one to follow.",
    "duplicate": "It repeats another source.",
    "source_refused": "Every source that it names was refused.",
}
STATES: Mapping[str, str] = {
    "pending": "waits for approval",
    "approved": "approved",
    "active": "open for bets",
    "closed": "closed, waits for its result",
    "settled": "settled",
    "withdrawn": "withdrawn",
}
KINDS: Mapping[str, Mapping[str, str]] = {
    "failure": FAILURES,
    "outcome": OUTCOMES,
    "refusal": REFUSALS,
    "state": STATES,
}


def of(code: str | None, kind: str) -> str:
    """A code that nobody has put into words yet is shown as it is."""
    return KINDS[kind].get(code or "", f"{words(code).capitalize()}." if code else "")


def detail(said: str | None) -> Markup:
    """What paper trading adds to an outcome, its prices in cents and its amounts in dollars as everywhere."""
    pieces, done, whole = [], 0, said or ""
    found = [(match, cents) for match in PRICES.finditer(whole)] + [(match, money) for match in AMOUNTS.finditer(whole)]
    for match, written in sorted(found, key=lambda each: each[0].start()):
        pieces += [escape(whole[done : match.start()]), written(Decimal(match[0].removesuffix(" dollars")))]
        done = match.end()
    return Markup("").join([*pieces, escape(whole[done:])])


def cost(dollars: Decimal | None, reason: str = "nothing was charged yet") -> Markup:
    """What a request to a provider costs is often less than a cent."""
    if dollars is None:
        return missing(reason)
    if not dollars or dollars >= SMALL:
        return money(dollars)
    return Markup('<span title="{}">${}</span>').format(f"{dollars:f} dollars", round(dollars, 4))
