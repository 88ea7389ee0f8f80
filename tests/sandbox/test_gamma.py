"""Gamma as a client meets it: cursors, clamps, silence about unknown parameters, JSON inside strings."""

import json
from typing import Any

import pytest

from tests.sandbox.conftest import NOON, Served

KEYSET = "/gamma/markets/keyset"


def crawl(served: Served, noun: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    for _ in range(200):
        page = served.get(f"/gamma/{noun}/keyset", **params, **cursor).json()
        rows += page[noun]
        if "next_cursor" not in page:
            return rows
        cursor = {"after_cursor": page["next_cursor"]}
    raise AssertionError("the list does not end")


def test_a_crawl_sees_each_open_market_once(served: Served) -> None:
    rows = crawl(served, "markets", limit=50, closed="false")

    ids = [row["id"] for row in rows]
    assert len(ids) > 200
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids, key=int)
    assert not any(row["closed"] for row in rows)
    assert all(row["active"] for row in rows)


def test_events_nest_all_their_markets_placeholders_included(served: Served) -> None:
    events = crawl(served, "events", limit=100, closed="false")
    markets = [market for event in events for market in event["markets"]]

    placeholders = [market for market in markets if not market["active"]]

    assert placeholders
    assert all(market["clobTokenIds"] == "[]" and "outcomePrices" not in market for market in placeholders)
    assert any(market["negRiskOther"] for market in markets)
    assert all("events" not in market for market in markets)
    assert any(event["negRiskAugmented"] for event in events)


def test_lists_of_json_are_text_and_numbers_are_mixed(served: Served) -> None:
    rows = crawl(served, "markets", limit=100, closed="false")

    row = max(rows, key=lambda market: float(market.get("volume", "0")))

    assert json.loads(row["outcomes"]) == ["Yes", "No"] or len(json.loads(row["outcomes"])) == 2
    assert sum(float(price) for price in json.loads(row["outcomePrices"])) == pytest.approx(1)
    assert all(70 <= len(token) <= 78 for token in json.loads(row["clobTokenIds"]))
    assert isinstance(row["volume"], str)
    assert isinstance(row["volumeNum"], int | float)
    assert any("bestBid" not in market for market in rows)
    assert any("lastTradePrice" not in market for market in rows)
    assert None not in [value for market in rows for key, value in market.items() if key != "feeType"]


@pytest.mark.parametrize(
    "params, reason",
    [
        ({"offset": "20"}, "offset is not supported, use after_cursor"),
        ({"order": "volume_num"}, "order fields are not valid"),
        ({"limit": "many"}, "invalid integer"),
        ({"after_cursor": "!!!"}, "invalid cursor"),
        ({"end_date_min": "soon"}, "invalid timestamp"),
    ],
)
def test_what_gamma_refuses_is_a_422_in_its_own_words(served: Served, params: dict[str, Any], reason: str) -> None:
    answer = served.get(KEYSET, expect=422, **params)

    assert answer.json() == {"type": "validation error", "error": reason}


def test_the_wrong_name_of_the_cursor_is_ignored(served: Served) -> None:
    first = served.get(KEYSET, limit=10).json()

    again = served.get(KEYSET, limit=10, cursor=first["next_cursor"], next_cursor=first["next_cursor"]).json()

    assert again["markets"][0]["id"] == first["markets"][0]["id"]


def test_limits_are_clamped_without_a_word(served: Served) -> None:
    assert len(served.get(KEYSET, limit=5000).json()["markets"]) == 100
    assert len(served.get(KEYSET).json()["markets"]) == 20


def test_old_lists_answer_with_a_bare_list_and_a_warning(served: Served) -> None:
    answer = served.get("/gamma/markets", limit=3, offset=2)

    assert len(answer.json()) == 3
    assert answer.headers["deprecation"] == "true"
    assert "deeper pagination" in served.get("/gamma/events", expect=422, offset=2001).json()["error"]


def test_a_closed_market_is_found_only_by_who_asks_for_closed_ones(served: Served) -> None:
    closed = served.get(KEYSET, limit=1, closed="true").json()["markets"][0]
    condition = closed["conditionId"]

    assert served.get(KEYSET, condition_ids=condition).json()["markets"] == []
    assert served.get(KEYSET, condition_ids=condition, closed="true").json()["markets"][0]["id"] == closed["id"]
    assert served.get(f"/gamma/markets/{closed['id']}").json()["conditionId"] == condition


