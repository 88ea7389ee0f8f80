"""Marks: what held sides are worth, for all portfolios in a few statements."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from services.paper_trading.domain.marks import liquidation_value, mark_of
from services.paper_trading.storage.marks import FreshQuote, HeldMarket, write_marks
from shared.database import Database
from tests.paper_trading.ledger import NOON, Ledger, assert_clean

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def ledger(fresh_database: Database) -> Ledger:
    return Ledger(fresh_database)


def marked(ledger: Ledger, answered: Sequence[int], failed: Sequence[int] = (), at: datetime = LATER) -> Any:
    """A pass in which these markets answered with the quote that they have, and those did not."""
    query = "SELECT market_no, market_id, yes_bid, yes_ask FROM markets WHERE market_no = ANY(:numbers)"
    rows = ledger.rows(query, numbers=[*answered, *failed])
    held = [HeldMarket(row["market_no"], row["market_id"]) for row in rows]
    quotes = {row["market_no"]: FreshQuote(row["yes_bid"], row["yes_ask"]) for row in rows}
    with ledger.database.transaction() as connection:
        return write_marks(connection, held, {number: quotes[number] for number in answered}, at)


def test_each_side_is_worth_what_somebody_bids_for_it(ledger: Ledger) -> None:
    market = ledger.market(1)
    yes, no = ledger.portfolio("yes"), ledger.portfolio("no")
    held_yes = ledger.buy(yes, market, "yes", "100", "0.40", fee="1.50", mark="0.39")
    held_no = ledger.buy(no, market, "no", "50", "0.60", mark="0.59")
    ledger.quote(market, "0.45", "0.47")

    done = marked(ledger, [market])

    assert (done.positions, done.updated, done.stale, done.portfolios) == (2, 2, 0, 2)
    first, second = ledger.position_row(held_yes), ledger.position_row(held_no)
    assert (first["mark_bid"], first["mark_mid"]) == (Decimal("0.45"), Decimal("0.46"))
    assert (second["mark_bid"], second["mark_mid"]) == (Decimal("0.53"), Decimal("0.54"))
    assert (first["liquidation_value"], first["unrealized_pnl"]) == (45, 5)
    assert (second["liquidation_value"], second["unrealized_pnl"]) == (Decimal("26.5"), Decimal("-3.5"))
    assert ledger.portfolio_row(yes)["liquidation_value"] == 45
    assert ledger.portfolio_row(no)["unrealized_pnl"] == Decimal("-3.5")
    assert ledger.portfolio_row(yes)["last_price_update"] == LATER
    assert_clean(ledger.database)


def test_without_a_bid_the_last_mark_stays_and_says_so(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    position = ledger.buy(portfolio, market, "yes", "100", "0.40", mark="0.39")
    ledger.quote(market, None, "0.47")

    done = marked(ledger, [market])

    row = ledger.position_row(position)
    assert (done.updated, done.stale) == (1, 1)
    assert (row["mark_bid"], row["mark_stale"], row["liquidation_value"]) == (Decimal("0.39"), True, 39)
    assert_clean(ledger.database)


def test_a_side_that_nobody_ever_bid_for_is_worth_nothing(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    position = ledger.buy(portfolio, market, "no", "100", "0.40")
    ledger.quote(market, "0.40", None)

    marked(ledger, [market])

    row = ledger.position_row(position)
    assert (row["mark_bid"], row["mark_stale"], row["liquidation_value"], row["unrealized_pnl"]) == (None, True, 0, -40)


def test_a_market_that_was_not_answered_keeps_its_mark_until_it_is(ledger: Ledger) -> None:
    markets = [ledger.market(number) for number in (1, 2)]
    portfolio = ledger.portfolio()
    first, second = (ledger.buy(portfolio, market, mark="0.39") for market in markets)
    for market in markets:
        ledger.quote(market, "0.45", "0.47")

    done = marked(ledger, [markets[0]], failed=[markets[1]])

    kept = ledger.position_row(second)
    assert (done.updated, done.stale) == (2, 1)
    assert ledger.position_row(first)["mark_bid"] == Decimal("0.45")
    assert (kept["mark_bid"], kept["mark_stale"]) == (Decimal("0.39"), True)
    assert_clean(ledger.database)

    done = marked(ledger, markets)

    back = ledger.position_row(second)
    assert (done.moved, done.updated, done.stale) == (1, 1, 0)
    assert (back["mark_bid"], back["mark_stale"], back["liquidation_value"]) == (Decimal("0.45"), False, 45)
    assert_clean(ledger.database)


def test_the_same_quote_is_fresh_again_once_the_venue_answers(ledger: Ledger) -> None:
    market = ledger.market(1)
    position = ledger.buy(ledger.portfolio(), market, mark="0.39")
    ledger.quote(market, "0.45", "0.47")
    marked(ledger, [market])
    marked(ledger, [], failed=[market])
    assert ledger.position_row(position)["mark_stale"]

    marked(ledger, [market])

    assert not ledger.position_row(position)["mark_stale"]


def test_where_nothing_moved_no_position_is_written(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    ledger.buy(portfolio, market, mark="0.39")
    ledger.quote(market, "0.45", "0.47")
    marked(ledger, [market])
    before = ledger.places("portfolio_positions", "market_marks", "portfolio_marks")

    done = marked(ledger, [market], at=LATER + timedelta(minutes=5))

    assert (done.moved, done.updated, done.positions) == (0, 0, 1)
    assert ledger.places("portfolio_positions", "market_marks", "portfolio_marks") == before
    assert ledger.portfolio_row(portfolio)["last_price_update"] == LATER + timedelta(minutes=5)


def test_a_position_marked_by_its_own_fill_is_marked_anew_though_the_quote_is_as_before(ledger: Ledger) -> None:
    """The quote goes away and comes back between two passes, and somebody buys in between."""
    market, other = ledger.market(1), ledger.market(2)
    late = ledger.portfolio("late")
    ledger.buy(ledger.portfolio("early"), market, mark="0.39")
    ledger.buy(late, other, mark="0.39")
    ledger.quote(market, "0.45", "0.47")
    ledger.quote(other, "0.45", "0.47")
    marked(ledger, [market, other])
    bought = ledger.buy(late, market, mark="0.30")

    done = marked(ledger, [market, other])

    assert (done.moved, done.updated) == (0, 1)  # what it held before is as it was
    assert ledger.position_row(bought)["mark_bid"] == Decimal("0.45")
    assert_clean(ledger.database)


def test_a_portfolio_none_of_whose_markets_answered_was_not_updated(ledger: Ledger) -> None:
    answered, silent = ledger.market(1), ledger.market(2)
    fresh, old, both = (ledger.portfolio(name) for name in ("fresh", "old", "both"))
    for portfolio, market in ((fresh, answered), (old, silent), (both, answered), (both, silent)):
        ledger.buy(portfolio, market, mark="0.39")
    ledger.quote(answered, "0.45", "0.47")

    marked(ledger, [answered], failed=[silent])

    updates = [ledger.portfolio_row(portfolio)["last_price_update"] for portfolio in (fresh, old, both)]
    assert updates == [LATER, None, LATER]


def test_the_set_based_marks_are_those_of_the_domain(ledger: Ledger) -> None:
    quotes = [("0.45", "0.47"), (None, "0.47"), ("0.45", None), (None, None), ("0.001", "0.999"), ("0.3333", "0.3338")]
    portfolio = ledger.portfolio(cash="100000")
    markets = [ledger.market(number) for number in range(len(quotes) * 2)]
    sides: list[Any] = ["yes", "no"]
    held = {}
    for place, market in enumerate(markets):
        bid, ask = quotes[place // 2]
        held[market] = ledger.buy(portfolio, market, sides[place % 2], "33.33", "0.40", mark="0.20")
        ledger.quote(market, bid, ask)

    marked(ledger, markets)

    for place, market in enumerate(markets):
        yes_bid, yes_ask = (None if price is None else Decimal(price) for price in quotes[place // 2])
        mark, row = mark_of(sides[place % 2], yes_bid, yes_ask), ledger.position_row(held[market])
        assert row["mark_stale"] == (mark.bid is None)
        assert row["mark_bid"] == (Decimal("0.20") if mark.bid is None else mark.bid)
        assert row["mark_mid"] == (None if mark.bid is None else mark.mid)
        assert row["liquidation_value"] == liquidation_value(row["quantity"], row["mark_bid"])
    assert_clean(ledger.database)


def test_a_pass_waits_for_who_trades_and_takes_what_he_leaves(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    position = ledger.buy(portfolio, market, quantity="100", mark="0.39")
    ledger.quote(market, "0.45", "0.47")
    trading = """UPDATE portfolio_positions SET quantity = 50, cost = 20, liquidation_value = 19.5,
        unrealized_pnl = -0.5 WHERE position_id = :position"""
    booking = """UPDATE portfolios SET total_invested = 20, liquidation_value = 19.5, unrealized_pnl = -0.5
        WHERE portfolio_id = :portfolio"""

    with ThreadPoolExecutor(1) as threads:
        with ledger.database.transaction() as trade:
            trade.execute(text("SELECT FROM portfolios WHERE portfolio_id = :id FOR UPDATE"), {"id": portfolio})
            done = threads.submit(marked, ledger, [market])
            _until_somebody_waits(ledger)
            trade.execute(text(trading), {"position": position})
            trade.execute(text(booking), {"portfolio": portfolio})
        assert done.result().updated == 1

    row, state = ledger.position_row(position), ledger.portfolio_row(portfolio)
    assert (row["quantity"], row["liquidation_value"], row["unrealized_pnl"]) == (50, Decimal("22.5"), Decimal("2.5"))
    assert (state["liquidation_value"], state["unrealized_pnl"]) == (Decimal("22.5"), Decimal("2.5"))


def _until_somebody_waits(ledger: Ledger) -> None:
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 10
    while not ledger.rows(query):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def test_who_trades_meanwhile_waits_for_the_marks_and_loses_nothing(ledger: Ledger) -> None:
    """Eight portfolios buy under their locks while passes run: no deadlock, and every sum is right afterwards."""
    markets = [ledger.market(number) for number in range(40)]
    portfolios = [ledger.portfolio(f"number {number}", cash="100000") for number in range(8)]
    for market in markets:
        ledger.quote(market, "0.45", "0.47")
    done = Event()

    def trade(portfolio: int) -> None:
        for market in markets:
            with ledger.database.transaction() as connection:
                connection.execute(
                    text("SELECT FROM portfolios WHERE portfolio_id = :id FOR UPDATE"), {"id": portfolio}
                )
            ledger.buy(portfolio, market, mark="0.39")

    def mark() -> int:
        passes = 0
        while not done.is_set():
            for market in markets[passes % 2 :: 2]:
                ledger.quote(market, f"0.{30 + passes % 15}", "0.47")
            marked(ledger, markets)
            passes += 1
        return passes

    with ThreadPoolExecutor(10) as threads:
        passes = [threads.submit(mark) for _ in range(2)]
        list(threads.map(trade, portfolios))
        done.set()
        counts = [each.result() for each in passes]

    assert all(counts)
    assert len(ledger.rows("SELECT 1 FROM portfolio_positions")) == 320
    marked(ledger, markets)
    assert_clean(ledger.database)
