"""Fills over written-out books: what is taken, what it costs with its fees, and why nothing is."""

from decimal import Decimal
from typing import Any

import pytest

from shared.trading.books import Action, Book
from shared.trading.fees import NO_FEES, FeeTerms, UnreadableTerms
from shared.trading.fill import Fill, NoFill, Order, Rules, execution_cost, fill, venue_rules
from tests.trading import build
from tests.trading.oracles import oracle

ORACLE = ("data", "oracles", "fills_and_fees.json")
ASKS = [("0.49", 100), ("0.50", 250), ("0.53", 40), ("0.60", 500)]
BIDS = [("0.47", 120), ("0.46", 300), ("0.45", 80), ("0.40", 1000)]
BOTH: tuple[Action, Action] = ("buy_yes", "sell_yes")
BOOK = build.book(BIDS, ASKS)


def filled(
    action: Action,
    limit: str,
    *,
    amount: Any = None,
    quantity: Any = None,
    book: Book = BOOK,
    terms: FeeTerms | None = None,
    rules: Rules | None = None,
) -> Fill | NoFill:
    order = Order(
        action,
        Decimal(limit),
        None if amount is None else Decimal(str(amount)),
        None if quantity is None else Decimal(str(quantity)),
    )
    return fill(order, book.levels(action), rules or build.rules(terms or build.polymarket_terms()))


def taken(found: Fill | NoFill) -> Fill:
    assert isinstance(found, Fill), found
    return found


def why_not(found: Fill | NoFill) -> str:
    assert isinstance(found, NoFill), found
    assert found.detail
    return found.reason


def test_a_given_quantity_walks_the_levels_and_pays_the_fees_that_a_package_computed() -> None:
    for case in oracle(*ORACLE)["cases"]:
        expected = case["expect"]
        if not expected["levels"]:
            continue
        action: Action = "buy_yes" if case["side"] == "buy" else "sell_yes"
        limit = case["limit"] or ("0.99" if case["side"] == "buy" else "0.01")
        shares = Decimal(str(round(expected["shares"], 2)))  # case 1 bought 61.2245 shares

        found = taken(filled(action, str(limit), quantity=shares, terms=build.polymarket_terms(str(case["rate"]))))

        assert found.complete
        assert [price for price, _, _ in found.levels] == [level[0] for level in expected["levels"]]
        assert [quantity for _, quantity, _ in found.levels] == [
            round(Decimal(level[1]), 2) for level in expected["levels"]
        ]
        assert abs(found.cost - Decimal(expected["cost"])) < Decimal("0.01")
        assert abs(found.fee - Decimal(expected["fee"])) < Decimal("0.0001")
        assert abs(found.price - Decimal(expected["avg_price"])) < Decimal("0.000001")


def test_what_a_thin_book_does_not_hold_stays_unfilled_as_a_package_computed() -> None:
    partial = [case for case in oracle(*ORACLE)["cases"] if case["expect"]["partial"]]
    assert len(partial) == 3

    for case in partial:
        buying = case["side"] == "buy"
        wanted = {"amount": case["amount"]} if buying else {"quantity": case["amount"]}
        limit = str(case["limit"] or "0.99")
        terms = build.polymarket_terms(str(case["rate"]))
        found = taken(filled("buy_yes" if buying else "sell_yes", limit, terms=terms, **wanted))

        assert not found.complete
        assert found.quantity == case["expect"]["shares"]
        assert (found.cost, found.fee) == (case["expect"]["cost"], case["expect"]["fee"])


def test_an_amount_includes_the_fees() -> None:
    found = taken(filled("buy_yes", "0.99", amount=200, terms=build.polymarket_terms("0.04")))

    # 0.9996 + 2.5 + 0.39856 of fees, then 1.47 at 0.60 with 0.01411; 1.48 would make it 200.00031
    assert found.quantity == Decimal("391.47")
    assert (found.cost, found.fee, found.spent) == tuple(map(Decimal, ("196.082", "3.91227", "199.99427")))
    assert found.levels[-1] == (Decimal("0.60"), Decimal("1.47"), Decimal("0.01411"))
    assert found.complete


def test_an_amount_on_kalshi_moves_the_balance_in_its_steps() -> None:
    found = taken(filled("buy_yes", "0.99", amount=200, terms=build.kalshi_terms()))

    # 100 @ 0.49 + 1.7493, 250 @ 0.50 + 4.375, 36.30 @ 0.53 + 0.633: one hundredth more would make it 200.0018
    assert [fee for _, _, fee in found.levels] == [Decimal("1.7493"), Decimal("4.375"), Decimal("0.633")]
    assert (found.quantity, found.spent) == (Decimal("386.30"), Decimal("199.9963"))


