"""Fresh books: all levels, best first, the no side as the mirror of the yes side."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.database import Database
from tests.services import tables
from tests.services.conftest import exact
from tests.services.listing import World, each, gamma, gamma_book, kalshi, kalshi_book, ticker
from tests.services.test_market_sync import synced

PATH = "/markets/books"

BIDS = [{"price": "0.01", "size": "500"}, {"price": "0.3055", "size": "7.25"}, {"price": "0.29", "size": "3"}]
ASKS = [{"price": "0.99", "size": "700"}, {"price": "0.35", "size": "0"}, {"price": "0.41", "size": "12"}]


@pytest.fixture
def listed(world: World, markets: TestClient) -> None:
    world.gamma_markets = each(range(1, 3), gamma)
    world.kalshi_markets = each(range(1, 3), kalshi)
    world.books = [gamma_book(1, bids=BIDS, asks=ASKS)]
    world.kalshi_books = [kalshi_book(1)]
    synced(markets)


def books(client: TestClient, *market_ids: str) -> dict[str, Any]:
    answer = client.post(PATH, json={"market_ids": list(market_ids)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = exact(answer)
    return body


def levels(*pairs: tuple[str, str]) -> list[list[Decimal]]:
    return [[Decimal(price), Decimal(size)] for price, size in pairs]


@pytest.mark.usefixtures("listed")
def test_levels_come_best_first_and_the_no_side_is_the_mirror(markets: TestClient) -> None:
    [book] = books(markets, "polymarket:1")["books"]

    assert book["yes"]["bids"] == levels(("0.3055", "7.25"), ("0.29", "3"), ("0.01", "500"))
    assert book["yes"]["asks"] == levels(("0.41", "12"), ("0.99", "700"))
    assert book["no"]["bids"] == levels(("0.59", "12"), ("0.01", "700"))
    assert book["no"]["asks"] == levels(("0.6945", "7.25"), ("0.71", "3"), ("0.99", "500"))
    assert book["venue_time"].startswith("2026-11-20T")


@pytest.mark.usefixtures("listed")
def test_asks_of_kalshi_are_the_bids_of_the_other_side(markets: TestClient) -> None:
    [book] = books(markets, f"kalshi:{ticker(1)}")["books"]

    assert book["yes"]["bids"] == levels(("0.4", "30.5"), ("0.01", "500"))
    assert book["yes"]["asks"] == levels(("0.41", "12"))
    assert book["no"]["bids"] == levels(("0.59", "12"))
    assert book["venue_time"] is None


@pytest.mark.usefixtures("listed")
def test_a_read_book_is_stored_with_its_quote(markets: TestClient, stored: Database) -> None:
    books(markets, "polymarket:1", f"kalshi:{ticker(1)}")

    kept = tables.select(
        stored,
        """SELECT market_id, bids::text, asks::text, venue_time IS NULL AS unstamped, b.quoted_at = m.quoted_at AS same
        FROM order_books b JOIN markets m USING (market_no) ORDER BY market_id DESC""",
    )
    assert [row["market_id"] for row in kept] == ["polymarket:1", f"kalshi:{ticker(1)}"]
    assert kept[0]["bids"] == "[[0.3055, 7.25], [0.29, 3], [0.01, 500]]"
    assert [row["unstamped"] for row in kept] == [False, True]
    assert all(row["same"] for row in kept)
    row = tables.market(stored, "polymarket:1")
    assert (row["yes_bid"], row["yes_bid_size"], row["quote_source"]) == (Decimal("0.3055"), Decimal("7.25"), "book")


@pytest.mark.usefixtures("listed")
def test_the_next_book_replaces_the_one_before(world: World, markets: TestClient, stored: Database) -> None:
    books(markets, "polymarket:1")
    world.books = [gamma_book(1, bids=[{"price": "0.2", "size": "1"}], asks=[])]

    [book] = books(markets, "polymarket:1")["books"]

    assert book["yes"] == {"bids": levels(("0.2", "1")), "asks": []}
    assert [row["asks"] for row in tables.rows(stored, "order_books")] == [[]]


@pytest.mark.usefixtures("listed")
def test_markets_without_a_book_are_named_with_the_reason(world: World, markets: TestClient) -> None:
    world.take_down("kalshi")

    answer = books(markets, "polymarket:1", "polymarket:2", "polymarket:9", f"kalshi:{ticker(1)}")

    assert [book["market_id"] for book in answer["books"]] == ["polymarket:1"]
    assert {failure["market_id"]: failure["reason"] for failure in answer["failures"]} == {
        "polymarket:2": "no_book",
        "polymarket:9": "unknown_market",
        f"kalshi:{ticker(1)}": "venue_refused",
    }


@pytest.mark.usefixtures("listed")
def test_a_market_without_a_token_says_so(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2), gamma(3, clobTokenIds="")]
    synced(markets)

    answer = books(markets, "polymarket:3", "polymarket:1")

    assert answer["failures"] == [{"market_id": "polymarket:3", "reason": "no_token"}]
    assert len(answer["books"]) == 1


@pytest.mark.usefixtures("listed")
def test_the_book_of_one_market_is_read_by_its_address(markets: TestClient) -> None:
    answer = markets.get("/markets/polymarket:1/book")

    assert answer.status_code == 200
    assert exact(answer)["yes"]["bids"][0] == [Decimal("0.3055"), Decimal("7.25")]


@pytest.mark.usefixtures("listed")
def test_one_market_without_a_book_is_a_status_with_a_sentence(world: World, markets: TestClient) -> None:
    no_book = markets.get("/markets/polymarket:2/book")
    unknown = markets.get("/markets/polymarket:9/book")
    world.take_down("polymarket")
    down = markets.get("/markets/polymarket:1/book")

    assert (no_book.status_code, no_book.json()["error"]) == (409, "NoBook")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "MarketNotFound")
    assert (down.status_code, down.json()["error"]) == (502, "VenueFailed")
    assert all(answer.json()["detail"].endswith(".") for answer in (no_book, unknown, down))


def test_books_are_asked_for_at_most_a_thousand_at_once(markets: TestClient) -> None:
    answer = markets.post(PATH, json={"market_ids": [f"polymarket:{number}" for number in range(1_001)]})

    assert answer.status_code == 422
    assert "market_ids" in answer.json()["detail"]
