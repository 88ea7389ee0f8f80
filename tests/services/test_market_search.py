"""The search over all markets: which are found, in which order, and that its pages miss none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from services.markets.domain.search import ORDERS, Asked, Shelf, Texts, matching, page_of, words_of
from shared.database import Database
from tests.services.test_pages import Reading, questions
from tests.services.test_pages import page_of as shown
from tests.strategy import rows

NOW = datetime.now(UTC)


def shelf_of(texts: Sequence[str], volumes: Sequence[float] | None = None) -> Shelf:
    """Markets without an event, with these texts and volumes."""
    count = len(texts)
    said = np.array(volumes if volumes is not None else [0.0] * count, np.float64)
    return Shelf(
        market_nos=np.arange(1, count + 1),
        platforms=np.zeros(count, np.int64),
        statuses=np.zeros(count, np.int64),
        figures=dict.fromkeys(("volume", "volume_24h", "liquidity", "closes_at", "price", "quoted_at"), said),
        quoted=np.ones(count, bool),
        events=np.full(count, -1),
        texts=Texts.of("\x1e".join(texts) if count else None, count),
        event_texts=Texts.of(None, 0),
        categories=(),
        tags=(),
    )


def found(shelf: Shelf, text: str) -> list[int]:
    return [int(row) for row in np.flatnonzero(matching(shelf, Asked(words=words_of(text))))]


SENTENCES = [
    "Will it rain in Kyiv?",
    "Will Ukraine win?",
    "RAINFALL above 3% · Élysée",
    "سيتجمد الميناء",
    "東京の雨量",
    "",
    "Straße · 100%_sure",
]
SEARCHES = [
    ("rain", [0, 2]),  # the beginning of a word, not its middle
    ("RAIN kyiv", [0]),
    ("kyiv rain", [0]),
    ('"rain in"', [0]),
    ('"in rain"', []),
    ("“rain in” will", [0]),
    ("will", [0, 1]),
    ("3%", [2]),
    ("%_sure", [6]),
    ("élysée", [2]),
    ("STRASSE", [6]),
    ("الميناء", [3]),
    ("雨", [4]),
    ("zebra", []),
    ("w", [0, 1]),
    ("i", [0]),  # nobody else has a word that begins with it
    ("·", [2, 6]),
    ("?", [0, 1]),
    (".*", []),
    ('""', [0, 1, 2, 3, 4, 5, 6]),
]


@pytest.mark.parametrize(("text", "wanted"), SEARCHES)
def test_words_are_found_where_words_begin(text: str, wanted: list[int]) -> None:
    assert found(shelf_of(SENTENCES), text) == wanted


@pytest.mark.parametrize(("text", "wanted"), SEARCHES[:-1])
def test_many_markets_are_looked_through_as_a_whole_with_the_same_result(text: str, wanted: list[int]) -> None:
    shelf = shelf_of([*SENTENCES, *["Another one"] * 4_000])

    assert found(shelf, text) == wanted


def test_what_one_word_has_left_is_looked_at_one_by_one() -> None:
    shelf = shelf_of([*SENTENCES, *(f"Market {number} of the rest" for number in range(4_000))])

    assert found(shelf, "rain kyiv") == [0]
    assert found(shelf, "market 39") == [7 + 39, *range(7 + 390, 7 + 400), *range(7 + 3_900, 7 + 4_000)]
    assert found(shelf, "rest 3999") == [7 + 3_999]


@given(
    volumes=st.lists(st.sampled_from([0.0, 1.0, 2.5, float("nan")]), max_size=40),
    order=st.sampled_from(sorted(ORDERS)),
    limit=st.integers(1, 7),
)
def test_pages_hold_every_market_once_and_in_order(volumes: list[float], order: str, limit: int) -> None:
    shelf = shelf_of(["x"] * len(volumes), volumes)
    everything = np.ones(len(volumes), bool)
    seen: list[int] = []
    after: tuple[float, int] | None = None
    while True:
        page = page_of(shelf, everything, order, after, limit)
        seen += page.market_nos
        after = page.following
        assert page.total == len(volumes)
        if after is None:
            break

    def key(number: int) -> tuple[bool, float, int]:
        volume = volumes[number - 1]
        if ORDERS[order].figure == "id":
            return False, 0, number
        unknown = volume != volume
        return unknown, 0 if unknown else -volume if ORDERS[order].descending else volume, number

    assert seen == sorted(range(1, len(volumes) + 1), key=key)


@pytest.fixture
def shop(markets: TestClient, stored: Database) -> TestClient:
    """Four markets that differ in everything that can be asked for."""
    with stored.transaction() as connection:
        held = rows.market(
            connection, "polymarket:1", yes_bid="0.10", yes_ask="0.12", closes_at=NOW + timedelta(minutes=30), volume=5
        )
        rows.market(connection, "polymarket:2", liquidity=10, closes_at=NOW + timedelta(days=3), category="sports")
        rows.market(connection, "kalshi:A-1", yes_bid=None, yes_ask=None, last_price=None, closes_at=None)
        rows.market(connection, "polymarket:3", status="final", outcome="yes", question="Did it end?")
        rows.position(connection, rows.portfolio(connection), held)
    return markets


FILTERS = [
    ({}, {"polymarket:1", "polymarket:2", "kalshi:A-1"}),
    ({"status": "any"}, {"polymarket:1", "polymarket:2", "polymarket:3", "kalshi:A-1"}),
    ({"status": "final"}, {"polymarket:3"}),
    ({"platform": "kalshi"}, {"kalshi:A-1"}),
    ({"category": "sports"}, {"polymarket:2", "kalshi:A-1"}),
    ({"min_liquidity": "$50,000"}, {"polymarket:1"}),
    ({"min_volume": "6"}, {"polymarket:2", "kalshi:A-1"}),
    ({"price_to": "11"}, {"polymarket:1"}),
    ({"price_from": "11¢"}, {"polymarket:1", "polymarket:2"}),
    ({"price_from": "51", "price_to": "51"}, {"polymarket:2"}),
    ({"within": "1h"}, {"polymarket:1"}),
    ({"within": "1w"}, {"polymarket:1", "polymarket:2"}),
    ({"closes_before": (NOW + timedelta(days=2)).strftime("%Y-%m-%d")}, {"polymarket:1"}),
    ({"held": "1"}, {"polymarket:1"}),
    ({"text": "polymarket happen"}, {"polymarket:1", "polymarket:2"}),
    ({"text": "event"}, {"polymarket:1", "polymarket:2", "kalshi:A-1"}),  # the title of their events
    ({"tag": "nothing"}, set()),
]


@pytest.mark.parametrize(("asked", "wanted"), FILTERS)
def test_each_field_leaves_out_what_does_not_fit(shop: TestClient, asked: dict[str, str], wanted: set[str]) -> None:
    page = shown(shop, **asked)

    assert {name.replace("%3A", ":") for name in questions(page)} == wanted


def test_a_search_that_only_an_ended_market_fits_says_where_it_is(shop: TestClient) -> None:
    page = shown(shop, text="did it end")

    assert "0 of 4 stored markets fit “ did it end ” and are open" in page.text
    [link] = [str(each["href"]) for each in page.all("a") if "status=any" in str(each["href"])]
    assert questions(Reading(shop.get(link).text)) == ["polymarket%3A3"]


def test_who_of_us_holds_it_is_counted(shop: TestClient) -> None:
    page = shown(shop, held="1")

    assert page.text.count("nobody") == 1  # in the form alone
    assert "1 of 1 shown" in page.text


NOT_USABLE = [
    ({"price_from": "200"}, "“ 200 ” is not a price"),
    ({"price_to": "cheap"}, "is not a price from 0 to 100 cents"),
    ({"closes_before": "soon"}, "is not a day such as"),
    ({"min_volume": "inf"}, "is not an amount of dollars"),
    ({"cursor": "WyJ2b2x1bWUiLCJuYW4iLDFd"}, "The cursor was not made by this list"),
    ({"cursor": "WyJ2b2x1bWVfMjRoIiwibmFuIiwxXQ"}, "The cursor was not made by this list"),
    ({"cursor": "WyJ2b2x1bWVfMjRoIiwiMSIsOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"}, "The cursor was not made by this list"),
]


@pytest.mark.parametrize(("asked", "said"), NOT_USABLE)
def test_what_cannot_be_used_is_named_and_left_out(shop: TestClient, asked: dict[str, str], said: str) -> None:
    page = shown(shop, **asked)

    assert said.replace("“ 200 ”", "“200”") in page.text
    assert len(questions(page)) == 3


def test_markets_of_a_new_sync_are_found_at_once(shop: TestClient, stored: Database) -> None:
    before = len(questions(shown(shop)))
    with stored.transaction() as connection:
        rows.market(connection, "polymarket:9", question="Is it new?")
        rows.collected(connection, datetime.now(UTC))

    assert before == 3
    assert questions(shown(shop, text="new")) == ["polymarket%3A9"]
