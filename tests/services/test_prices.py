"""Fresh prices of named markets: few calls upstream, and a reason for each market without an answer."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.database import Database
from tests.services import tables
from tests.services.conftest import exact
from tests.services.listing import World, each, gamma, gamma_book, kalshi, ticker
from tests.services.test_market_sync import synced
from tests.venues.double import Reply

PATH = "/markets/refresh-prices"
BOOKS = "/clob/books"
TICKERS = "/trade-api/v2/markets"


def refreshed(client: TestClient, *market_ids: str) -> dict[str, Any]:
    answer = client.post(PATH, json={"market_ids": list(market_ids)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = exact(answer)
    return body


@pytest.fixture
def listed(world: World, markets: TestClient) -> None:
    world.gamma_markets = each(range(1, 4), gamma)
    world.kalshi_markets = each(range(1, 4), kalshi)
    world.books = each(range(1, 4), gamma_book)
    synced(markets)


@pytest.mark.usefixtures("listed")
def test_prices_come_from_the_books_with_both_sides(markets: TestClient, stored: Database) -> None:
    answer = refreshed(markets, "polymarket:2", f"kalshi:{ticker(1)}")

    assert answer["failures"] == []
    first, second = answer["prices"]
    assert first["market_id"] == "polymarket:2"
    sides = [first[name] for name in ("yes_bid", "yes_ask", "no_bid", "no_ask", "yes_bid_size", "last_price")]
    assert sides == [Decimal(word) for word in ("0.4", "0.41", "0.59", "0.6", "30.5", "0.405")]
    assert second["market_id"] == f"kalshi:{ticker(1)}"
    assert (second["yes_bid"], second["yes_ask_size"]) == (Decimal("0.4"), Decimal(12))
    row = tables.market(stored, "polymarket:2")
    assert (row["quote_source"], row["yes_ask_size"], row["last_price"]) == ("book", Decimal(12), Decimal("0.405"))


@pytest.mark.usefixtures("listed")
def test_a_price_that_moved_is_stored_with_a_snapshot_and_read_at_once(
    world: World, markets: TestClient, stored: Database
) -> None:
    before = exact(markets.get("/markets", params={"text": "harbour 1"}))["markets"][0]
    world.books = [gamma_book(1, bids=[{"price": "0.0055", "size": "10"}], asks=[{"price": "0.0066", "size": "10"}])]

    refreshed(markets, "polymarket:1")

    after = exact(markets.get("/markets", params={"text": "harbour 1"}))["markets"][0]
    assert before["yes_bid"] == Decimal("0.4")
    assert (after["yes_bid"], after["yes_ask"]) == (Decimal("0.0055"), Decimal("0.0066"))
    assert [row["yes_bid"] for row in tables.snapshots(stored, "polymarket:1")] == [Decimal("0.4"), Decimal("0.0055")]


@pytest.mark.usefixtures("listed")
def test_each_failure_says_why(world: World, markets: TestClient) -> None:
    crossed = {"bids": [{"price": "0.6", "size": "1"}], "asks": [{"price": "0.5", "size": "1"}]}
    world.books = [gamma_book(1), gamma_book(2, **crossed)]
    world.kalshi_markets = [kalshi(1), kalshi(2, yes_bid_dollars="lots")]
    asked = ["polymarket:1", "polymarket:2", "polymarket:3", "polymarket:404"]

    answer = refreshed(markets, *asked, *(f"kalshi:{ticker(number)}" for number in (1, 2, 3)))

    assert [price["market_id"] for price in answer["prices"]] == ["polymarket:1", f"kalshi:{ticker(1)}"]
    reasons = {failure["market_id"]: failure["reason"] for failure in answer["failures"]}
    assert reasons["polymarket:2"].startswith("unreadable (best bid 0.6")
    assert reasons["polymarket:3"] == "no_book"
    assert reasons["polymarket:404"] == "unknown_market"
    assert reasons[f"kalshi:{ticker(2)}"].startswith("unreadable (`yes_bid_dollars` is 'lots'")
    assert reasons[f"kalshi:{ticker(3)}"] == "not_found"
    assert len(answer["prices"]) + len(answer["failures"]) == 7


@pytest.mark.usefixtures("listed")
def test_a_venue_that_is_down_costs_only_its_own_markets_an_answer(world: World, markets: TestClient) -> None:
    world.take_down("polymarket")

    answer = refreshed(markets, "polymarket:1", f"kalshi:{ticker(1)}")

    assert [price["market_id"] for price in answer["prices"]] == [f"kalshi:{ticker(1)}"]
    assert answer["failures"] == [{"market_id": "polymarket:1", "reason": "venue_refused"}]


@pytest.mark.usefixtures("listed")
def test_a_price_too_small_for_the_column_costs_its_market_alone(
    world: World, markets: TestClient, stored: Database
) -> None:
    tiny = gamma_book(1, bids=[{"price": "0.0000001", "size": "10"}])
    world.books = [tiny, gamma_book(2, bids=[{"price": "0.3", "size": "10"}])]

    answer = refreshed(markets, "polymarket:1", "polymarket:2")

    assert "polymarket:2" in [price["market_id"] for price in answer["prices"]]
    assert tables.market(stored, "polymarket:2")["yes_bid"] == Decimal("0.3")


@pytest.mark.usefixtures("listed")
def test_a_market_asked_for_twice_is_answered_once(world: World, markets: TestClient) -> None:
    answer = refreshed(markets, "polymarket:1", "polymarket:1", "polymarket:404", "polymarket:404")

    assert (len(answer["prices"]), len(answer["failures"])) == (1, 1)
    assert [len(asked.body) for asked in world.asked(BOOKS)] == [1]


@pytest.mark.usefixtures("listed")
def test_a_market_that_nobody_quotes_is_answered_without_prices(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.books = [gamma_book(1, bids=[], asks=[], last_trade_price="")]

    answer = refreshed(markets, "polymarket:1")

    [price] = answer["prices"]
    assert [price[name] for name in ("yes_bid", "yes_ask", "no_bid", "no_ask")] == [None] * 4
    row = tables.market(stored, "polymarket:1")
    assert (row["yes_bid"], row["yes_ask"]) == (None, None)
    assert row["last_price"] == Decimal("0.4")  # nothing was said, so the last one stays


def test_twelve_hundred_markets_take_a_handful_of_calls(world: World, markets: TestClient) -> None:
    world.page_rows = 1_000
    world.gamma_markets = each(range(1, 1_201), gamma, description="")
    world.books = each(range(1, 1_201), gamma_book)
    world.kalshi_markets = each(range(1, 251), kalshi, rules_primary="")
    synced(markets)
    ids = [f"polymarket:{number}" for number in range(1, 1_201)] + [f"kalshi:{ticker(n)}" for n in range(1, 251)]

    answer = refreshed(markets, *ids)

    assert [price["market_id"] for price in answer["prices"]] == ids
    assert sorted(len(asked.body) for asked in world.asked(BOOKS)) == [200, 500, 500]
    calls = [asked for asked in world.asked(TICKERS) if asked.one("tickers")]
    assert sorted(len((asked.one("tickers") or "").split(",")) for asked in calls) == [50, 100, 100]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"market_ids": []}, "market_ids"),
        ({"market_ids": ["polymarket:1"] * 5_001}, "market_ids"),
        ({"market_ids": ["nowhere:1"]}, "market_ids"),
        ({"market_ids": "polymarket:1"}, "market_ids"),
        ({}, "market_ids"),
        ([], "body"),
    ],
)
def test_a_request_that_cannot_be_understood_names_the_field(markets: TestClient, body: Any, named: str) -> None:
    answer = markets.post(PATH, json=body)

    assert answer.status_code == 422
    assert named in answer.json()["detail"]


@pytest.mark.usefixtures("listed")
def test_one_batch_that_fails_costs_only_its_own_markets(
    world: World, markets: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.venues.polymarket.client.BOOKS_MAX", 1)
    working = world.books

    def answer(asked: Any) -> Reply:
        [wanted] = [each["token_id"] for each in asked.body]
        found = [book for book in working if book["asset_id"] == wanted]
        return Reply({"error": "no"}, 400) if found == [working[1]] else Reply(found)

    world.double.on(BOOKS, answer)

    body = refreshed(markets, "polymarket:1", "polymarket:2", "polymarket:3")

    assert [price["market_id"] for price in body["prices"]] == ["polymarket:1", "polymarket:3"]
    assert body["failures"] == [{"market_id": "polymarket:2", "reason": "venue_refused"}]
