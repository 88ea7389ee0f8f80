"""The audit finds books in order that are, and names each kind of disorder that was planted in them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text

from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from services.paper_trading import app as paper_service
from services.paper_trading.audit import SHOWN_OF_A_KIND, audit, audited
from services.paper_trading.resources import Settings as PaperSettings
from services.paper_trading.storage import audit as storage
from shared.database import Database
from tests.paper_trading.conftest import Floor
from tests.paper_trading.ledger import Ledger
from tests.paper_trading.test_settlement import KALSHI_BOOK, corrected, settled
from tests.services.conftest import UNLIMITED, client_of, events_client
from tests.services.listing import World, finalized, gamma, gamma_book, kalshi, kalshi_book, ticker
from tests.serving import serving
from tests.venues.double import running_double

BOOK = {
    "bids": [{"price": "0.44", "size": "30.5"}, {"price": "0.47", "size": "120"}],
    "asks": [{"price": "0.53", "size": "400"}, {"price": "0.49", "size": "100.37"}],
}


@pytest.fixture(scope="module")
def books(database: Database, database_url: str) -> Iterator[Floor]:
    """Two portfolios that have done everything that can be done: the first has bought in levels, added, sold in part
    and in full, made pairs, lets an order wait, was paid and was corrected; the second owes."""
    with ExitStack() as running:
        environment = running.enter_context(pytest.MonkeyPatch.context())
        world = World(running.enter_context(running_double()))
        chosen: dict[str, Any] = {"database_url": database_url, **world.addresses, **UNLIMITED}
        settings = MarketsSettings(**chosen)
        environment.setenv("MARKETS_URL", running.enter_context(serving(markets_service.markets_app(settings))))
        events = running.enter_context(events_client(world, database_url))
        markets = running.enter_context(client_of(markets_service.markets_app(settings)))
        paper_settings = PaperSettings(database_url=database_url, price_update_seconds=0)
        paper = running.enter_context(client_of(paper_service.paper_trading_app(paper_settings)))
        floor = Floor(world, events, markets, paper, database)
        _live(floor)
        yield floor


def _live(floor: Floor) -> None:
    floor.world.gamma_markets = [gamma(number) for number in (1, 2)]
    floor.world.kalshi_markets = [kalshi(number) for number in (1, 2)]
    floor.world.books = [gamma_book(number, **BOOK) for number in (1, 2)]
    floor.world.kalshi_books = [kalshi_book(number, orderbook_fp=KALSHI_BOOK) for number in (1, 2)]
    floor.collect()
    busy, poor = floor.portfolio("busy"), floor.portfolio("poor", cash="60")
    _trade(floor, busy, ("polymarket:1", "buy_yes", "150.33"), ("polymarket:2", "buy_yes", "100"))
    _trade(floor, busy, (f"kalshi:{ticker(1)}", "buy_yes", "37"), (f"kalshi:{ticker(2)}", "buy_no", "10"))
    _trade(floor, busy, ("polymarket:1", "buy_yes", "40.01"), ("polymarket:2", "sell_yes", "100"))
    _trade(floor, busy, ("polymarket:1", "sell_yes", "33.33"), (f"kalshi:{ticker(2)}", "buy_yes", "3"))
    _trade(floor, busy, ("polymarket:1", "buy_no", "7.77"), (f"kalshi:{ticker(2)}", "buy_yes", "20"))
    waiting = floor.signal("polymarket:2", "buy_yes", quantity="20", limit="0.40", order_kind="limit")
    floor.signals(busy, waiting)
    assert floor.execute(busy)["outcomes"] == {"resting": 1}
    _trade(floor, poor, (f"kalshi:{ticker(1)}", "buy_yes", "100"))
    floor.world.kalshi_markets = [finalized(1), kalshi(2)]
    settled(floor)
    _trade(floor, poor, (f"kalshi:{ticker(2)}", "buy_yes", "150"))
    floor.world.kalshi_markets = [finalized(1, result="scalar", settlement_value_dollars="0.1000"), kalshi(2)]
    corrected(floor, f"kalshi:{ticker(1)}")
    assert settled(floor)["corrections"] == 2
    floor.signals(poor, floor.signal("polymarket:1", amount="1000"))
    assert floor.execute(poor)["outcomes"] == {"insufficient_cash": 1}


def _trade(floor: Floor, portfolio: int, *orders: tuple[str, str, str]) -> None:
    """Each kind of order of its own, so that every one of them is decided on what the one before left."""
    for market_id, action, quantity in orders:
        floor.signals(portfolio, floor.signal(market_id, action, quantity=quantity))
        assert floor.execute(portfolio)["outcomes"] == {"filled": 1}, (market_id, action)


def test_books_in_which_everything_happened_are_in_order(books: Floor) -> None:
    found = books.paper.get("/paper-trading/audit").json()

    assert (found["status"], found["disagreements"], found["disagreements_total"]) == ("clean", [], 0)
    assert found["portfolios"] == 2
    checked = found["checked"]
    assert (checked["trades"], checked["decisions"], checked["resting_orders"]) == (12, 14, 1)
    assert (checked["settlements"], checked["positions"]) == (4, 7)
    rows = books.rows("trades")
    assert {row["action"] for row in rows} == {"buy_yes", "buy_no", "sell_yes"}
    assert sum(row["merged"] > 0 for row in rows) == 3
    [owing] = [row for row in books.rows("portfolios") if row["owed"]]
    assert (owing["name"], owing["current_balance"]) == ("poor", 0)


# What is planted, and the kinds of disagreement that it must be named as.
DISORDERS: dict[str, tuple[str, set[str]]] = {
    "cash from nowhere": (
        "UPDATE portfolios SET current_balance = current_balance + 0.00000001",
        {"cash_sum", "equity"},
    ),
    "a second deposit": (
        "INSERT INTO cash_entries (portfolio_id, kind, amount, created_at) VALUES (1, 'deposit', 5, now())",
        {"cash_sum", "deposits"},
    ),
    "an entry without its trade's amount": (
        "UPDATE cash_entries SET amount = amount + 0.01 WHERE trade_id = 1",
        {"cash_sum", "trade_cash"},
    ),
    "an entry twice": (
        """INSERT INTO cash_entries (portfolio_id, kind, amount, trade_id, created_at)
        SELECT portfolio_id, kind, amount, trade_id, now() FROM cash_entries WHERE trade_id = 1""",
        {"cash_sum", "trade_cash"},
    ),
    "a pair that paid nothing": ("DELETE FROM cash_entries WHERE kind = 'merge'", {"cash_sum", "trade_cash"}),
    "an entry of a stranger": (
        "UPDATE cash_entries SET portfolio_id = 2 WHERE trade_id = 1",
        {"cash_sum", "trade_cash", "entry_of_another"},
    ),
    "spent before it was there": (
        """UPDATE cash_entries SET entry_id = entry_id + 1000000 WHERE kind = 'deposit'""",
        {"cash_negative"},
    ),
    "a settlement that was not paid": (
        "DELETE FROM cash_entries WHERE kind = 'settlement' AND portfolio_id = 1",
        {"cash_sum", "settlement_cash"},
    ),
    "a debt forgiven": ("UPDATE portfolios SET owed = 0 WHERE portfolio_id = 2", {"owed", "equity"}),
    "a level lost": ("UPDATE trades SET levels = levels - 0 WHERE trade_id = 1", {"trade_levels"}),
    "a fee of another level": (
        "UPDATE trades SET levels = jsonb_set(levels, '{0,2}', '9') WHERE trade_id = 1",
        {"trade_levels"},
    ),
    "a price that was not paid": ("UPDATE trades SET price = price + 0.0001 WHERE trade_id = 1", {"trade_price"}),
    "an execution cost that is not": (
        "UPDATE trades SET execution_cost = execution_cost + 0.01 WHERE trade_id = 1",
        {"trade_execution_cost", "portfolio_totals"},
    ),
    "an execution cost where there was no mid": (
        "UPDATE trades SET mid_price = NULL WHERE trade_id = 1",
        {"trade_execution_cost"},
    ),
    "a trade on a decision of another market": (
        "UPDATE decisions SET market_no = market_no + 1 WHERE decision_id = 1",
        {"trade_without_decision", "decision_without_signal"},
    ),
    "a trade on a decision not to": (
        "UPDATE decisions SET outcome = 'price_moved' WHERE decision_id = 1",
        {"trade_without_decision", "decision_without_deed", "signal_executed"},
    ),
    "a fill without a trade": (
        "UPDATE decisions SET outcome = 'filled' WHERE outcome = 'insufficient_cash'",
        {"decision_without_deed", "signal_executed"},
    ),
    "an order that nobody decided": (
        "UPDATE decisions SET outcome = 'filled' WHERE outcome = 'resting'",
        {"decision_without_deed"},
    ),
    "a signal that was executed and says no": (
        "UPDATE trading_signals SET executed = false WHERE signal_id = 1",
        {"signal_executed"},
    ),
    "a decision without its signal": (
        "DELETE FROM trading_signals WHERE signal_id = 1",
        {"decision_without_signal"},
    ),
    "a print that gave more than it had": (
        """INSERT INTO order_prints (order_id, print_id, price, size, taken_ahead, taken, printed_at)
        SELECT order_id, 'p1', 0.40, 1, 0, 2, now() FROM resting_orders""",
        {"print_shared", "order_filled"},
    ),
    "an order filled by nothing": ("UPDATE resting_orders SET filled = 1", {"order_filled"}),
    "a reservation of nothing": (
        "UPDATE portfolios SET reserved_balance = reserved_balance + 1 WHERE portfolio_id = 1",
        {"reserved"},
    ),
    "a total that is not": (
        "UPDATE portfolios SET total_invested = total_invested + 1 WHERE portfolio_id = 1",
        {"portfolio_totals"},
    ),
    "trades miscounted": ("UPDATE portfolios SET trade_count = 99 WHERE portfolio_id = 1", {"portfolio_totals"}),
    "a result that is not": (
        "UPDATE portfolios SET realized_pnl = realized_pnl + 1 WHERE portfolio_id = 1",
        {"portfolio_totals", "equity"},
    ),
    "a mark that values nothing": (
        "UPDATE portfolio_positions SET mark_bid = 0.01 WHERE position_id = 1",
        {"position_value"},
    ),
    "contracts from nowhere": (
        "UPDATE portfolio_positions SET quantity = quantity + 1 WHERE position_id = 1",
        {"position_quantity", "position_value"},
    ),
    "a cost by another average": (
        "UPDATE portfolio_positions SET cost = cost + 0.00000001 WHERE position_id = 1",
        {"position_cost", "position_value", "portfolio_totals"},
    ),
    "fees forgotten": (
        "UPDATE portfolio_positions SET fees = 0 WHERE position_id = 1",
        {"position_fees", "portfolio_totals"},
    ),
    "a result of a position that is not": (
        "UPDATE portfolio_positions SET realized_pnl = 0 WHERE position_id = 1",
        {"position_realized_pnl", "portfolio_totals"},
    ),
    "a side changed": (
        "UPDATE portfolio_positions SET outcome = 'no' WHERE position_id = 1",
        {"position_outcome"},
    ),
    "settled without a settlement": (
        "UPDATE portfolio_positions SET status = 'settled' WHERE status = 'closed'",
        {"position_status"},
    ),
    "a position twice": (
        """INSERT INTO portfolio_positions (portfolio_id, market_no, outcome, quantity, entry_price, cost, fees,
            realized_pnl, mark_stale, liquidation_value, unrealized_pnl, status, opened_at)
        SELECT 2, market_no, outcome, 1, 0.5, 0.5, 0, 0, true, 0, -0.5, 'open', now() FROM portfolio_positions
        WHERE position_id = 1""",
        {"position_without_trades", "portfolio_totals"},
    ),
    "a position that is gone": (
        "DELETE FROM portfolio_positions WHERE position_id = 1",
        {"position_missing", "portfolio_totals"},
    ),
    "a trade's result that is not": (
        "UPDATE trades SET realized_pnl = realized_pnl + 1 WHERE action = 'sell_yes'",
        {"trade_realized_pnl"},
    ),
    "a pair that was none": (
        "UPDATE trades SET merged = 1 WHERE trade_id = 1",
        {"trade_merged", "trade_cash"},
    ),
    "more sold than was held": (
        "UPDATE trades SET quantity = quantity + 1000 WHERE action = 'sell_yes'",
        {"sold_more_than_held", "trade_levels"},
    ),
    "a settlement by another cost": (
        "UPDATE settlements SET cost = cost + 1 WHERE version = 1",
        {"settlement_cost"},
    ),
    "a settlement of more than was held": (
        "UPDATE settlements SET quantity = quantity + 1 WHERE version = 1",
        {"settlement_quantity", "settlement_gross"},
    ),
    "a settlement of what nobody held": (
        "UPDATE settlements SET market_no = (SELECT market_no FROM trades WHERE trade_id = 1)",
        {"settlement_of_nothing"},
    ),
    "a payment that the result does not give": (
        "UPDATE settlements SET gross = gross + 1, amount = amount + 1 WHERE version = 1",
        {"settlement_gross", "settlement_cash"},
    ),
    "a correction that is no difference": (
        "UPDATE settlements SET amount = amount - 1 WHERE version = 2 AND portfolio_id = 2",
        {"settlement_amount", "owed"},
    ),
    "a push that counts as won": ("UPDATE settlements SET standing = 'won' WHERE version = 2", {"settlement_standing"}),
    "a payment without the venue's word": ("DELETE FROM market_settlements", {"settlement_without_result"}),
    "a correction that was not passed on": (
        """INSERT INTO market_settlements (market_no, version, result, payout_yes, recorded_at)
        SELECT market_no, 3, 'no', 0, now() FROM market_settlements WHERE version = 2""",
        {"settlement_version"},
    ),
    "a point of the curve that is not": (
        """INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, current_balance, total_invested,
            liquidation_value, equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
        VALUES (1, now(), gen_random_uuid(), true, 1000, 0, 0, 1000, 0, 0, 1, 0, 0, 0)""",
        {"history"},
    ),
}


@pytest.mark.parametrize(("disorder", "named"), DISORDERS.values(), ids=DISORDERS.keys())
def test_a_disorder_is_named(books: Floor, connection: Connection, disorder: str, named: set[str]) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))  # so that rows can be torn apart
    assert connection.execute(text(disorder)).rowcount > 0

    found = audit(connection)

    assert found["status"] == "disagreements"
    assert named <= set(found["by_kind"]), found["by_kind"]
    for each in found["disagreements"]:
        assert each["stored"] != each["recomputed"]
        assert each["portfolio_id"] in (1, 2)


def test_every_kind_of_disagreement_has_been_planted() -> None:
    assert set(storage.CHECKS) <= set().union(*(named for _, named in DISORDERS.values()))


def test_a_disagreement_says_where_and_what(books: Floor, connection: Connection) -> None:
    connection.execute(text("UPDATE portfolio_positions SET cost = cost + 0.5 WHERE position_id = 1"))

    found = audit(connection)

    [cost] = [each for each in found["disagreements"] if each["what"] == "position_cost"]
    assert (cost["portfolio_id"], cost["position_id"], cost["market_id"]) == (1, 1, "polymarket:1")
    assert cost["stored"] - cost["recomputed"] == Decimal("0.5")


def test_portfolios_can_be_audited_alone(books: Floor, connection: Connection) -> None:
    connection.execute(text("UPDATE portfolios SET owed = 0 WHERE portfolio_id = 2"))

    assert audit(connection, [1])["status"] == "clean"
    assert audit(connection, [1])["portfolios"] == 1
    assert audit(connection, [2])["status"] == "disagreements"
    assert audit(connection, [1, 2])["status"] == "disagreements"


def test_a_list_of_disagreements_is_bounded_and_its_number_is_not(fresh_database: Database) -> None:
    ledger = Ledger(fresh_database)
    for number in range(SHOWN_OF_A_KIND + 20):
        ledger.portfolio(f"number {number}")
    ledger.write("UPDATE portfolios SET trade_count = 1")

    found = audited(fresh_database)

    assert found["disagreements_total"] == SHOWN_OF_A_KIND + 20
    assert len(found["disagreements"]) == SHOWN_OF_A_KIND


def test_no_transaction_is_seen_by_half(books: Floor, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the first and the last query of an audit somebody takes cash away, and the audit does not see it."""
    count = storage.counted

    def taken(dollars: int) -> None:
        with database.transaction() as other:
            query = "UPDATE portfolios SET current_balance = current_balance - :dollars WHERE portfolio_id = 1"
            other.execute(text(query), {"dollars": dollars})

    def count_and_take(connection: Connection, portfolio_ids: Sequence[int] | None) -> dict[str, int]:
        counted = count(connection, portfolio_ids)
        taken(1)
        return counted

    monkeypatch.setattr(storage, "counted", count_and_take)
    during = audited(database)
    monkeypatch.setattr(storage, "counted", count)
    after = audited(database)
    taken(-1)

    assert (during["status"], after["status"]) == ("clean", "disagreements")
    assert audited(database)["status"] == "clean"
