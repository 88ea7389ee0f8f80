"""Signals become fills at prices that were offered, with the fees of the venue, and each is acted on once."""

from decimal import Decimal

from tests.paper_trading.conftest import Floor
from tests.services.listing import gamma, gamma_book, kalshi, kalshi_book, ticker

BOOK = {
    "bids": [{"price": "0.45", "size": "80"}, {"price": "0.46", "size": "300"}, {"price": "0.47", "size": "120"}],
    "asks": [{"price": "0.53", "size": "40"}, {"price": "0.5", "size": "250"}, {"price": "0.49", "size": "100"}],
}


def listed(floor: Floor, *numbers: int) -> None:
    """Markets of Polymarket with the book above and a fee rate of 0.05."""
    floor.world.gamma_markets = [gamma(number) for number in numbers]
    floor.world.books = [gamma_book(number, **BOOK) for number in numbers]
    floor.collect()


def test_a_purchase_walks_the_book_and_pays_the_fee_of_each_level(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio(cash="1000")
    floor.signals(portfolio, floor.signal("polymarket:1", quantity="200"))

    answer = floor.execute(portfolio)

    [trade] = floor.rows("trades", portfolio_id=portfolio)
    assert answer["outcomes"] == {"filled": 1}
    # 100 × 0.05 × 0.49 × 0.51 and 100 × 0.05 × 0.5 × 0.5
    assert trade["levels"] == [[Decimal("0.49"), 100, Decimal("1.2495")], [Decimal("0.5"), 100, Decimal("1.25")]]
    assert (trade["cost"], trade["fee"]) == (99, Decimal("2.4995"))
    assert trade["mid_price"] == Decimal("0.48")
    assert trade["execution_cost"] == 99 + Decimal("2.4995") - 200 * Decimal("0.48")
    assert answer["new_balance"] == 1000 - 99 - Decimal("2.4995")
    [position] = floor.read(portfolio)["positions"]
    assert (position["quantity"], position["cost"], position["fees"]) == (200, 99, Decimal("2.4995"))
    assert position["liquidation_value"] == 200 * Decimal("0.47")


def test_asking_again_trades_nothing_again(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1"))
    floor.execute(portfolio)

    again = floor.execute(portfolio)

    assert again["signals_considered"] == 0
    assert len(floor.rows("trades", portfolio_id=portfolio)) == 1


def test_the_fourth_signal_finds_no_cash_left(floor: Floor) -> None:
    listed(floor, 1, 2, 3, 4)
    portfolio = floor.portfolio(cash="500")
    wanted = zip((1, 2, 3, 4), ("100", "150", "200", "100"), strict=True)
    signals = [floor.signal(f"polymarket:{number}", amount=amount) for number, amount in wanted]
    ids = floor.signals(portfolio, *signals)

    answer = floor.execute(portfolio)

    assert answer["outcomes"] == {"filled": 3, "insufficient_cash": 1}
    [skip] = answer["skips"]
    assert skip["signal_id"] == ids[3]
    assert answer["trades_executed"] == 3
    assert answer["new_balance"] >= 50


def test_selling_gives_back_what_the_bids_pay_less_the_fee(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1", quantity="100"))
    floor.execute(portfolio)
    floor.signals(portfolio, floor.signal("polymarket:1", "sell_yes", quantity="500"))

    answer = floor.execute(portfolio)

    bought, sold = Decimal("49") + Decimal("1.2495"), Decimal("47") - Decimal("1.24550")
    assert answer["outcomes"] == {"filled": 1}
    assert answer["new_balance"] == 1000 - bought + sold
    state = floor.read(portfolio)
    assert state["open_positions"] == 0
    assert state["realized_pnl"] == sold - bought
    assert state["equity"] - 1000 == state["total_pnl"]


def test_buying_the_other_side_turns_pairs_into_dollars(floor: Floor) -> None:
    floor.world.kalshi_markets = [kalshi(1)]
    floor.world.kalshi_books = [
        kalshi_book(1, orderbook_fp={"yes_dollars": [["0.4000", "100.00"]], "no_dollars": [["0.5500", "100.00"]]})
    ]
    floor.collect()
    portfolio, market = floor.portfolio(), f"kalshi:{ticker(1)}"
    floor.signals(portfolio, floor.signal(market, "buy_yes", quantity="40"))
    floor.execute(portfolio)
    floor.signals(portfolio, floor.signal(market, "buy_no", quantity="60"))

    floor.execute(portfolio)

    [held] = floor.read(portfolio)["positions"]
    [second, first] = floor.rows("trades", portfolio_id=portfolio)
    assert (held["outcome"], held["quantity"]) == ("no", 20)
    assert second["merged"] == 40
    kinds = [(entry["kind"], entry["amount"]) for entry in floor.rows("cash-entries", portfolio_id=portfolio)]
    assert ("merge", 40) in kinds
    state = floor.read(portfolio)
    assert state["equity"] - 1000 == state["total_pnl"]
    assert first["price"] == Decimal("0.45")
