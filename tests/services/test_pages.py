"""The page of each service: readable without JavaScript, safe with any text, and never an error."""

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from tests.services.conftest import Library
from tests.services.listing import World, gamma, kalshi
from tests.services.test_market_sync import SYNC, synced
from tests.venues.rows import gamma_event

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='x' \u202egnp.exe {{ 7*7 }} &amp;"


class Reading(HTMLParser):
    """What a browser would make of a page: its elements, its words, its links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(client: TestClient, **asked: str) -> Reading:
    answer = client.get("/", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Reading(answer.text)


def questions(page: Reading) -> list[str]:
    return [str(each["href"]).removeprefix("/market/") for each in page.all("a") if "/market/" in str(each["href"])]


def test_the_page_of_markets_answers_its_question_first(library: Library) -> None:
    page = page_of(library.markets)

    assert "Which markets can be traded now?" in page.text
    assert "39 of 40 stored markets are open" in page.text
    assert "Last sync" in page.text
    assert "Upstream" in page.text
    assert len(questions(page)) == 39


def test_the_page_of_events_answers_its_question_first(library: Library) -> None:
    page = page_of(library.events)

    assert "What are the venues asking?" in page.text
    assert "5 of 5 stored events are open" in page.text
    assert "Harbour ice" not in page.text
    assert "Weather of the harbour" in page.text


def test_pages_of_empty_services_say_how_to_begin(markets: TestClient, events: TestClient) -> None:
    assert "No markets are stored yet" in page_of(markets).text
    assert "POST /markets/export-all-markets-db" in page_of(markets).text
    assert "No events are stored yet" in page_of(events).text


SEARCHES = [
    ({"text": "harbour 12"}, {"polymarket:12"}),
    ({"status": "proposed"}, {"polymarket:30"}),
    ({"platform": "kalshi", "text": "pier 3"}, {"kalshi:KXICE-27-M3"}),
    ({"category": "sports", "min_liquidity": "600"}, {"polymarket:29"}),
    ({"text": "nothing like it"}, set()),
]


@pytest.mark.parametrize(("asked", "wanted"), SEARCHES)
def test_the_search_works_without_javascript(library: Library, asked: dict[str, str], wanted: set[str]) -> None:
    page = page_of(library.markets, **asked)

    found = {name.replace("%3A", ":") for name in questions(page)}
    fields = {each["name"] for each in page.all("input") + page.all("select")}
    assert {form["method"] for form in page.all("form")} == {"get"}
    assert {"text", "platform", "status", "category", "min_liquidity", "order"} <= fields
    assert found == wanted


def test_the_search_shows_what_was_asked(library: Library) -> None:
    page = page_of(library.markets, text='har"bour', status="open", min_liquidity="5")

    values = {each["name"]: each.get("value") for each in page.all("input")}
    assert values["text"] == 'har"bour'
    assert values["min_liquidity"] == "5"
    assert "open" in [words for words in page.words if words.strip() == "open"]


def test_the_next_page_goes_on_where_this_one_ended(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(number) for number in range(1, 61)]
    synced(markets)
    first = page_of(markets, text="harbour", order="volume")
    [following] = [str(each["href"]) for each in first.all("a") if "cursor=" in str(each["href"])]

    second = Reading(markets.get(following).text)

    assert "order=volume" in following
    assert (len(questions(first)), len(questions(second))) == (50, 10)
    assert not set(questions(first)) & set(questions(second))


BAD_FILTERS = [
    {"min_liquidity": "plenty"},
    {"min_liquidity": "NaN"},
    {"min_liquidity": "1e999999"},
    {"min_liquidity": "-5"},
    {"platform": "nowhere"},
    {"status": "sleeping"},
    {"order": "beauty"},
    {"cursor": "garbage"},
    {"category": "x" * 5_000},
]


@pytest.mark.parametrize("asked", BAD_FILTERS)
def test_a_filter_that_cannot_be_used_is_named_on_a_page_that_works(library: Library, asked: dict[str, str]) -> None:
    page = page_of(library.markets, **asked)

    assert "Which markets can be traded now?" in page.text
    if asked["min_liquidity" if "min_liquidity" in asked else next(iter(asked))] in ("plenty", "NaN", "1e999999"):
        assert "is not an amount of dollars, so it was left out" in page.text
    if "cursor" in asked:
        assert "The cursor was not made by this list" in page.text


@pytest.mark.parametrize("asked", [{"platform": "nowhere"}, {"status": "x"}, {"cursor": "garbage"}, {"text": "\x00"}])
def test_the_page_of_events_bears_filters_that_cannot_be_used(library: Library, asked: dict[str, str]) -> None:
    assert "What are the venues asking?" in page_of(library.events, **asked).text


def test_hostile_words_of_venues_are_words_on_the_page(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1, question=HOSTILE, groupItemTitle=HOSTILE), gamma(2, bestBid=HOSTILE)]
    world.kalshi_markets = [kalshi(1)]
    synced(markets)

    answer = markets.get("/", params={"text": "script"})
    page = Reading(answer.text)

    assert_harmless(page)
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    at = answer.text.index("\u202e")
    assert "<bdi" in answer.text[at - 400 : at]


def test_hostile_titles_of_events_are_words_on_the_page(world: World, events: TestClient) -> None:
    world.gamma_events = [gamma_event(title=HOSTILE, subtitle=HOSTILE)]
    events.post("/events/export-all-active-events-db")

    page = page_of(events)

    assert_harmless(page)
    assert "<script>alert(1)</script>" in page.text


def test_hostile_words_of_the_visitor_are_words_on_the_page(library: Library) -> None:
    for name in ("text", "platform", "status", "category", "min_liquidity", "order", "cursor"):
        for client in (library.markets, library.events):
            assert_harmless(page_of(client, **{name: HOSTILE}))


def scripts(page: Reading) -> list[dict[str, str]]:
    """What would run; islands of data do not."""
    found = [{name: value or "" for name, value in each.items()} for each in page.all("script")]
    return [{"src": "", **each} for each in found if each.get("type") != "application/json"]


def assert_harmless(page: Reading) -> None:
    assert all(script["src"].startswith("/assets/") for script in scripts(page) if script["src"])
    assert len(scripts(page)) == 1
    assert page.all("img") == []
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_a_venue_that_failed_is_shown_with_its_error(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2, question=None), gamma(3, liquidity="1")]
    world.take_down("kalshi")
    markets.post(SYNC)

    page = page_of(markets)

    assert "partial" in page.text
    assert "VenueRefused" in page.text
    assert "rejected: not_text:question" in page.text
    assert "filtered: liquidity too low" in page.text


def fetched(page: Reading) -> list[dict[str, str | None]]:
    return page.all("link") + page.all("script")


def test_the_page_of_events_shows_its_last_syncs_and_how_it_was_found(world: World, events: TestClient) -> None:
    world.gamma_events = [gamma_event()]
    for _ in range(2):
        events.post("/events/export-all-active-events-db")
    world.take_down("kalshi")
    events.post("/events/export-all-active-events-db")

    page = page_of(events)

    bars = [each for each in page.all("svg") if "UTC: " in str(each.get("aria-label"))]
    assert [str(each["aria-label"]).split(": ")[1].split(" ")[0] for each in bars] == ["success", "success", "partial"]
    assert "The last 3 syncs" in page.text
    assert "Nobody has looked at this service yet." in page.text


@pytest.mark.parametrize("service", ["markets", "events"])
def test_the_page_fetches_nothing_from_anywhere(library: Library, service: str) -> None:
    client: TestClient = getattr(library, service)
    answer = client.get("/")
    page = Reading(answer.text)

    assert page.all("iframe") == page.all("object") == page.all("img") == []
    assert all(str(each.get("src") or each.get("href")).startswith("/assets/") for each in fetched(page))
    assert "url(" not in answer.text
    assert "@import" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(re.match(r"(http://localhost:\d+)?/|#", str(each["href"])) for each in page.all("a"))


@pytest.mark.parametrize("service", ["markets", "events"])
def test_the_page_can_be_read_on_a_phone_and_by_a_reader(library: Library, service: str) -> None:
    client: TestClient = getattr(library, service)
    page = page_of(client)

    assert page.all("html")[0]["lang"] == "en"
    assert "width=device-width" in str([each for each in page.all("meta") if each.get("name") == "viewport"])
    assert len(page.all("h1")) == 1
    fields = [each for each in page.all("input") + page.all("select") if "aria-label" not in each]
    assert len(page.all("label")) == len(fields)
