"""Attribution from the ledger's rows: the terms sum to what was realised, to the last digit, however it is grouped."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.arena.app import arena_app
from services.arena.resources import Settings
from shared.database import Database
from tests.arena.season import Entrant, Season, play
from tests.paper_trading.conftest import Floor, floor  # noqa: F401
from tests.paper_trading.test_execution import listed
from tests.services.conftest import client_of, exact

ENTRANTS = (Entrant("sharp", noise=0.1), Entrant("always no", "baseline", None, "always_no", "always_no"))
TERMS = ("edge", "execution", "luck", "unexplained")


@pytest.fixture(scope="module")
def season(database: Database) -> Season:
    return play(database, ENTRANTS, 60)


@pytest.fixture(scope="module")
def arena(database_url: str, season: Season) -> Iterator[TestClient]:
    with opened(database_url) as client:
        yield client


def opened(database_url: str) -> Any:
    return client_of(arena_app(Settings(database_url=database_url, arena_enabled=False)))


def asked(arena: TestClient, **which: Any) -> dict[str, Any]:
    answer = arena.get("/attribution", params=which)
    assert answer.status_code == 200, answer.text
    return dict(exact(answer))


def summed(row: dict[str, Any]) -> Decimal:
    return sum((row[name] for name in TERMS if row[name] is not None), Decimal(0))


@pytest.mark.parametrize("by", ["trade", "portfolio", "day", "week", "month"])
def test_the_terms_sum_to_what_was_realised(arena: TestClient, season: Season, by: str) -> None:
    for name, number in season.portfolios.items():
        found = asked(arena, portfolio_id=number, by=by, limit=1000)

        assert found["total"]["realized_pnl"] == season.pnl[name]
        assert all(summed(row) == row["realized_pnl"] for row in [found["total"], *found["attribution"]])
        for term in ("realized_pnl", *TERMS):
            parts = [row[term] for row in found["attribution"] if row[term] is not None]
            assert sum(parts, Decimal(0)) == (found["total"][term] or 0)


def test_one_bet_on_no_is_explained_in_the_terms_of_its_side(fresh_database: Database, fresh_database_url: str) -> None:
    """No at 0.41 where yes is 0.59 to 0.61: the mid of no is 0.40; with yes at 0.30 it was thought worth 0.70."""
    play(fresh_database, ENTRANTS[:1], 40)
    rewritten = "UPDATE {} WHERE trade_id = 1"
    with fresh_database.transaction() as connection:
        connection.execute(text("DELETE FROM cash_entries WHERE trade_id > 1 OR settlement_id > 1"))
        connection.execute(text("DELETE FROM settlements WHERE settlement_id > 1"))
        connection.execute(text("DELETE FROM trades WHERE trade_id > 1"))
        facts = "action = 'buy_no', quantity = 100, price = 0.41, cost = 41, fee = 1.5, mid_price = 0.40"
        connection.execute(text(rewritten.format(f"trades SET {facts}")))
        connection.execute(text("UPDATE trading_signals SET probability = 0.30 WHERE signal_id = 1"))
        paid = "outcome = 'no', quantity = 100, cost = 41, gross = 100, amount = 100"
        connection.execute(text(f"UPDATE settlements SET {paid}"))

    with opened(fresh_database_url) as arena:
        [row] = asked(arena, portfolio_id=1, by="trade")["attribution"]

    assert row["edge"] == 30  # 100 × (0.70 − 0.40)
    assert row["execution"] == Decimal("-2.5")  # 100 × (0.40 − 0.41) − 1.50
    assert row["luck"] == 30  # 100 × (1 − 0.70)
    assert row["unexplained"] is None
    assert row["realized_pnl"] == Decimal("57.5")
    assert row["probability"] == Decimal("0.3")


def test_what_no_probability_explains_stands_apart(arena: TestClient, season: Season) -> None:
    found = asked(arena, portfolio_id=season.portfolios["always no"], by="portfolio")["total"]

    assert found["edge"] is None and found["luck"] is None
    assert found["execution"] < 0
    assert found["unexplained"] == found["realized_pnl"] - found["execution"]


def test_the_probability_is_found_in_the_archive_too(fresh_database: Database, fresh_database_url: str) -> None:
    play(fresh_database, ENTRANTS[:1], 20)
    with opened(fresh_database_url) as arena:
        before = asked(arena, portfolio_id=1, by="trade", limit=1000)
        with fresh_database.transaction() as connection:
            connection.execute(text(_ARCHIVE))
            connection.execute(text("DELETE FROM trading_signals"))
        after = asked(arena, portfolio_id=1, by="trade", limit=1000)

    assert after == before
    assert after["total"]["edge"] is not None


def test_periods_are_cut_at_midnight_of_utc(arena: TestClient, season: Season) -> None:
    number = season.portfolios["sharp"]
    days = asked(arena, portfolio_id=number, by="day", limit=1000)["attribution"]

    second = days[-2]["period"]
    one = asked(arena, portfolio_id=number, by="day", **{"from": f"{second}T00:00:00Z", "to": f"{second}T23:59:59.9Z"})

    assert [row["period"] for row in days] == sorted((row["period"] for row in days), reverse=True)
    assert one["attribution"] == [days[-2]]
    [week] = asked(arena, portfolio_id=number, by="week")["attribution"][-1:]
    assert week["period"] == "2026-06-01"


def test_trades_come_in_pages(arena: TestClient, season: Season) -> None:
    number = season.portfolios["sharp"]
    whole = asked(arena, portfolio_id=number, by="trade", limit=1000)
    assert whole["cursor"] is None

    rows, cursor = [], None
    while True:
        page = asked(arena, portfolio_id=number, by="trade", limit=7, **({"cursor": cursor} if cursor else {}))
        rows += page["attribution"]
        assert page["total"] == whole["total"]
        if (cursor := page["cursor"]) is None:
            break

    assert rows == whole["attribution"]
    assert [row["trade_id"] for row in rows] == sorted((row["trade_id"] for row in rows), reverse=True)


def test_nonsense_is_refused_with_a_sentence(arena: TestClient) -> None:
    assert arena.get("/attribution", params={"portfolio_id": 999}).status_code == 404
    assert arena.get("/attribution", params={"by": "hour"}).status_code == 422
    unbounded = arena.get("/attribution", params={"by": "trade"})
    assert (unbounded.status_code, unbounded.json()["error"]) == (422, "TradesOfOnePortfolio")
    assert "needs portfolio_id" in unbounded.json()["detail"]
    assert arena.get("/attribution", params={"from": "2026-06-01"}).status_code == 422
    cursor = asked(arena, by="portfolio", limit=1)["cursor"]
    assert arena.get("/attribution", params={"portfolio_id": 1, "by": "trade", "cursor": cursor}).status_code == 422


def test_merges_sales_fees_and_open_positions_are_explained_to_the_last_digit(
    floor: Floor,  # noqa: F811
    fresh_database_url: str,
) -> None:
    """Through the real paper trading: yes bought twice, part of it sold, no bought against it, the rest left open."""
    listed(floor, 1)
    market_id = "polymarket:1"
    portfolio_id = floor.portfolio(cash="10000")
    for action, size, stated in (
        ("buy_yes", {"amount": "120"}, "0.66"),
        ("buy_yes", {"amount": "33.33"}, "0.61"),
        ("sell_yes", {"quantity": "17.77"}, None),
        ("buy_no", {"quantity": "55.5"}, "0.35"),
    ):
        probability = {} if stated is None else {"probability": Decimal(stated)}
        floor.signals(portfolio_id, floor.signal(market_id, action, **size, **probability))
        assert floor.execute(portfolio_id)["trades_executed"] == 1

    with opened(fresh_database_url) as arena:
        found = asked(arena, portfolio_id=portfolio_id, by="trade")

    realized = floor.read(portfolio_id)["realized_pnl"]
    assert realized != 0
    assert found["total"]["realized_pnl"] == realized
    assert all(summed(row) == row["realized_pnl"] for row in [found["total"], *found["attribution"]])
    assert len(found["attribution"]) == 3


_ARCHIVE = """
INSERT INTO signal_archives (signal_id, month, generation_id, portfolio_id, market_no, action, amount, limit_price,
    order_kind, probability, reason, strategy_type, created_at, expires_at, executed, archived_at)
SELECT signal_id, date_trunc('month', created_at), generation_id, portfolio_id, market_no, action, amount, limit_price,
    order_kind, probability, reason, strategy_type, created_at, expires_at, executed, now() FROM trading_signals
"""
