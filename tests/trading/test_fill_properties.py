"""What holds of every fill, over random books, orders and fee terms. Fees are computed again in fractions."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import ceil, floor

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.trading.books import Action, Book, Ladder, Level, without
from shared.trading.fees import FeeTerms, KalshiFees, PolymarketFees, level_fee
from shared.trading.fill import Fill, NoFill, Order, Rules, fill
from shared.trading.stairs import largest_part, reaching, stairs_of
from tests.trading import build

EXAMPLES = 80
HUNDREDTH = Decimal("0.01")
ZERO = Decimal(0)

TERMS: list[FeeTerms] = [
    PolymarketFees(ZERO, Decimal(1), None),
    build.polymarket_terms("0.05"),
    build.polymarket_terms("0.07"),
    build.polymarket_terms("0.25", "2"),
    build.kalshi_terms("1"),
    build.kalshi_terms("0.5"),
    build.kalshi_terms("1", at=build.AUGUST),
    KalshiFees("quadratic", Decimal(1), Decimal("0.000001"), HUNDREDTH, HUNDREDTH),  # of a broker's customer
]

ticks = st.sampled_from([Decimal("0.01"), Decimal("0.001"), Decimal("0.0001")])
sizes = st.one_of(st.decimals("0.01", "600", places=2), st.decimals("0.001", "3", places=3))
amounts = st.decimals("0.01", "3000", places=2)


@st.composite
def books(draw: st.DrawFn, levels_max: int = 8) -> tuple[Book, Decimal]:
    """A book that is not crossed, and its tick."""
    tick = draw(ticks)
    prices = draw(st.lists(st.integers(1, int(1 / tick) - 1), min_size=2, max_size=2 * levels_max, unique=True))
    split = draw(st.integers(0, len(prices)))
    levels = [(price * tick, draw(sizes)) for price in sorted(prices)]
    return build.book(levels[:split], levels[split:]), tick


def rules_of(terms: FeeTerms, tick: Decimal) -> Rules:
    return Rules(terms, build.rules(terms, str(tick)).grid)


def fee_again(
    terms: FeeTerms, carried: Fraction, price: Decimal, quantity: Decimal, buying: bool
) -> tuple[Fraction, Fraction]:
    """kalshi.md §12 and polymarket.md §8 in exact fractions, step by step as they stand there."""
    p, contracts = Fraction(price), Fraction(quantity)
    if isinstance(terms, PolymarketFees):
        fee = contracts * Fraction(terms.rate) * (p * (1 - p)) ** int(terms.exponent)
        step = Fraction(1, 100_000)
        return (floor(fee / step + Fraction(1, 2)) * step if fee >= step else Fraction(0)), carried
    step, rebates, g = Fraction(terms.fee_step), Fraction(terms.rebate_step), Fraction(terms.balance_step)
    trade_fee = ceil(Fraction(7, 100) * Fraction(terms.multiplier) * contracts * p * (1 - p) / step) * step
    revenue = -p * contracts if buying else p * contracts
    change = floor((revenue - trade_fee) / g) * g
    rounding_fee = revenue - trade_fee - change
    carried += rounding_fee
    rebate = min(floor(carried / rebates), floor((trade_fee + rounding_fee) / rebates)) * rebates
    return trade_fee + rounding_fee - rebate, carried - rebate


def check(found: Fill, order: Order, levels: Ladder, terms: FeeTerms) -> Fraction:
    """What holds of every fill; answers with the accumulator before its last level."""
    buying = order.action.startswith("buy")
    offered = [(price, size // HUNDREDTH * HUNDREDTH) for price, size in levels]
    within = [
        level
        for level in offered
        if level[1] and (level[0] <= order.limit_price if buying else level[0] >= order.limit_price)
    ]
    assert [price for price, _, _ in found.levels] == [price for price, _ in within[: len(found.levels)]]
    before = carried = Fraction(0)
    for number, ((price, quantity, fee), (_, size)) in enumerate(zip(found.levels, within, strict=False), 1):
        assert ZERO < quantity <= size and not quantity % HUNDREDTH
        assert quantity == size or number == len(found.levels)
        before = carried
        again, carried = fee_again(terms, before, price, quantity, buying)
        assert Fraction(fee) == again
    assert found.quantity == sum(quantity for _, quantity, _ in found.levels)
    assert found.cost == sum(price * quantity for price, quantity, _ in found.levels)
    assert found.fee == sum(fee for _, _, fee in found.levels)
    best = levels[0][0]
    assert found.price >= best - HUNDREDTH**3 if buying else found.price <= best + HUNDREDTH**3
    return before


def next_step(found: Fill, order: Order, levels: Ladder, terms: FeeTerms, before: Fraction) -> Fraction | None:
    """What one hundredth more would have cost altogether; None where it is not offered."""
    price, quantity, fee = found.levels[-1]
    offered = [(at, size // HUNDREDTH * HUNDREDTH) for at, size in levels if at <= order.limit_price]
    offered = [level for level in offered if level[1]]
    if quantity < offered[len(found.levels) - 1][1]:
        more, _ = fee_again(terms, before, price, quantity + HUNDREDTH, True)
        return Fraction(found.spent) + Fraction(price * HUNDREDTH) + more - Fraction(fee)
    if len(found.levels) == len(offered):
        return None
    _, carried = fee_again(terms, before, price, quantity, True)
    further = offered[len(found.levels)][0]
    return (
        Fraction(found.spent) + Fraction(further * HUNDREDTH) + fee_again(terms, carried, further, HUNDREDTH, True)[0]
    )


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(books(), st.sampled_from(["buy_yes", "buy_no"]), amounts, st.sampled_from(TERMS), st.integers(0, 8))
def test_a_purchase_spends_its_amount_and_not_one_step_more(
    made: tuple[Book, Decimal], action: Action, amount: Decimal, terms: FeeTerms, depth: int
) -> None:
    book, tick = made
    levels = book.levels(action)
    limit = levels[min(depth, len(levels) - 1)][0] if levels else tick
    order = Order(action, limit, amount)

    found = fill(order, levels, rules_of(terms, tick))

    if isinstance(found, NoFill):
        assert not levels or found.reason in ("below_minimum", "no_book")
        return
    before = check(found, order, levels, terms)
    assert found.spent <= amount
    more = next_step(found, order, levels, terms, before)
    if more is None:
        assert found.quantity == sum(size // HUNDREDTH * HUNDREDTH for price, size in levels if price <= limit)
    else:
        assert found.complete
        assert more > Fraction(amount)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    books(),
    st.sampled_from(["buy_yes", "buy_no", "sell_yes", "sell_no"]),
    st.decimals("0.01", "2000", places=3),
    st.sampled_from(TERMS),
    st.integers(0, 8),
)
def test_a_quantity_is_filled_as_far_as_it_is_offered_within_the_limit(
    made: tuple[Book, Decimal], action: Action, quantity: Decimal, terms: FeeTerms, depth: int
) -> None:
    book, tick = made
    levels = book.levels(action)
    limit = levels[min(depth, len(levels) - 1)][0] if levels else tick
    order = Order(action, limit, quantity=quantity)

    found = fill(order, levels, rules_of(terms, tick))

    if isinstance(found, NoFill):
        assert not levels or found.reason in ("below_minimum", "no_book")
        return
    check(found, order, levels, terms)
    wanted = quantity // HUNDREDTH * HUNDREDTH
    within = levels[: min(depth, len(levels) - 1) + 1]
    assert found.quantity == min(wanted, sum(size // HUNDREDTH * HUNDREDTH for _, size in within))
    assert found.complete == (found.quantity == wanted)
    if action.startswith("sell"):
        assert found.received >= 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(books(), amounts, amounts, st.sampled_from(TERMS))
def test_more_money_buys_no_less(made: tuple[Book, Decimal], one: Decimal, other: Decimal, terms: FeeTerms) -> None:
    book, tick = made
    limit = rules_of(terms, tick).grid.bands[-1].end

    less, more = (
        fill(Order("buy_yes", limit, amount), book.levels("buy_yes"), rules_of(terms, tick))
        for amount in sorted([one, other])
    )

    assert isinstance(less, NoFill) or (isinstance(more, Fill) and more.quantity >= less.quantity)


@settings(max_examples=EXAMPLES, deadline=None)
@given(books(), st.decimals("0.01", "2000", places=2), st.sampled_from(TERMS))
def test_selling_one_side_and_buying_the_other_come_to_a_dollar_each(
    made: tuple[Book, Decimal], quantity: Decimal, terms: FeeTerms
) -> None:
    book, tick = made
    low, high = tick, 1 - tick
    rules = rules_of(terms, tick)

    sold = fill(Order("sell_yes", low, quantity=quantity), book.levels("sell_yes"), rules)
    bought = fill(Order("buy_no", high, quantity=quantity), book.levels("buy_no"), rules)

    if isinstance(sold, NoFill) or isinstance(bought, NoFill):
        assert isinstance(sold, NoFill) and sold.reason in ("below_minimum", "no_book")
        return
    assert sold.quantity == bought.quantity
    assert sold.cost + bought.cost == sold.quantity
    if isinstance(terms, PolymarketFees):
        assert sold.fee == bought.fee


@settings(max_examples=EXAMPLES, deadline=None)
@given(books(), st.decimals("0.01", "2000", places=2), st.sampled_from(TERMS))
def test_buying_and_selling_at_the_same_prices_loses_the_two_fees(
    made: tuple[Book, Decimal], quantity: Decimal, terms: FeeTerms
) -> None:
    book, tick = made
    rules = rules_of(terms, tick)
    bought = fill(Order("buy_yes", 1 - tick, quantity=quantity), book.levels("buy_yes"), rules)
    if isinstance(bought, NoFill):
        return
    bids = Ladder.of([(price, taken) for price, taken, _ in bought.levels], "highest")

    sold = fill(Order("sell_yes", tick, quantity=bought.quantity), bids, rules)

    if isinstance(sold, NoFill):
        assert sold.reason == "below_minimum"
        return
    assert (sold.quantity, sold.cost, sold.complete) == (bought.quantity, bought.cost, True)
    assert sold.received - bought.spent == -(sold.fee + bought.fee) <= 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(books(), amounts, st.decimals("0.01", "800", places=2), st.sampled_from(TERMS))
def test_an_order_with_both_bounds_keeps_both(
    made: tuple[Book, Decimal], amount: Decimal, quantity: Decimal, terms: FeeTerms
) -> None:
    book, tick = made
    limit = 1 - tick

    def bought(amount: Decimal | None, quantity: Decimal | None) -> Fill | NoFill:
        return fill(Order("buy_yes", limit, amount, quantity), book.levels("buy_yes"), rules_of(terms, tick))

    both = bought(amount, quantity)

    if isinstance(both, NoFill):
        assert isinstance(bought(amount, None), NoFill) or isinstance(bought(None, quantity), NoFill)
        return
    by_amount, by_quantity = bought(amount, None), bought(None, quantity)
    assert isinstance(by_amount, Fill) and isinstance(by_quantity, Fill)
    assert both.spent <= amount and both.quantity <= quantity
    assert both.quantity == min(by_amount.quantity, by_quantity.quantity)
    assert both.complete == (by_amount.complete or by_quantity.complete)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.decimals("0.0005", "0.02", places=4),
    st.decimals("0.01", "0.60", places=2),
    st.decimals("0", "0.02", places=4),
    st.decimals("0", "0.0006", places=6),
)
def test_the_largest_part_is_the_largest_of_all_even_where_a_rebate_makes_more_cost_less(
    price: Decimal, size: Decimal, left: Decimal, carried: Decimal
) -> None:
    terms = KalshiFees("quadratic", Decimal(1), Decimal("0.000001"), rebate_step=Decimal("0.0003"))
    ladder = Ladder([(price, size)])
    stairs, _ = reaching(ladder, stairs_of(ladder, terms, HUNDREDTH, True), None, size)
    stairs = replace(stairs, carried=(carried, ZERO))

    part, cost, fee = largest_part(stairs, 0, left, size)

    fitting = [ZERO]
    for hundredths in range(1, int(size * 100) + 1):
        quantity = hundredths * HUNDREDTH
        if price * quantity + level_fee(terms, carried, price, quantity, buying=True)[0] <= left:
            fitting.append(quantity)
    assert part == max(fitting)
    assert (cost, fee) == (price * part, level_fee(terms, carried, price, part, buying=True)[0] if part else ZERO)


@settings(max_examples=EXAMPLES, deadline=None)
@given(books(levels_max=20), st.lists(st.tuples(amounts, st.sampled_from(TERMS)), min_size=2, max_size=12))
def test_orders_that_share_a_book_get_what_each_alone_would(
    made: tuple[Book, Decimal], orders: list[tuple[Decimal, FeeTerms]]
) -> None:
    book, tick = made
    shared = book.levels("buy_yes")

    together = [fill(Order("buy_yes", 1 - tick, amount), shared, rules_of(terms, tick)) for amount, terms in orders]

    alone = [
        fill(Order("buy_yes", 1 - tick, amount), Ladder(shared), rules_of(terms, tick)) for amount, terms in orders
    ]
    assert together == alone


def test_threads_that_share_a_book_disturb_nobody() -> None:
    levels = [(Decimal(cents) / 100, Decimal(7 * cents + 1) / 4) for cents in range(10, 90)]
    rules = rules_of(build.kalshi_terms(), HUNDREDTH)
    orders = [Order("buy_yes", Decimal("0.99"), Decimal(amount)) for amount in range(5, 1505, 5)]
    alone = [fill(order, Ladder(levels), rules) for order in orders]

    for _ in range(5):
        shared = Ladder(levels)
        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(partial(fill, levels=shared, rules=rules), orders))

        assert together == alone


@settings(max_examples=EXAMPLES, deadline=None)
@given(books(), st.lists(amounts, min_size=2, max_size=5), st.sampled_from(TERMS))
def test_a_portfolio_never_takes_the_same_contract_twice(
    made: tuple[Book, Decimal], wanted: list[Decimal], terms: FeeTerms
) -> None:
    book, tick = made
    left: Ladder = book.levels("buy_yes")
    taken: dict[Decimal, Decimal] = {}

    for amount in wanted:
        found = fill(Order("buy_yes", 1 - tick, amount), left, rules_of(terms, tick))
        if isinstance(found, Fill):
            for price, quantity, _ in found.levels:
                taken[price] = taken.get(price, ZERO) + quantity
            left = without(left, {price: quantity for price, quantity, _ in found.levels})

    offered: dict[Decimal, Decimal] = dict[Decimal, Decimal](book.asks)
    assert all(quantity <= offered[price] for price, quantity in taken.items())
    remaining: list[Level] = list(without(book.asks, taken))
    assert remaining == list(left)