def test_nothing_is_bought_above_the_limit() -> None:
    found = taken(filled("buy_yes", "0.50", amount=200, terms=build.polymarket_terms("0.07")))

    assert (found.quantity, found.cost, found.fee) == (350, 174, Decimal("6.1243"))
    assert not found.complete


def test_a_limit_that_nobody_offers_finds_the_price_moved() -> None:
    assert why_not(filled("buy_yes", "0.48", amount=200)) == "price_moved"
    assert why_not(filled("sell_yes", "0.48", quantity=10)) == "price_moved"
    assert why_not(filled("buy_no", "0.52", amount=200)) == "price_moved"


def test_a_book_without_offers_fills_nothing() -> None:
    assert why_not(filled("buy_yes", "0.99", amount=200, book=build.book(bids=BIDS))) == "no_book"
    assert why_not(filled("buy_yes", "0.99", amount=200, book=build.book(asks=[("0.5", 0)]))) == "no_book"
    assert why_not(filled("buy_yes", "0.99", amount=200, book=build.book(asks=[("0.5", "0.009")]))) == "no_book"


def test_an_order_ends_with_its_amount_or_its_quantity_whichever_comes_first() -> None:
    by_quantity = taken(filled("buy_yes", "0.99", amount=200, quantity=120))
    by_amount = taken(filled("buy_yes", "0.99", amount=50, quantity=120))

    assert by_quantity == filled("buy_yes", "0.99", quantity=120)
    assert by_amount == filled("buy_yes", "0.99", amount=50)
    assert by_amount.quantity < 120


def test_buying_exactly_what_is_offered_is_complete() -> None:
    one_level = build.book(asks=[("0.50", 100)])

    exact = taken(filled("buy_yes", "0.99", amount="51.25", book=one_level))
    dust_left = taken(filled("buy_yes", "0.99", amount="51.255", book=one_level))
    more = taken(filled("buy_yes", "0.99", amount="51.27", book=one_level))

    assert exact.quantity == dust_left.quantity == more.quantity == 100
    assert (exact.complete, dust_left.complete, more.complete) == (True, True, False)


def test_sizes_beyond_whole_hundredths_are_not_taken() -> None:
    odd = build.book(bids=[("0.47", "10.019"), ("0.46", "0.004"), ("0.45", "5")])

    found = taken(filled("sell_yes", "0.40", quantity="12.345", book=odd))

    assert [quantity for _, quantity, _ in found.levels] == [Decimal("10.01"), Decimal("2.33")]
    assert found.complete


def test_levels_in_disorder_are_walked_from_the_best() -> None:
    rules = build.rules(build.polymarket_terms())
    level = [(Decimal(price), Decimal(size)) for price, size in reversed(ASKS)]

    found = fill(Order("buy_yes", Decimal("0.99"), Decimal(200)), [*level, (Decimal("0.01"), Decimal(0))], rules)

    assert found == filled("buy_yes", "0.99", amount=200)


def test_a_crossed_book_is_filled_at_what_it_offers() -> None:
    crossed = build.book(bids=[("0.55", 10)], asks=[("0.50", 10)])

    assert taken(filled("buy_yes", "0.60", amount=3, book=crossed)).levels[0][0] == Decimal("0.50")
    assert taken(filled("sell_yes", "0.50", quantity=3, book=crossed)).levels[0][0] == Decimal("0.55")


@pytest.mark.parametrize("limit", ["0.495", "0", "1", "1.01", "-0.5"])
def test_a_limit_off_the_grid_is_refused(limit: str) -> None:
    assert why_not(filled("buy_yes", limit, amount=200)) == "off_tick"
    assert why_not(filled("buy_no", limit, amount=200)) == "off_tick"


def test_the_grid_of_no_is_the_mirror_of_that_of_yes() -> None:
    fine_below_a_tenth = [
        {"start": Decimal(0), "end": Decimal("0.1"), "step": Decimal("0.001")},
        {"start": Decimal("0.1"), "end": Decimal(1), "step": Decimal("0.01")},
    ]
    rules = build.rules(build.kalshi_terms(), bands=fine_below_a_tenth)

    assert why_not(filled("buy_no", "0.055", amount=200, rules=rules)) == "off_tick"
    assert taken(filled("buy_no", "0.945", amount=200, rules=rules)).complete
    assert why_not(filled("buy_yes", "0.945", amount=200, rules=rules)) == "off_tick"


