"""What became of a signal, in full sentences: one for every reason code."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from shared.trading.passing import cents, dollars, plain

Row = Mapping[str, Any]
PRICE = Decimal("0.000001")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:E[+-]?\d+)?")

# Why a signal was not acted on, as the end of "… were not acted on because"; for sums over many.
BECAUSE: Mapping[str, str] = {
    "filled": "they were filled in full",
    "partial": "the book held no more within the limit",
    "resting": "they wait as limit orders",
    "merged": "they met the other side in hand",
    "no_book": "nobody offered anything within the limit, or no book could be had",
    "stale_book": "the book was too old to trade on",
    "price_moved": "the price had moved beyond the limit",
    "insufficient_cash": "too little cash was free",
    "max_positions": "as many positions were open as are allowed",
    "max_exposure": "as much of the equity was bound as is allowed",
    "max_position_size": "as much was bound in that position as is allowed",
    "below_minimum": "the order was smaller than the venue takes",
    "off_tick": "the limit was not on the venue's price grid",
    "edge_too_small_after_fees": "after fees the edge was too small",
    "already_held": "the market was held already",
    "not_held": "nothing was held that could be sold",
    "market_closed": "the market was closed to trading",
    "breaker_open": "a circuit breaker had stopped buying",
    "paused": "the portfolio was paused",
    "closed": "the portfolio was closed",
    "expired": "the signal was too old when its turn came",
    "superseded": "a newer run of the strategy had spoken",
    "group_broken": "another leg of their set could not be filled",
    "unreadable_terms": "the venue's fee terms could not be read",
}


def sentence(decision: Row) -> str:
    """What became of a signal, with the figures that decided it."""
    outcome = decision["outcome"]
    if outcome == "filled" or outcome == "partial" or outcome == "resting" or outcome == "merged":
        return _DONE[outcome](decision)
    verb = _not_done(decision["action"])
    detail = decision["detail"] or ""
    why = _WHY.get(outcome)
    if why is None:
        return f"{verb}: {outcome.replace('_', ' ')}{f' ({detail})' if detail else ''}."
    return f"{verb}: {why(detail, decision)}."


def _not_done(action: str | None) -> str:
    if action is None:
        return "Not acted on"
    return "Not bought" if action.startswith("buy") else "Not sold"


def _side(action: str | None) -> str:
    return "" if action is None else action.rpartition("_")[2]


def _limit(decision: Row) -> str:
    return "" if decision["limit_price"] is None else f" of {cents(decision['limit_price'])}"


def _traded(decision: Row) -> str:
    """What was filled at once; nothing where nothing was."""
    if decision["filled"] is None:
        return ""
    buying = (decision["action"] or "buy").startswith("buy")
    money = decision["cost"] + decision["fee"] if buying else decision["cost"] - decision["fee"]
    verb, way = ("Bought", "for") if buying else ("Sold", "which brought")
    fee = f"{dollars(decision['fee'])} of it fee" if buying else f"after a fee of {dollars(decision['fee'])}"
    each = cents((decision["cost"] / decision["filled"]).quantize(PRICE))  # as the trade itself is stored
    return f"{verb} {plain(decision['filled'])} {_side(decision['action'])} at {each} {way} {dollars(money)}, {fee}"


def _filled(decision: Row) -> str:
    return f"{_traded(decision) or 'Filled in full'}."


def _partial(decision: Row) -> str:
    return f"{_traded(decision) or 'Filled in part'}; the book holds no more within the limit{_limit(decision)}."


def _resting(decision: Row) -> str:
    traded, side = _traded(decision), "buy" if (decision["action"] or "buy").startswith("buy") else "sell"
    if traded:
        return f"{traded}; the rest waits as an order to {side} at {_limit(decision)[4:] or 'its limit'}."
    return f"Waits as an order to {side} at {_limit(decision)[4:] or 'its limit'}: nothing was offered at that price."


def _merged(decision: Row) -> str:
    return "Met the other side in hand: each pair became a dollar."


_DONE: Mapping[str, Callable[[Row], str]] = {
    "filled": _filled,
    "partial": _partial,
    "resting": _resting,
    "merged": _merged,
}


def _no_book(detail: str, decision: Row) -> str:
    if detail.startswith("nobody"):
        return f"{detail} anything" if detail.endswith("offers") else f"{detail} for it"
    if detail.startswith("less than"):
        return f"{detail}{_limit(decision)}"
    if detail.startswith("venue_failed"):
        return "the venue did not answer when its book was asked for"
    return f"no book could be had{f' ({_read(detail)})' if detail else ''}"


def _price_moved(detail: str, decision: Row) -> str:
    figures = _figures(detail, 2)
    if figures is None:
        return "the price has moved beyond the limit"
    best, limit = cents(figures[0]), cents(figures[1])
    if (decision["action"] or "buy").startswith("buy"):
        return f"the best offer is {best} by now, above the limit of {limit}"
    return f"the best bid is {best} by now, below the limit of {limit}"


def _insufficient_cash(detail: str, decision: Row) -> str:
    figures = _figures(detail, 2)
    if figures is None:
        return "too little cash is free"
    return f"it needs {dollars(figures[0])}, and {dollars(figures[1])} of cash is free"


def _max_positions(detail: str, decision: Row) -> str:
    figures = _figures(detail, 1)
    open_now = f"{plain(figures[0])} positions are open or wait to be" if figures else "as many positions are open"
    return f"{open_now}, as many as are allowed" if figures else f"{open_now} as are allowed"


def _max_exposure(detail: str, decision: Row) -> str:
    figures = _figures(detail, 2)
    if figures is None:
        return "it would invest more of the equity than is allowed"
    return f"{dollars(figures[0])} of at most {dollars(figures[1])} is bound already, and this would go beyond"


def _max_position_size(detail: str, decision: Row) -> str:
    figures = _figures(detail, 2)
    if figures is None:
        return "it would put more into one position than is allowed"
    return f"at most {dollars(figures[0])} may be in one position, {dollars(figures[1])} is, and this would go beyond"


def _below_minimum(detail: str, decision: Row) -> str:
    one, two = _figures(detail, 1), _figures(detail, 2)
    if one and detail.startswith("the venue takes no purchase of less than"):
        return f"the venue takes no purchase of less than {dollars(one[0])} before fees"
    if two and detail.startswith("of "):
        return f"{plain(two[0])} contracts were wanted, and {plain(two[1])} is the least"
    if two and "do not buy" in detail:
        return f"{dollars(two[0])} does not buy {plain(two[1])} contracts with their fee"
    if two and detail.startswith("the fee of"):
        return f"the fee of {dollars(two[0])} is more than the sale brings, {dollars(two[1])}"
    if one and detail.startswith("at least"):
        return f"at least {plain(one[0])} contracts may wait as an order, and this was less"
    return detail or "the order is smaller than the venue takes"


def _off_tick(detail: str, decision: Row) -> str:
    figures = _figures(detail, 1)
    return f"a limit of {cents(figures[0]) if figures else 'this kind'} is not on the venue's price grid"


def _edge_too_small(detail: str, decision: Row) -> str:
    figures = _figures(detail, 3)
    if figures is None:
        return "after the fee the edge is below the limit"
    fee, edge, limit = map(cents, figures)
    return f"after a fee of {fee} the edge is {edge}, below the limit of {limit}"


def _market_closed(detail: str, decision: Row) -> str:
    return f"{detail}, so it does not trade" if detail else "the market is closed to trading"


def _breaker_open(detail: str, decision: Row) -> str:
    return f"buying is stopped ({_read(detail)})" if detail else "a circuit breaker has stopped buying"


def _group_broken(detail: str, decision: Row) -> str:
    leg = re.match(r"the leg in (.+) would have been (\w+)$", detail)
    whole = "the legs of its set are filled together or not at all"
    if leg is None:
        return f"{whole}, and one could not be filled"
    because = BECAUSE.get(leg[2])
    return f"{whole}, and the leg in {leg[1]} could not be filled whole: {because or _read(leg[2])}"


def _stale_book(detail: str, decision: Row) -> str:
    return f"{detail or 'the book is old'}, too old to trade on"


def _unreadable(detail: str, decision: Row) -> str:
    return (
        f"the venue's fee terms cannot be read{f' ({detail})' if detail else ''}, so nobody can say what it would cost"
    )


def _not_held(detail: str, decision: Row) -> str:
    return "all of it is offered by a waiting order already" if detail else "nothing of it is held"


def _told(words: str) -> Callable[[str, Row], str]:
    return lambda detail, decision: words


_WHY: Mapping[str, Callable[[str, Row], str]] = {
    "no_book": _no_book,
    "stale_book": _stale_book,
    "price_moved": _price_moved,
    "insufficient_cash": _insufficient_cash,
    "max_positions": _max_positions,
    "max_exposure": _max_exposure,
    "max_position_size": _max_position_size,
    "below_minimum": _below_minimum,
    "off_tick": _off_tick,
    "edge_too_small_after_fees": _edge_too_small,
    "already_held": _told("the portfolio holds it already"),
    "not_held": _not_held,
    "market_closed": _market_closed,
    "breaker_open": _breaker_open,
    "paused": _told("the portfolio is paused"),
    "closed": _told("the portfolio is closed"),
    "expired": _told("the signal was too old when its turn came"),
    "superseded": _told("a newer run of the strategy has spoken"),
    "group_broken": _group_broken,
    "unreadable_terms": _unreadable,
}


def _figures(detail: str, count: int) -> list[Decimal] | None:
    """The first so many numbers of a detail; none where it has fewer."""
    found = [Decimal(number) for number in NUMBER.findall(detail)[:count]]
    return found if len(found) == count else None


def _read(code: str) -> str:
    return code.replace("_", " ")
