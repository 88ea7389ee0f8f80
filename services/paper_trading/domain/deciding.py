"""What a portfolio does about its signals: each is filled, left to rest, or skipped with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from services.paper_trading.domain import holdings
from services.paper_trading.domain.accounts import Account
from services.paper_trading.domain.holdings import ZERO, Holding
from services.paper_trading.domain.offers import (
    BUYING,
    OPPOSITE,
    NoOffer,
    Offer,
    left_of,
    side_of,
    walked_side,
    yes_price,
)
from services.paper_trading.domain.orders import CENT, reservation
from shared.trading.books import Action, Ladder
from shared.trading.fees import model_fee
from shared.trading.fill import Fill, NoFill, Order, execution_cost, fill
from shared.trading.reasons import Outcome


@dataclass(frozen=True, slots=True)
class Signal:
    signal_id: int
    portfolio_id: int
    market_no: int
    market_id: str
    action: Action
    amount: Decimal | None
    quantity: Decimal | None
    limit_price: Decimal
    order_kind: str
    group_id: str | None
    created_at: datetime
    expires_at: datetime
    latest: bool  # made by the portfolio's newest generation, or by a model


@dataclass(frozen=True, slots=True)
class Ages:
    book_max: timedelta
    signal_max: timedelta


@dataclass(frozen=True, slots=True)
class Trade:
    offer: Offer
    fill: Fill
    merged: Decimal
    realized_pnl: Decimal
    cash: Decimal  # what the fill itself moved; pairs that became dollars come on top
    mid: Decimal | None
    execution_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Rest:
    """The part of an order that waits."""

    offer: Offer
    quantity: Decimal
    ahead: Decimal
    reserved: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    signal: Signal
    outcome: Outcome
    detail: str | None = None
    trade: Trade | None = None
    rest: Rest | None = None


Offers = Mapping[int, Offer | NoOffer]


def decide_all(
    account: Account, signals: Sequence[Signal], offers: Offers, ages: Ages, now: datetime
) -> list[Decision]:
    """In the order in which the signals were made; the legs of a group together, where its first leg stands."""
    legs: dict[str, list[Signal]] = {}
    for signal in signals:
        if signal.group_id is not None:
            legs.setdefault(signal.group_id, []).append(signal)
    decisions: list[Decision] = []
    for signal in signals:
        if signal.group_id is None:
            decisions.append(decide(account, signal, offers, ages, now))
        elif group := legs.pop(signal.group_id, None):
            decisions.extend(_decide_group(account, group, offers, ages, now))
    return decisions


def decide(account: Account, signal: Signal, offers: Offers, ages: Ages, now: datetime) -> Decision:
    offer = offers.get(signal.market_no, NoOffer("no_book", "the market was not asked for"))
    if refusal := _refused(account, signal, offer, ages, now):
        return Decision(signal, *refusal)
    assert isinstance(offer, Offer)
    return _buy(account, signal, offer, now) if signal.action in BUYING else _sell(account, signal, offer, now)


def _decide_group(
    account: Account, group: Sequence[Signal], offers: Offers, ages: Ages, now: datetime
) -> list[Decision]:
    """All legs in full, or none."""
    trial = account.trial()
    decisions = [decide(trial, leg, offers, ages, now) for leg in group]
    broken = next((each for each in decisions if each.outcome != "filled"), None)
    if broken is None:
        vars(account).update(vars(trial))
        return decisions
    if len({each.outcome for each in decisions}) == 1 and broken.trade is None and broken.rest is None:
        return decisions  # all legs fell for one reason, which says more than that the group broke
    why = f"the leg in {broken.signal.market_id} would have been {broken.outcome}"
    return [Decision(leg, "group_broken", why) for leg in group]


def _refused(
    account: Account, signal: Signal, offer: Offer | NoOffer, ages: Ages, now: datetime
) -> tuple[Outcome, str | None] | None:
    if account.status != "active":
        return "paused" if account.status == "paused" else "closed", None
    if not signal.latest:
        return "superseded", "a newer run of the strategy has spoken"
    if now >= signal.expires_at or now - signal.created_at > ages.signal_max:
        return "expired", None
    if isinstance(offer, NoOffer):
        return offer.reason, offer.detail
    if signal.action in BUYING and (stopping := [each for each in account.breakers if each.stops(offer.platform)]):
        return "breaker_open", "; ".join(f"{each.breaker_type}: {each.reason}" for each in stopping)
    if not offer.open:
        return "market_closed", f"the market is {offer.status}"
    if offer.age(now) > ages.book_max:
        return "stale_book", f"the book is {offer.age(now).total_seconds():.0f} seconds old"
    return None


def _buy(account: Account, signal: Signal, offer: Offer, now: datetime) -> Decision:
    outcome = side_of(signal.action)
    levels = _levels(account, signal, offer)
    if refusal := _over_a_limit(account, signal, offer, levels):
        return Decision(signal, *refusal)
    filled = fill(Order(signal.action, signal.limit_price, signal.amount, signal.quantity), levels, offer.rules)
    if isinstance(filled, NoFill):
        if signal.order_kind == "limit" and filled.reason in ("price_moved", "no_book"):
            return _let_rest(account, signal, offer, None)
        return Decision(signal, filled.reason, filled.detail)
    if filled.spent > account.available:
        return Decision(signal, "insufficient_cash", f"needs {filled.spent}, has {account.available}")
    after = holdings.bought(
        account.held(offer.market_no, outcome),
        account.held(offer.market_no, OPPOSITE[outcome]),
        filled.quantity,
        filled.cost,
        filled.fee,
        market_no=offer.market_no,
        outcome=outcome,
        now=now,
    )
    for holding in (after.other, after.same):
        if holding is not None:
            account.replace_holding(_marked(holding, offer))
    account.balance += after.merge_proceeds - after.paid
    trade = _made(account, signal, offer, filled, after.merged, after.realized_pnl, -after.paid)
    return _completed(account, signal, offer, trade)


def _sell(account: Account, signal: Signal, offer: Offer, now: datetime) -> Decision:
    outcome = side_of(signal.action)
    held = account.held(offer.market_no, outcome)
    free = (held.quantity if held else ZERO) - account.resting_sales.get((offer.market_no, outcome), ZERO)
    if held is None or free <= 0:
        return Decision(signal, "not_held", None if held is None else "all of it is offered by a resting order")
    order = Order(signal.action, signal.limit_price, None, min(signal.quantity or free, free))
    filled = fill(order, _levels(account, signal, offer), offer.rules)
    if isinstance(filled, NoFill):
        if signal.order_kind == "limit" and filled.reason in ("price_moved", "no_book"):
            return _let_rest(account, signal, offer, None)
        return Decision(signal, filled.reason, filled.detail)
    after = holdings.sold(held, filled.quantity, filled.cost, filled.fee)
    account.replace_holding(_marked(after.held, offer))
    account.balance += after.received
    trade = _made(account, signal, offer, filled, ZERO, after.realized_pnl, after.received)
    return _completed(account, signal, offer, trade)


def _worst_cost(signal: Signal, offer: Offer) -> Decimal:
    """What so many contracts cost at most: at the limit, with the fee there, and the cent that a reservation adds."""
    quantity = signal.quantity or ZERO
    return quantity * (signal.limit_price + model_fee(offer.rules.fees, signal.limit_price)) + CENT


def _most_contracts(signal: Signal, levels: Ladder) -> Decimal:
    """How many contracts a purchase can come to: for an amount, those that the best price gives."""
    if signal.amount is None:
        return signal.quantity or ZERO
    return signal.amount / min(levels[0][0] if levels else signal.limit_price, signal.limit_price)


def _over_a_limit(account: Account, signal: Signal, offer: Offer, levels: Ladder) -> tuple[Outcome, str | None] | None:
    limits, outcome = account.limits, side_of(signal.action)
    at_most = signal.amount if signal.amount is not None else _worst_cost(signal, offer)
    same = account.held(signal.market_no, outcome)
    other = account.held(signal.market_no, OPPOSITE[outcome])
    if signal.amount is not None and signal.amount > account.available:
        return "insufficient_cash", f"needs {signal.amount}, has {account.available}"
    if other and _most_contracts(signal, levels) <= other.quantity:
        return None  # it takes risk off and puts none on: pairs become dollars
    opens = same is None and other is None  # the last pair closes the other side
    positions = account.positions_beside(signal.market_no)
    if opens and limits.max_positions is not None and positions >= limits.max_positions:
        return "max_positions", f"{positions} are open or wait to be"
    waiting = account.waiting.get((signal.market_no, outcome))
    bound = (same.cost if same else ZERO) + (waiting.reserved if waiting else ZERO)
    if limits.max_position_size is not None and bound + at_most > limits.max_position_size:
        return "max_position_size", f"at most {limits.max_position_size} dollars, {bound} are bound"
    if limits.max_exposure is not None:
        cap = limits.max_exposure * account.equity
        if account.total_invested + account.reserved + at_most > cap:
            return "max_exposure", f"{account.total_invested + account.reserved} of at most {cap:.2f} dollars are bound"
    return None


def _levels(account: Account, signal: Signal, offer: Offer) -> Ladder:
    key = (offer.market_no, offer.book_at, walked_side(signal.action))
    return left_of(offer.book.levels(signal.action), signal.action, account.taken.get(key, {}))


def _marked(holding: Holding, offer: Offer) -> Holding:
    book, outcome = offer.book, holding.outcome
    return holdings.marked(holding, book.best_bid(outcome), book.mid(outcome), offer.book_at)


def _made(
    account: Account,
    signal: Signal,
    offer: Offer,
    filled: Fill,
    merged: Decimal,
    realized_pnl: Decimal,
    cash: Decimal,
) -> Trade:
    mid = offer.book.mid(side_of(signal.action))
    cost = execution_cost(filled, signal.action, mid)
    account.realized_pnl += realized_pnl
    account.fees_paid += filled.fee
    account.execution_cost += cost or ZERO
    account.trade_count += 1
    taken = account.taken.setdefault((offer.market_no, offer.book_at, walked_side(signal.action)), {})
    for price, quantity, _ in filled.levels:
        at = yes_price(signal.action, price)
        taken[at] = taken.get(at, ZERO) + quantity
    return Trade(offer, filled, merged, realized_pnl, cash, mid, cost)


def _completed(account: Account, signal: Signal, offer: Offer, trade: Trade) -> Decision:
    if trade.fill.complete:
        return Decision(signal, "filled", None, trade)
    if signal.order_kind == "limit":
        resting = _let_rest(account, signal, offer, trade)
        if resting.rest is not None:
            return resting
    return Decision(signal, "partial", "the book holds no more within the limit", trade)


def _let_rest(account: Account, signal: Signal, offer: Offer, trade: Trade | None) -> Decision:
    """What was not filled waits at its limit; its cash, or its contracts, wait with it."""
    price, fees = signal.limit_price, offer.rules.fees
    quantity = _rest_quantity(account, signal, offer, trade)
    if not offer.rules.grid.holds(yes_price(signal.action, price)):
        return Decision(signal, "off_tick", f"{price} is not on the venue's price grid", trade)
    if quantity <= 0 or quantity < offer.rules.resting_min:
        return Decision(signal, "below_minimum", f"at least {offer.rules.resting_min} contracts may rest", trade)
    reserved = ZERO
    if signal.action in BUYING:
        reserved = reservation(signal.action, price, quantity, fees)
        if reserved > account.available:
            return Decision(signal, "insufficient_cash", f"needs {reserved}, has {account.available}", trade)
        account.wait_for(offer.market_no, side_of(signal.action), reserved)
    else:
        key = (offer.market_no, side_of(signal.action))
        account.resting_sales[key] = account.resting_sales.get(key, ZERO) + quantity
    ahead = offer.ahead(signal.action, price)
    return Decision(signal, "resting", None, trade, Rest(offer, quantity, ahead, reserved))


def _rest_quantity(account: Account, signal: Signal, offer: Offer, trade: Trade | None) -> Decimal:
    done = trade.fill.quantity if trade else ZERO
    if signal.action not in BUYING:
        key = (offer.market_no, side_of(signal.action))
        held = account.held(*key)
        free = (held.quantity if held else ZERO) - account.resting_sales.get(key, ZERO)
        return min((signal.quantity or free) - done, free)
    if signal.quantity is not None:
        return signal.quantity - done
    left = (signal.amount or ZERO) - (trade.fill.spent if trade else ZERO) - CENT
    if left <= 0:
        return ZERO
    # Takers pay at least as much as makers, so the reservation fits into what is left.
    each = signal.limit_price + model_fee(offer.rules.fees, signal.limit_price)
    quantity = (left / each).quantize(CENT, ROUND_DOWN)
    # Roundings of a venue may still go beyond it by a ten-thousandth or two.
    while quantity > 0 and reservation(signal.action, signal.limit_price, quantity, offer.rules.fees) > left + CENT:
        quantity -= CENT
    return quantity


def outcome_counts(decisions: Sequence[Decision]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for decision in decisions:
        counts[decision.outcome] = counts.get(decision.outcome, 0) + 1
    return counts


def skip_shown(decision: Decision) -> dict[str, Any]:
    signal = decision.signal
    return {
        "signal_id": signal.signal_id,
        "market_id": signal.market_id,
        "action": signal.action,
        "outcome": decision.outcome,
        "detail": decision.detail,
    }
