"""Whatever books, fees, limits and signals there are: the money balances, and nobody gets what was not offered."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.paper_trading.domain.accounts import Account
from services.paper_trading.domain.deciding import Decision, Signal, decide_all
from services.paper_trading.domain.holdings import ZERO
from services.paper_trading.domain.offers import Offer
from services.paper_trading.domain.orders import Print, RestingOrder, meet, reservation, still_reserved
from shared.trading.books import Book
from shared.trading.fees import terms_of_json
from tests.paper_trading import drawn
from tests.paper_trading.drawn import AGES, MIRRORED, NOW
from tests.paper_trading.shadow import Shadow, assert_honest, assert_same

MARKETS = (1, 2, 3)


def worlds() -> st.SearchStrategy[tuple[Account, list[Offer], list[Signal]]]:
    offered = st.tuples(*(drawn.offers(number) for number in MARKETS)).map(list)
    return offered.flatmap(lambda there: st.tuples(drawn.accounts(), st.just(there), drawn.signals(there)))


def decided(account: Account, signals: Sequence[Signal], offered: Sequence[Offer]) -> list[Decision]:
    return decide_all(account, signals, {offer.market_no: offer for offer in offered}, AGES, NOW)


def followed(shadow: Shadow, account: Account, decisions: Sequence[Decision]) -> None:
    """Keeps the second books, decision by decision."""
    for decision in decisions:
        before = deepcopy(shadow)
        if decision.trade is not None:
            shadow.trade(decision.signal.action, decision.trade)
        assert_honest(before, shadow, account, decision)
    assert_same(shadow, account)


@drawn.often(150, 3_000)
@given(worlds())
def test_money_balances_limits_hold_and_fills_come_from_the_book(
    world: tuple[Account, list[Offer], list[Signal]],
) -> None:
    account, offered, signals = world
    shadow = Shadow(account.balance)

    decisions = decided(account, signals, offered)

    assert sorted(each.signal.signal_id for each in decisions) == [each.signal_id for each in signals]
    followed(shadow, account, decisions)


@drawn.often(80, 1_500)
@given(worlds(), st.data())
def test_it_holds_over_many_books_in_a_row(
    world: tuple[Account, list[Offer], list[Signal]], data: st.DataObject
) -> None:
    account, offered, signals = world
    shadow = Shadow(account.balance)

    for _ in range(4):
        followed(shadow, account, decided(account, signals, offered))
        shadow.taken.clear()
        account.taken.clear()  # the next books are new ones
        books = [data.draw(drawn.books(offer.rules.grid.bands[0].step)) for offer in offered]
        offered = [replace(offer, book=book) for offer, book in zip(offered, books, strict=True)]
        signals = data.draw(drawn.signals(offered, first_id=signals[-1].signal_id + 1))


@drawn.often(80, 1_500)
@given(worlds())
def test_the_legs_of_a_group_are_filled_all_or_none(world: tuple[Account, list[Offer], list[Signal]]) -> None:
    account, offered, signals = world

    decisions = decided(account, signals, offered)

    for group in ("a", "b"):
        legs = [each for each in decisions if each.signal.group_id == group]
        assert {each.outcome for each in legs} == {"filled"} or all(not each.trade and not each.rest for each in legs)


@drawn.often(80, 1_500)
@given(worlds())
def test_a_market_seen_from_no_gives_the_same_money(world: tuple[Account, list[Offer], list[Signal]]) -> None:
    account, offered, signals = world
    other = deepcopy(account)
    turned = [
        replace(offer, book=Book(offer.book.asks.mirrored(), offer.book.bids.mirrored(), NOW)) for offer in offered
    ]
    asked = [replace(signal, action=MIRRORED[signal.action]) for signal in signals]

    as_yes, as_no = decided(account, signals, offered), decided(other, asked, turned)

    assert [_told(each) for each in as_yes] == [_told(each) for each in as_no]
    assert (account.balance, account.equity, account.realized_pnl) == (other.balance, other.equity, other.realized_pnl)


def _told(decision: Decision) -> tuple[Any, ...]:
    trade, rest = decision.trade, decision.rest
    return (
        decision.outcome,
        trade and (trade.fill, trade.merged, trade.realized_pnl, trade.cash, trade.execution_cost),
        rest and (rest.quantity, rest.ahead, rest.reserved),
    )


@st.composite
def waiting(draw: st.DrawFn) -> tuple[RestingOrder, list[Print]]:
    """An order that waits, and what was printed in its market since, around its limit."""
    offer = draw(drawn.offers(1))
    action = draw(st.sampled_from(drawn.ACTIONS))
    limit, quantity = draw(drawn.limits_of(action, offer, odd=False)), draw(drawn.hundredths(300))
    fees = terms_of_json(offer.fee_schedule)
    reserved = reservation(action, limit, quantity, fees)
    order = RestingOrder(
        1, 1, 1, 1, offer.market_id, offer.platform, True, action, limit, quantity, ZERO,
        draw(st.just(ZERO) | drawn.sizes()), reserved, fees, ZERO, NOW, NOW + timedelta(hours=1), NOW,
    )  # fmt: skip
    at = limit if action.endswith("yes") else 1 - limit
    prices = draw(st.sampled_from([st.just(at), st.sampled_from([at, Decimal("0.0001"), Decimal("0.9999")])]))
    prints = [
        Print(
            print_id=str(number),
            price=draw(prices),
            size=draw(drawn.sizes()),
            taker_side=draw(st.sampled_from(["yes", "no", None])),
            printed_at=NOW + timedelta(seconds=draw(st.integers(-5, 4_000))),
        )
        for number in range(draw(st.integers(0, 12)))
    ]
    return order, sorted(prints, key=lambda each: each.printed_at)


@drawn.often(150, 3_000)
@given(waiting())
def test_a_waiting_order_gets_what_was_printed_and_no_more(world: tuple[RestingOrder, list[Print]]) -> None:
    order, prints = world
    sizes = {each.print_id: each for each in prints}

    after, met = meet(order, prints, order.left)

    assert after.filled == sum((each.taken for each in met), ZERO) <= order.quantity
    assert after.ahead == 0 or after.ahead == order.ahead - sum((each.taken_ahead for each in met), ZERO)
    for each in met:
        printed = sizes[each.print_id]
        assert each.taken >= 0 and each.taken_ahead >= 0 and each.taken + each.taken_ahead <= printed.size
        assert order.placed_at < printed.printed_at <= order.expires_at
        assert each.price <= order.limit_price if order.buying else each.price >= order.limit_price
    if not any(each.price != order.limit_price for each in met):  # nobody printed through: it queued at its price
        at_the_price = sum((sizes[each.print_id].size for each in met), ZERO)
        assert after.filled <= max(ZERO, at_the_price - order.ahead), "it jumped the queue"
    if order.buying:
        spent = sum((each.taken * order.limit_price + each.fee for each in met), ZERO)
        assert spent <= order.reserved


@drawn.often(80, 1_500)
@given(waiting(), st.data())
def test_prints_that_come_in_two_parts_fill_as_much(
    world: tuple[RestingOrder, list[Print]], data: st.DataObject
) -> None:
    order, prints = world
    cut = data.draw(st.integers(0, len(prints)))

    whole, met = meet(order, prints, order.left)
    first, met_first = meet(order, prints[:cut], order.left)
    second, met_second = meet(first, prints[cut:], first.left)

    assert (second, met_first + met_second) == (whole, met)


@drawn.often(80, 1_500)
@given(waiting())
def test_what_is_left_of_a_purchase_stays_paid_for(world: tuple[RestingOrder, list[Print]]) -> None:
    order, prints = world
    cash = reserved = order.reserved  # all that the portfolio has is bound by this order

    for each in prints if order.buying else []:
        after, met = meet(order, [each], order.left)
        cash -= sum((one.taken * order.limit_price + one.fee for one in met), ZERO)
        reserved = still_reserved(order, after, met)
        order = replace(after, reserved=reserved)

        assert 0 <= reserved <= cash
        assert cash == cash.quantize(Decimal("0.00000001")), "more digits than are stored"
