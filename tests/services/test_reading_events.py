"""Lists and single events and series: filters, paging, candidates."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.cursors import cursor_of
from tests.services.conftest import Library, exact
from tests.services.test_reading_markets import listed

Event = dict[str, Any]

CANDIDATES = "/events/filter-trading-candidates-db"

FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"platform": "kalshi"}, {"kalshi:KXICE-27", "kalshi:KXSNOW-27"}),
    ({"category": "politics"}, {"polymarket:701", "kalshi:KXSNOW-27"}),
    ({"category": "Climate and WEATHER"}, {"kalshi:KXICE-27"}),
    ({"tag": "tag-1"}, {"polymarket:701"}),
    ({"series_id": "kalshi:KXSNOW"}, {"kalshi:KXSNOW-27"}),
    ({"text": "of the harbour"}, {"polymarket:700", "polymarket:701", "polymarket:702"}),
    ({"text": "this WINTER", "platform": "kalshi"}, {"kalshi:KXICE-27", "kalshi:KXSNOW-27"}),
    ({"status": "closed"}, set()),
    ({"min_liquidity": "2000"}, {"polymarket:701", "polymarket:702"}),
    ({"min_volume": "15000"}, {"polymarket:702"}),
    ({"min_volume": "3000", "platform": "kalshi"}, {"kalshi:KXSNOW-27"}),
    ({"closes_before": "2027-02-01T00:00:00Z", "platform": "polymarket"}, {"polymarket:700", "polymarket:701"}),
]


def ids(rows: list[Event]) -> set[str]:
    return {row["event_id"] for row in rows}


@pytest.mark.parametrize(("params", "wanted"), FILTERS, ids=[str(params) for params, _ in FILTERS])
def test_a_filter_finds_what_fits_and_nothing_else(library: Library, params: dict[str, Any], wanted: set[str]) -> None:
    assert ids(listed(library.events, "/events", **params)) == wanted


def test_events_come_in_the_order_of_their_ids_each_once(library: Library) -> None:
    found = [event["event_id"] for event in listed(library.events, "/events", limit=2)]

    assert len(found) == 5
    assert found == sorted(set(found))


def test_series_are_listed_with_their_terms(library: Library) -> None:
    everything = listed(library.events, "/series", limit=1)
    political = listed(library.events, "/series", category="politics")

    assert [series["series_id"] for series in everything] == ["kalshi:KXICE", "kalshi:KXSNOW", "polymarket:35"]
    assert everything[0]["fee_multiplier"] == Decimal(1)
    assert everything[0]["settlement_sources"] == ["Harbour master"]
    assert [series["series_id"] for series in political] == ["kalshi:KXSNOW"]


def test_one_event_has_its_text_and_its_markets(library: Library) -> None:
    event = exact(library.events.get("/events/polymarket:700"))

    assert event["description"] == "All about ice."
    assert (event["markets"], len(event["market_list"])) == (10, 10)
    assert event["market_list"][0]["yes_bid"] == Decimal("0.13")
    assert event["volume"] == 5_000


def test_an_event_that_is_not_stored_is_404_with_a_sentence(library: Library) -> None:
    answer = library.events.get("/events/polymarket:404")

    assert (answer.status_code, answer.json()["error"]) == (404, "EventNotFound")


@pytest.mark.parametrize("cursor", ["garbage", "", cursor_of(1), cursor_of("a", "b"), cursor_of("a\x00b")])
@pytest.mark.parametrize("path", ["/events", "/series", CANDIDATES])
def test_a_cursor_that_this_list_did_not_make_is_refused(library: Library, path: str, cursor: str) -> None:
    answer = library.events.get(path, params={"cursor": cursor})

    assert (answer.status_code, answer.json()["error"]) == (422, "UnknownCursor")


def hours_until(moment: datetime) -> float:
    return (moment - datetime.now(UTC)) / timedelta(hours=1)


CANDIDATE_CASES: list[tuple[Callable[[], dict[str, Any]], set[str]]] = [
    (lambda: {"min_liquidity": "2000"}, {"polymarket:701", "polymarket:702"}),
    (lambda: {"categories": "politics, SPORTS"}, {"polymarket:701", "polymarket:702", "kalshi:KXSNOW-27"}),
    (lambda: {"categories": "tag-0"}, {"polymarket:700"}),
    (
        lambda: {"closes_within_hours": hours_until(datetime(2027, 1, 15, tzinfo=UTC))},
        {"polymarket:700"},
    ),
]


@pytest.mark.parametrize(("params", "wanted"), CANDIDATE_CASES)
def test_candidates_are_counted_and_listed(
    library: Library, params: Callable[[], dict[str, Any]], wanted: set[str]
) -> None:
    answer = exact(library.events.post(CANDIDATES, params=params()))
    by_get = exact(library.events.get(CANDIDATES, params=params()))

    assert (answer["count"], ids(answer["events"])) == (len(wanted), wanted)
    assert by_get["count"] == answer["count"]


def test_without_limits_every_open_event_is_a_candidate(library: Library) -> None:
    answer = exact(library.events.post(CANDIDATES, params={"limit": 2}))

    assert (answer["count"], len(answer["events"])) == (5, 2)
    assert answer["cursor"] is not None
    rest = exact(library.events.post(CANDIDATES, params={"cursor": answer["cursor"]}))
    assert len(ids(answer["events"]) | ids(rest["events"])) == 5
