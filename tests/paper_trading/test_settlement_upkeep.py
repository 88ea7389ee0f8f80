"""Settlement where something is in the way: services away, results that are unclear, markets that do not end, races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection

from services.paper_trading import settlement
from services.paper_trading.domain.settling import gross_of, is_clear, standing_of
from services.paper_trading.settlement import pay_due, settle
from services.paper_trading.storage import settlements as storage
from shared.calls import Calls
from shared.database import Database
from tests.paper_trading.conftest import Floor
from tests.paper_trading.ledger import NOON, Ledger, assert_clean
from tests.paper_trading.test_settlement import KALSHI, PAID_TABLES, POLYMARKET, holding, listed, settled
from tests.services.conftest import resources_of
from tests.services.listing import finalized, resolved

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def ledger(fresh_database: Database) -> Ledger:
    return Ledger(fresh_database)


@pytest.mark.parametrize(
    ("result", "payout"), [("yes", "1"), ("no", "0"), ("split", "0.5"), ("scalar", "0.372513"), ("void", None)]
)
def test_the_set_based_payment_is_that_of_the_domain(ledger: Ledger, result: Any, payout: str | None) -> None:
    market = ledger.market(1)
    sides: list[Any] = ["yes", "no"]
    portfolios = [ledger.portfolio(side) for side in sides]
    held = [
        ledger.buy(portfolio, market, side, "33.33", "0.41", fee="0.1234", mark="0.40")
        for portfolio, side in zip(portfolios, sides, strict=True)
    ]
    before = [ledger.portfolio_row(portfolio) for portfolio in portfolios]
    ledger.final(market, result, payout)

    done = pay_due(ledger.database, NOON)

    assert (done.markets, done.positions) == (1, 2)
    for side, portfolio, position, was in zip(sides, portfolios, held, before, strict=True):
        cost, quantity = Decimal("13.6653"), Decimal("33.33")
        gross = gross_of(result, None if payout is None else Decimal(payout), side, quantity, cost)
        row, state = ledger.position_row(position), ledger.portfolio_row(portfolio)
        [paid] = ledger.rows("SELECT * FROM settlements WHERE position_id = :id", id=position)
        assert (paid["gross"], paid["amount"], paid["cost"], paid["quantity"]) == (gross, gross, cost, quantity)
        assert paid["standing"] == standing_of(result, side)
        assert (row["status"], row["quantity"], row["cost"], row["closed_at"]) == ("settled", 0, 0, NOON)
        assert row["realized_pnl"] == gross - cost - Decimal("0.1234")
        assert state["current_balance"] == was["current_balance"] + gross
        assert (state["open_positions"], state["total_invested"], state["liquidation_value"]) == (0, 0, 0)
    assert_clean(ledger.database)


@pytest.mark.parametrize(
    ("result", "payout"),
    [("yes", "0.3"), ("yes", None), ("no", "1"), ("split", None), ("scalar", None), (None, None), (None, "1")],
)
def test_a_result_and_a_payout_that_say_different_things_pay_nothing(
    ledger: Ledger, result: Any, payout: str | None
) -> None:
    market, other = ledger.market(1), ledger.market(2)
    portfolio = ledger.portfolio()
    ledger.buy(portfolio, market)
    ledger.buy(portfolio, other)
    ledger.final(market, result, payout)
    ledger.final(other, "yes", "1")

    done = pay_due(ledger.database, NOON)

    assert not is_clear(result, None if payout is None else Decimal(payout))
    assert done.failures == [{"market_id": "polymarket:1", "reason": "unclear_result"}]
    assert (done.markets, done.positions, done.paid) == (1, 1, 100)
    assert_clean(ledger.database)


def test_a_market_that_the_database_refuses_keeps_no_other_from_being_paid(ledger: Ledger) -> None:
    """A result that no column of ours can hold stands for whatever a database may refuse."""
    markets = [ledger.market(number) for number in range(7)]
    portfolio = ledger.portfolio()
    for market in markets:
        ledger.buy(portfolio, market, quantity="10")
        ledger.final(market, "yes", "1")
    ledger.write(f"ALTER TABLE settlements ADD CONSTRAINT told_so CHECK (market_no <> {markets[3]})")

    done = pay_due(ledger.database, NOON)

    assert done.failures == [{"market_id": "polymarket:3", "reason": "refused_by_database"}]
    assert (done.positions, done.paid) == (6, 60)
    assert_clean(ledger.database)


def test_eight_who_settle_at_once_pay_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "MARKETS_A_TRANSACTION", 1)
    markets = [ledger.market(number) for number in range(20)]
    portfolios = [ledger.portfolio(f"number {number}", cash="10000") for number in range(5)]
    for portfolio in portfolios:
        for market in markets:
            ledger.buy(portfolio, market, quantity="10", mark="0.30")
    for market in markets:
        ledger.final(market, "yes", "1")
    all_have_read, read = Barrier(8), storage.due_markets

    def due_for_all(connection: Connection) -> list[storage.DueMarket]:
        found = read(connection)
        all_have_read.wait()
        return found

    monkeypatch.setattr(storage, "due_markets", due_for_all)

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda _: pay_due(ledger.database, NOON), range(8)))

    assert sum(each.positions for each in done) == 100
    assert sum(each.paid for each in done) == 1000
    assert not any(each.failures for each in done)
    assert_clean(ledger.database)


def test_a_payment_that_is_interrupted_is_made_whole_by_the_next_one(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    ledger.buy(portfolio, market)
    ledger.final(market, "yes", "1")
    ledger.write("ALTER TABLE portfolios ADD CONSTRAINT told_so CHECK (current_balance < 1000)")
    before = ledger.places(*PAID_TABLES)
    assert pay_due(ledger.database, NOON).positions == 0
    assert ledger.places(*PAID_TABLES) == before
    ledger.write("ALTER TABLE portfolios DROP CONSTRAINT told_so")

    assert pay_due(ledger.database, NOON).positions == 1
    assert_clean(ledger.database)


def test_what_is_final_is_paid_though_the_markets_service_is_away(ledger: Ledger) -> None:
    ended, running = ledger.market(1), ledger.market(2)
    portfolio = ledger.portfolio()
    ledger.buy(portfolio, ended)
    ledger.buy(portfolio, running)
    ledger.final(ended, "yes", "1")

    answer = settle(ledger.database, Calls("markets", NOBODY), lambda: NOON)

    assert answer["positions_settled"] == 1
    assert answer["failures"] == [{"market_id": "polymarket:2", "reason": "ServiceUnreachable"}]
    assert_clean(ledger.database)


def test_several_debts_are_collected_oldest_first_and_never_from_what_is_reserved(ledger: Ledger) -> None:
    markets = [ledger.market(number) for number in range(3)]
    portfolio = ledger.portfolio(cash="100")
    for market in markets[:2]:
        ledger.buy(portfolio, market, quantity="100", price="0.40")
        ledger.final(market, "yes", "1")
    pay_due(ledger.database, NOON)
    ledger.buy(portfolio, markets[2], quantity="380", price="0.50")
    reserve = "UPDATE portfolios SET reserved_balance = :reserved"
    ledger.write(reserve, reserved=5)
    for market in markets[:2]:
        ledger.final(market, "no", "0")

    done = pay_due(ledger.database, NOON)

    state = ledger.portfolio_row(portfolio)
    assert (done.corrections, done.collected) == (2, 25)  # of 30 dollars, 5 are reserved
    assert (state["current_balance"], state["owed"]) == (5, 175)
    ledger.write(reserve, reserved=0)
    assert_clean(ledger.database)

    ledger.final(markets[2], "split", "0.5")
    done = pay_due(ledger.database, NOON)

    state = ledger.portfolio_row(portfolio)
    assert (done.paid, done.collected) == (190, 175)
    assert (state["current_balance"], state["owed"]) == (20, 0)
    assert_clean(ledger.database)


def test_a_correction_of_a_correction_pays_the_difference_to_the_last_one(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    ledger.buy(portfolio, market, quantity="100", price="0.40")
    for result, payout in (("yes", "1"), ("void", None), ("scalar", "0.25"), ("yes", "1")):
        ledger.final(market, result, payout)
        pay_due(ledger.database, NOON)
        assert_clean(ledger.database)

    amounts = [row["amount"] for row in ledger.rows("SELECT amount FROM settlements ORDER BY version")]
    assert amounts == [100, -60, -15, 75]
    assert ledger.portfolio_row(portfolio)["current_balance"] == 1060


def test_markets_that_should_have_ended_are_listed_until_they_do(floor: Floor) -> None:
    listed(floor)
    holding(floor, POLYMARKET)
    ledger = Ledger(floor.database)
    [market] = ledger.rows("SELECT market_no FROM markets WHERE market_id = :id", id=POLYMARKET)
    passed = datetime.now(UTC) - timedelta(days=3)
    ledger.change(market["market_no"], closes_at=passed, status="closed")

    def stuck() -> list[str]:
        return [each["market_id"] for each in floor.paper.get("/paper-trading/stuck-markets").json()["stuck"]]

    assert stuck() == [POLYMARKET]
    ledger.change(market["market_no"], status="disputed")
    assert stuck() == []  # a vote takes days
    ledger.change(market["market_no"], closes_at=passed - timedelta(days=6))
    assert stuck() == [POLYMARKET]
    floor.world.gamma_markets = [resolved(1)]
    settled(floor)
    assert stuck() == []


def test_orders_in_a_market_that_has_ended_are_cancelled_before_anything_is_paid(floor: Floor) -> None:
    listed(floor)
    portfolio = holding(floor, POLYMARKET)
    order = floor.signal(POLYMARKET, quantity="20", limit="0.30", order_kind="limit")
    floor.signals(portfolio, order)
    assert floor.execute(portfolio)["outcomes"] == {"resting": 1}
    assert floor.read(portfolio)["reserved_balance"] > 0
    floor.world.gamma_markets = [resolved(1)]

    answer = settled(floor)

    assert (answer["orders_cancelled"], answer["positions_settled"]) == (1, 1)
    assert floor.read(portfolio)["reserved_balance"] == 0
    assert [row["status"] for row in floor.rows("orders")] == ["cancelled"]


def test_the_venue_is_asked_once_more_a_day_later_and_its_correction_is_paid(floor: Floor) -> None:
    listed(floor)
    portfolio = holding(floor, KALSHI)
    floor.world.kalshi_markets = [finalized(1)]
    settled(floor)
    floor.world.kalshi_markets = [finalized(1, result="no", settlement_value_dollars="0.0000")]
    calls: Calls = resources_of(floor.paper).markets
    now = datetime.now(UTC)

    same_day = settle(floor.database, calls, lambda: now + timedelta(hours=23))
    next_day = settle(floor.database, calls, lambda: now + timedelta(hours=25))
    again = settle(floor.database, calls, lambda: now + timedelta(hours=26))

    assert (same_day["markets_checked"], same_day["corrections"]) == (0, 0)
    assert (next_day["markets_checked"], next_day["corrections"]) == (1, 1)
    assert (again["markets_checked"], again["corrections"]) == (0, 0)
    assert [row["standing"] for row in floor.rows("settlements", portfolio_id=portfolio)] == ["lost", "won"]


def test_settlements_are_listed_page_by_page(ledger: Ledger, floor: Floor) -> None:
    portfolio = ledger.portfolio()
    for number in range(3):
        market = ledger.market(number)
        ledger.buy(portfolio, market, quantity="10")
        ledger.final(market, "yes", "1")
    pay_due(ledger.database, NOON)
    where = {"portfolio_id": portfolio, "limit": 2}

    first = floor.paper.get("/paper-trading/settlements", params=where).json()
    second = floor.paper.get("/paper-trading/settlements", params={**where, "cursor": first["cursor"]}).json()

    ids = [row["settlement_id"] for row in [*first["settlements"], *second["settlements"]]]
    assert ids == sorted(ids, reverse=True) and len(ids) == 3
    assert second["cursor"] is None
    assert first["settlements"][0]["evidence"] == {"said": "yes"}
    assert floor.paper.get("/paper-trading/settlements", params={"portfolio_id": 999}).status_code == 404
    assert len(floor.paper.get("/paper-trading/settlements").json()["settlements"]) >= 3


def test_the_feed_tells_of_each_payment_and_of_each_correction(ledger: Ledger) -> None:
    market = ledger.market(1)
    portfolio = ledger.portfolio()
    ledger.buy(portfolio, market, quantity="100", price="0.40")
    for result, payout in (("yes", "1"), ("no", "0")):
        ledger.final(market, result, payout)
        pay_due(ledger.database, NOON)
        pay_due(ledger.database, NOON)

    told = ledger.rows("SELECT kind, portfolio_id, market_no, payload FROM feed_entries ORDER BY entry_id")

    assert {(each["kind"], each["portfolio_id"], each["market_no"]) for each in told} == {
        ("settlement", portfolio, market)
    }
    shown = [(each["payload"]["standing"], each["payload"]["paid"], each["payload"]["pnl"]) for each in told]
    assert shown == [("won", 100, 60), ("lost", -100, -40)]
