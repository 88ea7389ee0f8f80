"""Limit orders wait, and are filled only by trades that print through their price, or at it beyond what was ahead."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.paper_trading.conftest import Floor
from tests.paper_trading.test_execution import listed
from tests.services.listing import data_trade, kalshi, kalshi_book, kalshi_trade, no_token, ticker


def rest(floor: Floor, limit: str = "0.47", **facts: Any) -> int:
    """A portfolio with one order that waits to buy 50 contracts of market 1; nobody offers below 49 cents."""
    listed(floor, 1)
    portfolio = floor.portfolio(cash="1000")
    chosen = {"quantity": "50", "order_kind": "limit", "limit": limit, **facts}
    floor.signals(portfolio, floor.signal("polymarket:1", **chosen))
    assert floor.execute(portfolio)["outcomes"] == {"resting": 1}
    return portfolio


def printed(floor: Floor, price: str, size: float, side: str = "SELL", number: int = 1, **changes: Any) -> None:
    """A trade on market 1 a few seconds from now: after every order that waits."""
    at = int(time.time()) + 3
    trade = data_trade(
        1, price=float(price), size=size, side=side, timestamp=at, transaction_hash=f"0x{number:02}", **changes
    )
    floor.world.data_trades.insert(0, trade)


def watch(floor: Floor) -> dict[str, Any]:
    answer = floor.paper.post("/paper-trading/watch-orders")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def order_of(floor: Floor, portfolio: int) -> dict[str, Any]:
    [order] = floor.rows("orders", portfolio_id=portfolio)
    return order


def test_a_waiting_order_reserves_its_cash_and_knows_who_is_ahead(floor: Floor) -> None:
    portfolio = rest(floor)

    order, state = order_of(floor, portfolio), floor.read(portfolio)

    assert (order["status"], order["ahead"]) == ("open", 120)  # as many bid 47 cents already
    assert order["reserved"] == 50 * Decimal("0.47") + Decimal("0.01")
    assert (state["current_balance"], state["reserved_balance"]) == (1000, order["reserved"])


def test_a_print_through_the_price_fills_it_at_its_own_price_without_a_fee(floor: Floor) -> None:
    portfolio = rest(floor)
    printed(floor, "0.46", 30)

    watch(floor)

    [trade] = floor.rows("trades", portfolio_id=portfolio)
    assert (trade["quantity"], trade["price"], trade["fee"]) == (30, Decimal("0.47"), 0)
    assert trade["order_id"] == order_of(floor, portfolio)["order_id"]
    state = floor.read(portfolio)
    assert state["current_balance"] == 1000 - 30 * Decimal("0.47")
    assert state["reserved_balance"] == 20 * Decimal("0.47") + Decimal("0.01")
    assert state["equity"] - 1000 == state["total_pnl"]


def test_a_print_at_the_price_first_serves_who_was_ahead(floor: Floor) -> None:
    portfolio = rest(floor)
    printed(floor, "0.47", 100, number=1)
    watch(floor)
    assert (order_of(floor, portfolio)["filled"], order_of(floor, portfolio)["ahead"]) == (0, 20)
    printed(floor, "0.47", 45, number=2)

    watch(floor)

    order = order_of(floor, portfolio)
    assert (order["filled"], order["ahead"], order["status"]) == (25, 0, "open")


def test_a_print_counts_once_however_often_it_is_seen(floor: Floor) -> None:
    portfolio = rest(floor)
    printed(floor, "0.46", 30)

    watch(floor)
    watch(floor)

    assert order_of(floor, portfolio)["filled"] == 30
    assert len(floor.rows("trades", portfolio_id=portfolio)) == 1


@pytest.mark.parametrize(
    ("price", "side", "why"),
    [("0.48", "SELL", "above the limit"), ("0.47", "BUY", "the taker bought, from somebody who offered there")],
)
def test_other_prints_leave_it_waiting(floor: Floor, price: str, side: str, why: str) -> None:
    portfolio = rest(floor)
    printed(floor, price, 500, side)

    watch(floor)

    assert order_of(floor, portfolio)["filled"] == 0, why


def test_a_print_on_the_other_token_is_the_same_trade_seen_from_there(floor: Floor) -> None:
    portfolio = rest(floor)
    printed(floor, "0.54", 50, "BUY", token_id=no_token(1))  # whoever buys no at 54 sells yes at 46

    watch(floor)

    assert order_of(floor, portfolio)["status"] == "filled"
    assert floor.read(portfolio)["reserved_balance"] == 0


def test_what_is_offered_within_the_limit_is_taken_at_once_and_the_rest_waits(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()

    floor.signals(portfolio, floor.signal("polymarket:1", quantity="150", limit="0.49", order_kind="limit"))
    floor.execute(portfolio)

    [trade] = floor.rows("trades", portfolio_id=portfolio)
    order = order_of(floor, portfolio)
    assert (trade["quantity"], trade["price"]) == (100, Decimal("0.49"))
    assert (order["quantity"], order["ahead"]) == (50, 0)


def test_an_order_lapses_at_its_hour_and_gives_its_cash_back(floor: Floor) -> None:
    portfolio = rest(floor, expires_at=datetime.now(UTC) + timedelta(seconds=2))
    time.sleep(2)

    watch(floor)

    assert order_of(floor, portfolio)["status"] == "expired"
    assert floor.read(portfolio)["reserved_balance"] == 0


def test_a_paused_portfolio_has_no_orders_waiting(floor: Floor) -> None:
    portfolio = rest(floor)

    floor.paper.post(f"/paper-trading/portfolios/{portfolio}/pause")

    order = order_of(floor, portfolio)
    assert (order["status"], order["closed_why"]) == ("cancelled", "portfolio_paused")
    assert floor.read(portfolio)["reserved_balance"] == 0


def test_reserved_cash_buys_nothing_else(floor: Floor) -> None:
    portfolio = rest(floor, quantity="2000")  # 940 dollars wait

    floor.signals(portfolio, floor.signal("polymarket:1", amount="100"))

    assert floor.execute(portfolio)["outcomes"] == {"insufficient_cash": 1}


def test_a_sale_waits_with_its_contracts_and_sells_them_once(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1", quantity="50"))
    floor.execute(portfolio)
    offer = floor.signal("polymarket:1", "sell_yes", quantity="50", limit="0.60", order_kind="limit")
    floor.signals(portfolio, offer)
    floor.execute(portfolio)
    floor.signals(portfolio, floor.signal("polymarket:1", "sell_yes", quantity="50"))
    assert floor.execute(portfolio)["outcomes"] == {"not_held": 1}
    printed(floor, "0.61", 500, "BUY")

    watch(floor)

    state = floor.read(portfolio)
    assert (state["open_positions"], order_of(floor, portfolio)["status"]) == (0, "filled")
    assert state["equity"] - 1000 == state["total_pnl"]


def test_who_makes_a_market_on_kalshi_pays_its_makers_fee(floor: Floor) -> None:
    floor.world.kalshi_series[0]["fee_type"] = "quadratic_with_maker_fees"
    floor.world.kalshi_markets = [kalshi(1)]
    levels = {"yes_dollars": [["0.3600", "10.00"]], "no_dollars": [["0.5500", "10.00"]]}
    floor.world.kalshi_books = [kalshi_book(1, orderbook_fp=levels)]
    floor.collect()
    portfolio = floor.portfolio()
    signal = floor.signal(f"kalshi:{ticker(1)}", quantity="100", limit="0.37", order_kind="limit")
    floor.signals(portfolio, signal)
    floor.execute(portfolio)
    at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat().replace("+00:00", "Z")
    sold = {"yes_price_dollars": "0.3600", "no_price_dollars": "0.6400", "taker_outcome_side": "no", "taker_side": "no"}
    floor.world.kalshi_trades = [kalshi_trade(1, count_fp="300.00", created_time=at, **sold)]

    watch(floor)

    [trade] = floor.rows("trades", portfolio_id=portfolio)
    assert (trade["quantity"], trade["price"], trade["fee"]) == (100, Decimal("0.37"), Decimal("0.4080"))


def test_a_print_is_shared_by_the_orders_of_one_portfolio_the_better_price_first(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio(cash="1000")
    chosen = {"quantity": "50", "order_kind": "limit"}
    signals = [floor.signal("polymarket:1", limit=limit, **chosen) for limit in ("0.46", "0.47")]
    floor.signals(portfolio, *signals)
    floor.execute(portfolio)
    printed(floor, "0.45", 70)

    watch(floor)
    watch(floor)

    filled = {order["limit_price"]: order["filled"] for order in floor.rows("orders", portfolio_id=portfolio)}
    assert filled == {Decimal("0.47"): 50, Decimal("0.46"): 20}


def test_orders_that_wait_count_as_positions_to_come(floor: Floor) -> None:
    listed(floor, 1, 2, 3)
    portfolio = floor.portfolio(cash="1000", max_positions=2)
    chosen = {"quantity": "50", "order_kind": "limit", "limit": "0.46"}
    floor.signals(portfolio, *(floor.signal(f"polymarket:{number}", **chosen) for number in (1, 2, 3)))

    first = floor.execute(portfolio)
    floor.signals(portfolio, floor.signal("polymarket:3", amount="20"))
    second = floor.execute(portfolio)

    assert first["outcomes"] == {"resting": 2, "max_positions": 1}
    assert second["outcomes"] == {"max_positions": 1}


def test_what_waits_counts_towards_the_size_of_its_position(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio(cash="1000", max_position_size=30)
    chosen = {"quantity": "50", "order_kind": "limit", "limit": "0.46"}

    floor.signals(portfolio, *(floor.signal("polymarket:1", **chosen) for _ in range(2)))

    assert floor.execute(portfolio)["outcomes"] == {"resting": 1, "max_position_size": 1}


def test_an_open_breaker_takes_waiting_purchases_back(floor: Floor) -> None:
    portfolio = rest(floor)
    floor.paper.post("/paper-trading/breakers", json={"reason": "a look at it"})
    printed(floor, "0.46", 500)

    watch(floor)

    order = order_of(floor, portfolio)
    assert (order["status"], order["closed_why"], order["filled"]) == ("cancelled", "breaker_open", 0)
    assert floor.read(portfolio)["reserved_balance"] == 0
