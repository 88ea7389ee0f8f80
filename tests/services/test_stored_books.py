"""Books for execution: how old they may be, and the terms of trading that come with them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.markets.refresh import refresh_books
from shared.database import Database
from tests.services import tables
from tests.services.conftest import Venues, exact
from tests.services.listing import World, finalized, gamma, gamma_book, kalshi, kalshi_book, ticker
from tests.services.test_market_sync import synced

PATH = "/markets/books"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KALSHI = f"kalshi:{ticker(1)}"
TERMS = (
    "platform",
    "event_id",
    "status",
    "accepting_orders",
    "tick_size",
    "price_bands",
    "min_size",
    "fee",
    "order_delay_seconds",
    "closes_at",
)


@pytest.fixture
def listed(world: World, markets: TestClient, events: TestClient) -> None:
    world.gamma_markets, world.books = [gamma(1), gamma(2)], [gamma_book(1), gamma_book(2)]
    world.kalshi_markets, world.kalshi_books = [kalshi(1)], [kalshi_book(1)]
    assert events.post("/events/export-all-active-events-db").status_code == 200
    synced(markets)


def books(client: TestClient, *market_ids: str, **more: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"market_ids": list(market_ids), **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = exact(answer)
    return body


@pytest.mark.usefixtures("listed")
def test_a_young_book_is_answered_without_the_venue_and_the_others_are_fetched(
    world: World, markets: TestClient
) -> None:
    before = books(markets, "polymarket:1", KALSHI)
    world.books = [gamma_book(1, bids=[]), gamma_book(2)]

    answer = books(markets, "polymarket:2", KALSHI, "polymarket:1", max_age_seconds=30)

    assert [book["market_id"] for book in answer["books"]] == ["polymarket:2", KALSHI, "polymarket:1"]
    assert answer["books"][1:] == before["books"][::-1]
    assert [len(request.body) for request in world.asked("/clob/books")] == [1, 1]
    assert len(world.asked("/trade-api/v2/markets/orderbooks")) == 1


@pytest.mark.usefixtures("listed")
def test_unless_asked_otherwise_every_book_is_fresh(world: World, markets: TestClient) -> None:
    books(markets, "polymarket:1")
    world.books = [gamma_book(1, bids=[])]

    [book] = books(markets, "polymarket:1")["books"]

    assert book["yes"]["bids"] == []


@pytest.mark.usefixtures("listed")
def test_a_book_is_as_old_as_it_may_be_and_no_older(world: World, stored: Database, venues: Venues) -> None:
    def asked(at: datetime) -> int:
        refresh_books(stored, venues, ["polymarket:1"], lambda: at, timedelta(seconds=10))
        return len(world.asked("/clob/books"))

    asked(NOON)

    assert asked(NOON + timedelta(seconds=9.9)) == 1
    assert asked(NOON + timedelta(seconds=10)) == 2


@pytest.mark.usefixtures("listed")
def test_after_the_clock_went_backwards_books_are_read_again(world: World, stored: Database, venues: Venues) -> None:
    refresh_books(stored, venues, ["polymarket:1"], lambda: NOON, timedelta(seconds=10))
    world.books = [gamma_book(1, bids=[])]

    refresh_books(stored, venues, ["polymarket:1"], lambda: NOON - timedelta(hours=1), timedelta(seconds=10))

    [row] = tables.rows(stored, "order_books")
    assert (row["bids"], row["quoted_at"]) == ([], NOON - timedelta(hours=1))


@pytest.mark.usefixtures("listed")
def test_a_book_comes_with_the_terms_that_the_market_shows(markets: TestClient) -> None:
    answer = books(markets, "polymarket:1", KALSHI)

    assert len(answer["books"]) == 2
    for book in answer["books"]:
        shown = exact(markets.get(f"/markets/{book['market_id']}"))
        assert {name: book[name] for name in TERMS} == {name: shown[name] for name in TERMS}
    polymarket, of_kalshi = answer["books"]
    assert (polymarket["status"], polymarket["tick_size"]) == ("open", Decimal("0.01"))
    assert polymarket["fee"]["rate"] > 0
    assert of_kalshi["fee"] == {"fee_type": "quadratic", "multiplier": 1}


@pytest.mark.usefixtures("listed")
def test_a_market_that_has_ended_says_so_beside_the_book_that_it_still_has(world: World, markets: TestClient) -> None:
    world.kalshi_markets = [finalized(1)]
    markets.post("/markets/refresh-resolutions", json={"market_ids": [KALSHI]})

    [book] = books(markets, KALSHI)["books"]

    assert (book["status"], book["accepting_orders"]) == ("final", False)
    assert book["yes"]["asks"]


@pytest.mark.usefixtures("listed")
def test_a_stored_book_does_not_stand_in_for_one_that_the_venue_has_no_more(world: World, markets: TestClient) -> None:
    books(markets, "polymarket:1")
    world.books = []

    answer = books(markets, "polymarket:1")

    assert answer == {"books": [], "failures": [{"market_id": "polymarket:1", "reason": "no_book"}]}


@pytest.mark.parametrize("age", [-1, 60.1, "soon", None])
def test_an_age_that_cannot_be_used_is_refused(markets: TestClient, age: object) -> None:
    answer = markets.post(PATH, json={"market_ids": ["polymarket:1"], "max_age_seconds": age})

    assert answer.status_code == 422
    assert "max_age_seconds" in answer.json()["detail"]
