"""What became of bets as readers see it, and what their market did meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from shared.database import Database
from tests.arena.displayed import Displayed
from tests.arena.reader import everything, get, reader_of
from tests.paper_trading.ledger import NOON, Ledger


@pytest.fixture
def fresh_reader(fresh_database_url: str) -> Iterator[TestClient]:
    with reader_of(fresh_database_url) as client:
        yield client


def test_a_price_history_has_rolled_candles_and_what_came_since(
    fresh_database: Database, fresh_reader: TestClient
) -> None:
    displayed = Displayed(fresh_database, Ledger(fresh_database))
    market_no = displayed.ledger.market(1)
    event_id = displayed.event(market_no)
    hour = NOON - timedelta(hours=1)
    candle = {"market_no": market_no, "source": "snapshots", "low": Decimal("0.1")}
    prices = {"open": Decimal("0.2"), "high": Decimal("0.3"), "close": Decimal("0.25")}
    displayed.insert("market_ticks", {**candle, **prices, "period": 60, "opened_at": hour})
    displayed.insert("market_ticks", {**candle, **prices, "period": 1, "opened_at": NOON})
    displayed.insert("tick_rolls", {"one": 1, "rolled_to": NOON + timedelta(minutes=1)})
    quoted_at = NOON + timedelta(minutes=1, seconds=5)
    displayed.ledger.write("CREATE TABLE market_snapshots_all PARTITION OF market_snapshots DEFAULT")
    quote = {"yes_bid": Decimal("0.40"), "yes_ask": Decimal("0.42")}
    displayed.insert("market_snapshots", {"market_no": market_no, "quoted_at": quoted_at, **quote})
    until = (NOON + timedelta(hours=1)).isoformat()

    path = f"/events/{event_id}/price-history"
    hours = get(fresh_reader, path, period=60, to=until)
    minutes = get(fresh_reader, path, period=1, to=until)
    quotes = get(fresh_reader, path, period=0, to=until)

    assert [(c["open"], c["high"], c["low"], c["close"]) for c in hours["candles"]] == [
        tuple(map(Decimal, ("0.2", "0.3", "0.1", "0.25"))),
        tuple(map(Decimal, ("0.2", "0.41", "0.1", "0.41"))),
    ]
    assert [c["close"] for c in minutes["candles"]] == [Decimal("0.25"), Decimal("0.41")]
    assert [s["price"] for s in quotes["snapshots"]] == [Decimal("0.41")]
    assert (hours["event_id"], hours["market_id"], hours["period"]) == (str(event_id), "polymarket:1", 60)
    assert get(fresh_reader, path, 422, **{"from": until, "to": until})["error"] == "BadPeriod"
    get(fresh_reader, path, 422, period=5)


def test_a_bet_that_is_held_has_no_result_yet(fresh_database: Database, fresh_reader: TestClient) -> None:
    displayed = Displayed(fresh_database, Ledger(fresh_database))
    displayed.model("gpt-4o", "GPT-4o")
    event_id = displayed.event(displayed.ledger.market(1))
    displayed.bet(event_id, "gpt-4o", "yes", "100", "0.40", "1.5")

    [bet] = get(fresh_reader, f"/events/{event_id}/bets")["bets"]

    assert (bet["amount"], bet["pnl"], bet["settled"], bet["settled_at"]) == (Decimal("41.5"), None, False, None)


def test_the_results_of_several_fills_add_up_to_that_of_their_position(
    fresh_database: Database, fresh_reader: TestClient
) -> None:
    displayed = Displayed(fresh_database, Ledger(fresh_database))
    displayed.model("gpt-4o", "GPT-4o")
    market_no = displayed.ledger.market(1)
    event_id = displayed.event(market_no)
    displayed.bet(event_id, "gpt-4o", "yes", "7", "0.40", "0.1")
    for quantity, cost in ((11, "4.51"), (13, "5.33")):
        displayed.ledger.write(
            """
            INSERT INTO trades (decision_id, portfolio_id, market_no, action, quantity, price, cost, fee, merged,
                realized_pnl, levels, fee_schedule, book, book_at, executed_at)
            SELECT decision_id, portfolio_id, market_no, action, :quantity, 0.41, :cost, 0.2, 0, -0.2, levels,
                fee_schedule, book, book_at, executed_at FROM trades ORDER BY trade_id LIMIT 1
            """,
            quantity=quantity,
            cost=Decimal(cost),
        )
    displayed.ledger.write(
        "UPDATE portfolio_positions SET status = 'closed', quantity = 0, cost = 0, realized_pnl = 1.00000001, "
        "closed_at = :now",
        now=NOON + timedelta(hours=1),
    )

    bets = get(fresh_reader, f"/events/{event_id}/bets")["bets"]
    paged = everything(fresh_reader, f"/events/{event_id}/bets", "bets", 2)
    documented = displayed.ledger.rows("SELECT pnl, amount, shares FROM compat.bets ORDER BY id DESC")

    assert len(bets) == 3
    assert paged == bets
    assert [{name: bet[name] for name in ("pnl", "amount", "shares")} for bet in bets] == documented
    assert sum(bet["pnl"] for bet in bets) == Decimal("1.00000001")
    came_back = [(bet["pnl"] + bet["amount"]) / bet["shares"] for bet in bets]
    assert max(came_back) - min(came_back) < Decimal("0.00000001")
    assert {(bet["settled"], bet["ended"]) for bet in bets} == {(True, "sold")}


def test_a_corrected_result_changes_what_bets_won(fresh_database: Database, fresh_reader: TestClient) -> None:
    displayed = Displayed(fresh_database, Ledger(fresh_database))
    displayed.model("gpt-4o", "GPT-4o")
    event_id = displayed.event(displayed.ledger.market(1))
    displayed.bet(event_id, "gpt-4o", "yes", "100", "0.40", "0")
    displayed.ends(event_id, "yes", "1")
    before = get(fresh_reader, "/models/gpt-4o")

    displayed.ends(event_id, "no", "0", NOON + timedelta(hours=2))

    after = get(fresh_reader, "/models/gpt-4o")
    [bet] = get(fresh_reader, "/models/gpt-4o/bets")["bets"]
    assert [before[name] for name in ("win_count", "loss_count", "total_pnl")] == [1, 0, 60]
    assert [after[name] for name in ("win_count", "loss_count", "total_pnl")] == [0, 1, -40]
    assert bet["pnl"] == -40


def test_a_bet_whose_signal_was_archived_is_still_there(fresh_database: Database, fresh_reader: TestClient) -> None:
    displayed = Displayed(fresh_database, Ledger(fresh_database))
    displayed.model("gpt-4o", "GPT-4o")
    event_id = displayed.event(displayed.ledger.market(1))
    displayed.bet(event_id, "gpt-4o", "no", "100", "0.40", "0")
    displayed.ledger.write("DELETE FROM trading_signals")

    assert [bet["position"] for bet in get(fresh_reader, "/models/gpt-4o/bets")["bets"]] == ["NO"]