def test_one_market_is_found_by_each_of_its_names(served: Served) -> None:
    row = served.get(KEYSET, limit=5, order="volumeNum", ascending="false").json()["markets"][0]

    names: dict[str, Any] = {"id": row["id"], "condition_ids": row["conditionId"], "slug": row["slug"]}
    names["clob_token_ids"] = json.loads(row["clobTokenIds"])[1]

    for name, value in names.items():
        assert [market["id"] for market in served.get(KEYSET, **{name: value}).json()["markets"]] == [row["id"]]
    assert served.get(f"/gamma/markets/slug/{row['slug']}").json()["id"] == row["id"]
    event = row["events"][0]
    assert served.get(f"/gamma/events/slug/{event['slug']}").json()["id"] == event["id"]
    assert len(served.get(f"/gamma/events/{event['id']}").json()["markets"]) >= 1


def test_names_that_are_none_are_not_found(served: Served) -> None:
    assert served.get("/gamma/markets/99", expect=404).json()["type"] == "not found error"
    assert served.get("/gamma/events/slug/no-such-thing", expect=404).json()["error"] == "slug not found"
    assert served.get("/gamma/markets/slug/x-1-99999999", expect=404).json()["error"] == "slug not found"
    assert served.get("/gamma/markets/abc", expect=422).json()["error"] == "invalid integer"


def test_filters_and_orders_hold(served: Served) -> None:
    rows = crawl(served, "markets", limit=100, order="volumeNum", ascending="false", liquidity_num_min=500)

    volumes = [row.get("volumeNum", 0) for row in rows]

    assert rows
    assert volumes == sorted(volumes, reverse=True)
    assert all(row["liquidityNum"] >= 500 for row in rows)


def test_a_tag_selects_events_that_carry_it(served: Served) -> None:
    events = served.get("/gamma/events/keyset", tag_id="1", limit=50).json()["events"]

    assert events
    assert all("1" in [tag["id"] for tag in event["tags"]] for event in events)
    assert served.get("/gamma/events/keyset", tag_id="424242").json()["events"] == []


def test_events_can_leave_their_markets_out_and_markets_bring_their_tags(served: Served) -> None:
    bare = served.get("/gamma/events/keyset", include_markets="false", limit=3).json()["events"]
    tagged = served.get(KEYSET, include_tag="true", limit=3).json()["markets"]

    assert all("markets" not in event for event in bare)
    assert all(market["tags"] for market in tagged)


def test_markets_of_protocol_v2_are_none(served: Served) -> None:
    assert served.get(KEYSET, version="v2").json()["markets"] == []
    assert served.get(KEYSET, version=["v1", "v2"]).json()["markets"]


def test_gamma_shows_the_same_bytes_for_a_minute(served: Served) -> None:
    first = served.get(KEYSET, limit=100).content
    served.clock.now = NOON + 45
    same = served.get(KEYSET, limit=100).content
    served.clock.now = NOON + 61
    later = served.get(KEYSET, limit=100).content

    assert same == first
    assert later != first


def test_markets_pass_through_proposal_and_dispute_to_the_end(served: Served) -> None:
    rows = crawl(served, "markets", limit=100, closed="true")
    for minute in range(30):
        served.clock.now = NOON + 60 * minute
        rows += served.get(KEYSET, uma_resolution_status="proposed", limit=10).json()["markets"]
        rows += served.get(KEYSET, uma_resolution_status="disputed", limit=10).json()["markets"]

    statuses = {(row["closed"], row.get("umaResolutionStatus")) for row in rows}
    prices = {row["outcomePrices"] for row in rows if row["closed"]}

    assert {(False, "proposed"), (False, "disputed"), (True, "resolved"), (True, None)} <= statuses
    assert {'["1", "0"]', '["0", "1"]'} <= prices
    assert any(row["acceptingOrders"] for row in rows if row["closed"])
    assert all("closedTime" in row for row in rows if row.get("umaResolutionStatus") == "resolved")
    assert all("liquidity" not in row for row in rows if row["closed"])


def test_tags_and_series_come_by_offset(served: Served) -> None:
    tags = served.get("/gamma/tags", limit=100).json()
    series = served.get("/gamma/series", limit=50).json()

    assert served.get("/gamma/tags", limit=2, offset=1).json() == tags[1:3]
    assert {"1", "2"} <= {tag["id"] for tag in tags}
    assert served.get(f"/gamma/series/{series[0]['id']}").json()["slug"] == series[0]["slug"]
    assert served.get("/gamma/status").text == "OK"
