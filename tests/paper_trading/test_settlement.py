"""Settlement end to end: venues say how markets end, the markets service stores it, portfolios are paid once."""

from decimal import Decimal
from typing import Any

import pytest

from tests.paper_trading.conftest import Floor
from tests.paper_trading.ledger import Ledger, assert_clean
from tests.services.conftest import exact
from tests.services.listing import condition, finalized, gamma, gamma_book, kalshi, kalshi_book, resolved, ticker

POLYMARKET, KALSHI = "polymarket:1", f"kalshi:{ticker(1)}"
BOOK = {"bids": [{"price": "0.4", "size": "1000"}], "asks": [{"price": "0.5", "size": "1000"}]}
KALSHI_BOOK = {"yes_dollars": [["0.4000", "1000.00"]], "no_dollars": [["0.5000", "1000.00"]]}
PAID_TABLES = ("market_settlements", "settlements", "cash_entries", "portfolio_positions", "portfolios")


def listed(floor: Floor) -> None:
    """A market of each venue: yes costs 0.50 and can be sold at 0.40."""
    floor.world.gamma_markets = [gamma(1)]
    floor.world.kalshi_markets = [kalshi(1)]
    floor.world.books = [gamma_book(1, **BOOK)]
    floor.world.kalshi_books = [kalshi_book(1, orderbook_fp=KALSHI_BOOK)]
    floor.collect()


def corrected(floor: Floor, market_id: str) -> None:
    """The venue has said something else since, and the markets service has heard it."""
    answer = floor.markets.post("/markets/refresh-resolutions", json={"market_ids": [market_id]}).json()
    assert answer["resolutions"][0]["changed"], answer


def holding(floor: Floor, market_id: str, action: str = "buy_yes", name: str = "Harbour", cash: str = "1000") -> int:
    """A portfolio that has bought 100 contracts."""
    portfolio = floor.portfolio(name, cash)
    floor.signals(portfolio, floor.signal(market_id, action, quantity="100"))
    assert floor.execute(portfolio)["outcomes"] == {"filled": 1}
    return portfolio


def settled(floor: Floor) -> dict[str, Any]:
    answer = floor.paper.post("/paper-trading/settle")
    assert answer.status_code == 200, answer.text
    return dict(exact(answer))


def test_a_winner_gets_a_dollar_a_contract_and_a_loser_nothing(floor: Floor) -> None:
    listed(floor)
    winner, loser = holding(floor, POLYMARKET), holding(floor, POLYMARKET, "buy_no", "Pier")
    floor.world.gamma_markets = [resolved(1)]

    answer = settled(floor)

    assert (answer["markets_settled"], answer["positions_settled"], answer["paid"]) == (1, 2, 100)
    won, lost = floor.read(winner), floor.read(loser)
    # 50 dollars and a fee of 1.25; no costs 0.60, which is 60 dollars and a fee of 1.2
    assert (won["current_balance"], won["realized_pnl"]) == (Decimal("1048.75"), Decimal("48.75"))
    assert (lost["current_balance"], lost["realized_pnl"]) == (Decimal("938.8"), Decimal("-61.2"))
    assert won["open_positions"] == lost["open_positions"] == 0
    assert_clean(floor.database)


def test_settling_again_writes_no_row(floor: Floor) -> None:
    listed(floor)
    holding(floor, POLYMARKET)
    floor.world.gamma_markets = [resolved(1)]
    settled(floor)
    before = Ledger(floor.database).places(*PAID_TABLES)

    again = settled(floor)

    assert (again["markets_settled"], again["positions_settled"], again["corrections"], again["paid"]) == (0, 0, 0, 0)
    assert Ledger(floor.database).places(*PAID_TABLES) == before


def test_a_fifty_fifty_pays_half_to_both_sides_and_counts_as_neither_won_nor_lost(floor: Floor) -> None:
    listed(floor)
    yes, no = holding(floor, POLYMARKET), holding(floor, POLYMARKET, "buy_no", "Pier")
    floor.world.gamma_markets = [resolved(1, outcomePrices='["0.5", "0.5"]')]

    answer = settled(floor)

    assert answer["paid"] == 100
    [first], [second] = (floor.rows("settlements", portfolio_id=portfolio) for portfolio in (yes, no))
    assert [(row["result"], row["standing"], row["gross"]) for row in (first, second)] == [("split", "push", 50)] * 2
    assert first["evidence"]["gamma"]["outcomePrices"] == '["0.5", "0.5"]'
    assert_clean(floor.database)


def test_a_scalar_pays_its_exact_value_and_no_the_rest_of_the_dollar(floor: Floor) -> None:
    listed(floor)
    yes, no = holding(floor, KALSHI), holding(floor, KALSHI, "buy_no", "Pier")
    floor.world.kalshi_markets = [finalized(1, result="scalar", settlement_value_dollars="0.3725")]

    answer = settled(floor)

    assert answer["paid"] == 100
    [first], [second] = (floor.rows("settlements", portfolio_id=portfolio) for portfolio in (yes, no))
    assert (first["gross"], second["gross"]) == (Decimal("37.25"), Decimal("62.75"))
    assert (first["result"], first["standing"], first["payout_yes"]) == ("scalar", "push", Decimal("0.3725"))
    assert (first["source"], first["evidence"]["result"]) == ("kalshi", "scalar")
    assert_clean(floor.database)


def test_a_void_gives_the_cost_back_and_keeps_the_fees(floor: Floor) -> None:
    listed(floor)
    portfolio = holding(floor, KALSHI)
    fee = floor.read(portfolio)["fees_paid"]
    floor.world.kalshi_markets = []

    settled(floor)

    state = floor.read(portfolio)
    [paid] = floor.rows("settlements", portfolio_id=portfolio)
    assert fee > 0
    assert (paid["result"], paid["gross"], paid["standing"], paid["payout_yes"]) == ("void", paid["cost"], "push", None)
    assert (state["current_balance"], state["realized_pnl"]) == (1000 - fee, -fee)
    assert_clean(floor.database)