def test_a_purchase_and_a_sale_at_one_price_round_apart() -> None:
    level = build.book(asks=[("0.333", "0.01")]).asks
    rules = build.rules(build.kalshi_terms(), "0.001")

    bought, sold = (fill(Order(action, Decimal("0.333"), quantity=Decimal("0.01")), level, rules) for action in BOTH)

    assert (taken(bought).spent, taken(sold).received) == (Decimal("0.0035"), Decimal("0.0031"))  # 0.00333 ± 0.000156


def test_polymarket_takes_no_purchase_below_a_dollar_before_fees() -> None:
    assert taken(filled("buy_yes", "0.49", amount=1, terms=NO_FEES)).quantity == Decimal("2.04")
    assert taken(filled("buy_yes", "0.49", amount="1.03")).cost < 1  # hundredths of a share leave some of it unspent
    assert why_not(filled("buy_yes", "0.49", amount="1.02")) == "below_minimum"  # of which the fee takes 0.02537
    assert why_not(filled("buy_yes", "0.50", quantity="1.99")) == "below_minimum"
    assert why_not(filled("buy_yes", "0.50", amount=100, quantity="1.99")) == "below_minimum"
    assert taken(filled("buy_yes", "0.50", quantity="2")).quantity == 2


def test_a_thin_book_may_fill_less_than_the_minimum_of_an_order() -> None:
    thin = build.book(asks=[("0.49", 1), ("0.80", 500)])

    found = taken(filled("buy_yes", "0.50", amount=100, book=thin))

    assert (found.quantity, found.complete) == (1, False)


def test_kalshi_takes_a_hundredth_of_a_contract_and_nothing_less() -> None:
    kalshi = build.kalshi_terms()

    assert taken(filled("buy_yes", "0.49", quantity="0.01", terms=kalshi)).spent == Decimal("0.0051")
    assert taken(filled("buy_yes", "0.49", amount="0.0051", terms=kalshi)).quantity == Decimal("0.01")
    assert why_not(filled("buy_yes", "0.49", amount="0.0050", terms=kalshi)) == "below_minimum"
    assert why_not(filled("buy_yes", "0.49", quantity="0.009", terms=kalshi)) == "below_minimum"


@pytest.mark.parametrize("nothing", ["0", "-5"])
def test_nothing_is_bought_for_nothing(nothing: str) -> None:
    assert why_not(filled("buy_yes", "0.49", amount=nothing)) == "below_minimum"
    assert why_not(filled("buy_yes", "0.49", quantity=nothing)) == "below_minimum"


def test_a_sale_never_costs_money() -> None:
    dust = build.book(bids=[("0.001", 500)])
    terms = build.kalshi_terms(at=build.AUGUST)  # whose fee is a ten-thousandth at least

    assert why_not(filled("sell_yes", "0.001", quantity="0.05", book=dust, rules=build.rules(terms, "0.001"))) == (
        "below_minimum"
    )
    assert taken(filled("sell_yes", "0.001", quantity="50", book=dust, rules=build.rules(terms, "0.001"))).received > 0


def test_an_order_asks_for_something_and_a_sale_is_of_contracts() -> None:
    with pytest.raises(ValueError, match="an amount or for a quantity"):
        Order("buy_yes", Decimal("0.5"))
    with pytest.raises(ValueError, match="a sale is of a quantity"):
        Order("sell_no", Decimal("0.5"), Decimal(10))


def test_what_a_fill_cost_beyond_the_mid_counts_price_and_fee() -> None:
    bought = taken(filled("buy_yes", "0.49", quantity=100))
    sold = taken(filled("sell_yes", "0.47", quantity=100))
    mid = BOOK.mid("yes")

    assert execution_cost(bought, "buy_yes", mid) == Decimal("2.24950")  # a cent each, and 1.2495 of fee
    assert execution_cost(sold, "sell_yes", mid) == Decimal("2.24550")
    assert execution_cost(bought, "buy_yes", None) is None


def test_the_rules_of_a_market_are_those_of_its_venue() -> None:
    polymarket = venue_rules("polymarket", NO_FEES, tick_size=Decimal("0.001"), min_size=Decimal(15))
    kalshi = venue_rules("kalshi", build.kalshi_terms(), tick_size=None)

    assert (polymarket.cost_min, polymarket.resting_min, polymarket.quantity_step) == (1, 15, Decimal("0.01"))
    assert venue_rules("polymarket", NO_FEES, tick_size=Decimal("0.01")).resting_min == 5
    assert (kalshi.cost_min, kalshi.resting_min, kalshi.quantity_min) == (0, Decimal("0.01"), Decimal("0.01"))
    assert kalshi.grid.holds(Decimal("0.37")) and not kalshi.grid.holds(Decimal("0.375"))  # whole cents always hold
    with pytest.raises(UnreadableTerms):
        venue_rules("polymarket", NO_FEES, tick_size=None)
