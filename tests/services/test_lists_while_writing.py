"""Lists under concurrent writes, and answers that are asked for again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.markets.resources import Resources
from shared.database import Database
from tests.services.listing import World, each, gamma, gamma_book, kalshi
from tests.services.test_market_sync import synced
from tests.services.test_reading_markets import listed
from tests.venues.double import Reply


@contextmanager
def repeated(deed: Any) -> Iterator[None]:
    """Does it again and again in a thread, until the block has ended."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        while not stop.is_set():
            try:
                deed()
            except AssertionError as error:
                failures.append(error)
                return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not failures


def test_each_market_comes_once_while_a_sync_updates_and_adds(world: World, markets: TestClient) -> None:
    world.gamma_markets = each(range(1, 121), gamma)
    world.kalshi_markets = each(range(1, 6), kalshi)
    synced(markets)
    first = {market["market_id"] for market in listed(markets, order="id", limit=1000)}
    rounds = iter(range(1, 10_000))

    def change_all_and_add_some() -> None:
        number = next(rounds)
        changed = each(range(1, 121), gamma, bestBid=f"0.{number % 39 + 1:02}", volume=str(number))
        added = each(range(1_000 + number * 5, 1_005 + number * 5), gamma) if number < 30 else []
        world.gamma_markets = [*changed, *added]
        synced(markets)

    with repeated(change_all_and_add_some):
        for _ in range(6):
            found = [market["market_id"] for market in listed(markets, order="id", limit=7)]
            assert len(found) == len(set(found))
            assert first <= set(found)

    assert next(rounds) > 2


def test_a_list_that_did_not_change_is_not_sent_again(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    first = markets.get("/markets")
    etag = first.headers["etag"]

    for said in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = markets.get("/markets", headers={"If-None-Match": said})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)

    assert markets.get("/markets", headers={"If-None-Match": '"other"'}).status_code == 200
    assert first.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/markets/polymarket:1", "/markets/polymarket:1/price-history?to=2027-01-01T00:00Z"])
def test_single_things_are_answered_conditionally_too(world: World, markets: TestClient, path: str) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    etag = markets.get(path).headers["etag"]

    assert markets.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert markets.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/events", "/series", "/events/polymarket:700"])
def test_lists_of_events_are_answered_conditionally(world: World, events: TestClient, path: str) -> None:
    before = events.get(path).headers.get("etag")
    events.post("/events/export-all-active-events-db")

    first = events.get(path)
    again = events.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["etag"] != before
    assert again.status_code == 304


def test_a_write_shows_in_the_list_at_once(world: World, markets: TestClient) -> None:
    world.gamma_markets, world.books = [gamma(1)], [gamma_book(1)]
    synced(markets)
    etag = markets.get("/markets").headers["etag"]
    assert markets.get("/markets", headers={"If-None-Match": etag}).status_code == 304
    writes: list[Callable[[], object]] = [
        lambda: markets.post("/markets/refresh-prices", json={"market_ids": ["polymarket:1"]}),
        lambda: markets.post("/markets/books", json={"market_ids": ["polymarket:1"]}),
        lambda: markets.get("/markets/polymarket:1/book"),
        lambda: synced(markets),
        lambda: markets.post("/markets/refresh-resolutions", json={"market_ids": ["polymarket:1"]}),
    ]

    for at, write in enumerate(writes):
        bids = [{"price": f"0.2{at}", "size": "5"}]
        world.books = [gamma_book(1, bids=bids)]
        world.gamma_markets = [gamma(1, volume=str(at), umaResolutionStatus="proposed" if at == 4 else "")]
        write()

        answer = markets.get("/markets", headers={"If-None-Match": etag})
        assert answer.status_code == 200, f"write {at} is not seen"
        etag = answer.headers["etag"]


def test_a_second_reader_is_answered_without_the_database(world: World, markets: TestClient, stored: Database) -> None:
    """The row is changed behind the service's back, which shows that the bytes were prepared."""
    world.gamma_markets = [gamma(1)]
    synced(markets)
    first = markets.get("/markets").content
    with stored.transaction() as connection:
        connection.execute(text("UPDATE markets SET question = 'Somebody else wrote this'"))

    second = markets.get("/markets").content
    Resources.generation.advance()
    third = markets.get("/markets").content

    assert second == first
    assert b"Somebody else wrote this" in third


def test_another_question_is_not_answered_with_the_prepared_bytes(world: World, markets: TestClient) -> None:
    world.gamma_markets, world.kalshi_markets = [gamma(1)], [kalshi(1)]
    synced(markets)

    everything = markets.get("/markets").json()["markets"]
    one = markets.get("/markets", params={"platform": "kalshi"}).json()["markets"]

    assert (len(everything), len(one)) == (2, 1)


def test_an_answer_that_failed_is_not_kept(world: World, markets: TestClient) -> None:
    refused = [markets.get("/markets", params={"limit": "0"}) for _ in range(2)]

    assert [answer.status_code for answer in refused] == [422, 422]
    assert "etag" not in refused[1].headers
    world.double.on("/gamma/markets/keyset", Reply({"markets": []}))