def test_a_result_that_a_dispute_reverses_pays_only_as_it_ended(floor: Floor) -> None:
    listed(floor)
    yes, no = holding(floor, KALSHI), holding(floor, KALSHI, "buy_no", "Pier")
    proposals: list[dict[str, Any]] = [
        {"status": "determined", "result": "yes"},
        {"status": "disputed", "result": "yes"},
    ]

    for proposal in proposals:
        floor.world.kalshi_markets = [kalshi(1, **proposal)]
        assert settled(floor)["positions_settled"] == 0
    floor.world.kalshi_markets = [finalized(1, result="no", settlement_value_dollars="0.0000")]
    answer = settled(floor)

    assert (answer["positions_settled"], answer["paid"], answer["corrections"]) == (2, 100, 0)
    assert [row["standing"] for row in floor.rows("settlements", portfolio_id=yes)] == ["lost"]
    assert [row["standing"] for row in floor.rows("settlements", portfolio_id=no)] == ["won"]
    assert_clean(floor.database)


@pytest.mark.parametrize(
    "said",
    [
        gamma(1, closed=True, outcomePrices='["1", "0"]'),
        gamma(1, closed=True, outcomePrices='["0.9995", "0.0005"]', umaResolutionStatus="resolved"),
        gamma(1, closed=True, outcomePrices='["1", "1"]', umaResolutionStatus="resolved"),
        gamma(1, closed=True, outcomePrices='["0", "0"]', umaResolutionStatus="resolved"),
        gamma(1, outcomePrices='["0.9995", "0.0005"]', umaResolutionStatus="proposed"),
    ],
    ids=["unconfirmed", "nearly one", "both win", "none wins", "proposed"],
)
def test_prices_dates_and_proposals_pay_nothing(floor: Floor, said: dict[str, Any]) -> None:
    listed(floor)
    portfolio = holding(floor, POLYMARKET)
    floor.world.gamma_markets = [said]

    answer = settled(floor)

    assert (answer["markets_checked"], answer["positions_settled"], answer["paid"]) == (1, 0, 0)
    assert floor.read(portfolio)["open_positions"] == 1


def test_sources_that_disagree_are_named_and_pay_nothing(floor: Floor) -> None:
    listed(floor)
    holding(floor, POLYMARKET)
    floor.world.gamma_markets = [gamma(1, closed=True, outcomePrices='["1", "0"]')]
    floor.world.data_resolutions = [
        {"condition_id": condition(1), "status": "resolved", "payouts": [0, 1_000_000], "resolved_at": None}
    ]

    answer = settled(floor)

    assert answer["problems"] == [{"market_id": POLYMARKET, "problem": "sources_disagree"}]
    assert answer["positions_settled"] == 0


def test_a_correction_pays_the_difference_and_rewrites_nothing(floor: Floor) -> None:
    listed(floor)
    yes, no = holding(floor, KALSHI), holding(floor, KALSHI, "buy_no", "Pier")
    floor.world.kalshi_markets = [finalized(1)]
    settled(floor)
    before = {portfolio: floor.rows("settlements", portfolio_id=portfolio) for portfolio in (yes, no)}
    floor.world.kalshi_markets = [finalized(1, result="scalar", settlement_value_dollars="0.4000")]
    corrected(floor, KALSHI)

    answer = settled(floor)

    assert (answer["markets_corrected"], answer["corrections"], answer["positions_settled"]) == (1, 2, 0)
    for portfolio, amount, result in ((yes, -60, "push"), (no, 60, "push")):
        correction, first = floor.rows("settlements", portfolio_id=portfolio)
        assert (correction["version"], correction["amount"], correction["standing"]) == (2, amount, result)
        assert [first] == before[portfolio]
        [entry, *_] = floor.rows("cash-entries", portfolio_id=portfolio)
        assert (entry["kind"], entry["amount"]) == ("correction", amount)
    assert_clean(floor.database)


def test_what_cannot_be_taken_back_is_owed_and_taken_from_the_next_money(floor: Floor) -> None:
    floor.world.kalshi_markets = [kalshi(1), kalshi(2)]
    floor.world.kalshi_books = [kalshi_book(number, orderbook_fp=KALSHI_BOOK) for number in (1, 2)]
    floor.collect()
    portfolio = holding(floor, KALSHI, cash="60")
    floor.world.kalshi_markets = [finalized(1), kalshi(2)]
    settled(floor)
    floor.signals(portfolio, floor.signal(f"kalshi:{ticker(2)}", quantity="200"))
    assert floor.execute(portfolio)["outcomes"] == {"filled": 1}
    free = floor.read(portfolio)["current_balance"]
    floor.world.kalshi_markets = [finalized(1, result="no", settlement_value_dollars="0.0000"), kalshi(2)]
    corrected(floor, KALSHI)

    answer = settled(floor)

    state = floor.read(portfolio)
    assert 0 < free < 100
    assert (answer["corrections"], answer["collected"]) == (1, free)
    assert (state["current_balance"], state["owed"]) == (0, 100 - free)
    assert state["equity"] - 60 == state["total_pnl"]
    assert_clean(floor.database)

    floor.world.kalshi_markets = [floor.world.kalshi_markets[0], finalized(2)]
    answer = settled(floor)

    state = floor.read(portfolio)
    assert (answer["paid"], answer["collected"]) == (200, 100 - free)
    assert (state["current_balance"], state["owed"]) == (100 + free, 0)
    assert_clean(floor.database)
