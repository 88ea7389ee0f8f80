"""Lists and single markets: filters, orders, paging, and figures with all their digits."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.cursors import cursor_of
from tests.services.conftest import Library, exact
from tests.services.listing import no_token, ticker, yes_token

Market = dict[str, Any]

# fmt: off
SHAPE = {
    "market_id", "event_id", "platform", "external_id", "question", "outcomes", "category", "tags", "status", "outcome",
    "payout_yes", "yes_bid", "yes_ask", "no_bid", "no_ask", "yes_price", "no_price", "last_price", "spread", "volume",
    "volume_24h", "liquidity", "open_interest", "tick_size", "min_size", "fee", "closes_at", "settled_at", "quoted_at",
    "updated_at",
}
# fmt: on


def listed(client: TestClient, path: str = "/markets", **params: Any) -> list[Market]:
    """All pages of a list."""
    found: list[Market] = []
    cursor = None
    for _ in range(200):
        answer = client.get(path, params={**params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        body = exact(answer)
        found += body[path.strip("/").split("/")[0]]
        cursor = body["cursor"]
        if cursor is None:
            return found
    raise AssertionError("the list does not end")


def numbers(markets: list[Market]) -> set[str]:
    return {market["market_id"] for market in markets}


FILTERS: list[tuple[dict[str, Any], Callable[[Market], bool]]] = [
    ({"platform": "kalshi"}, lambda m: m["platform"] == "kalshi"),
    ({"status": "proposed"}, lambda m: m["status"] == "proposed"),
    ({"status": "open"}, lambda m: m["status"] == "open"),
    ({"event_id": "polymarket:701"}, lambda m: m["event_id"] == "polymarket:701"),
    ({"category": "politics"}, lambda m: m["category"] == "politics"),
    ({"category": "POLITICS"}, lambda m: m["category"] == "politics"),
    ({"category": "climate and weather"}, lambda m: m["category"] == "climate and weather"),
    ({"tag": "tag-2"}, lambda m: "Tag-2" in m["tags"]),
    ({"text": "harbour 1"}, lambda m: "harbour 1" in m["question"]),
    ({"text": "HARBOUR 2"}, lambda m: "harbour 2" in m["question"]),
    ({"text": "odd one"}, lambda m: int(m["external_id"]) % 2 == 1 if m["platform"] == "polymarket" else False),
    ({"text": "snow?"}, lambda m: m["event_id"] == "kalshi:KXSNOW-27"),
    ({"text": "100%_"}, lambda m: m["external_id"] == "5"),
    ({"text": "%%"}, lambda m: False),
    ({"min_liquidity": "400"}, lambda m: m["liquidity"] is not None and m["liquidity"] >= 400),
    ({"min_liquidity": "0"}, lambda m: m["liquidity"] is not None),
    ({"min_volume": "500"}, lambda m: m["volume"] is not None and m["volume"] >= 500),
    (
        {"closes_before": "2027-01-05T00:00:00Z"},
        lambda m: m["closes_at"] is not None and m["closes_at"] < "2027-01-05T00:00:00",
    ),
    (
        {"closes_before": "2027-01-05T01:00:00+01:00"},
        lambda m: m["closes_at"] is not None and m["closes_at"] < "2027-01-05T00:00:00",
    ),
    (
        {"platform": "polymarket", "category": "sports", "min_liquidity": "300", "text": "even"},
        lambda m: m["category"] == "sports" and (m["liquidity"] or 0) >= 300 and int(m["external_id"]) % 2 == 0,
    ),
]


@pytest.mark.parametrize(("params", "belongs"), FILTERS, ids=[str(params) for params, _ in FILTERS])
def test_a_filter_finds_what_fits_and_nothing_else(
    library: Library, params: dict[str, Any], belongs: Callable[[Market], bool]
) -> None:
    everything = listed(library.markets)

    found = listed(library.markets, **params)

    assert numbers(found) == {market["market_id"] for market in everything if belongs(market)}
    assert len(found) < len(everything)
    assert found or params == {"text": "%%"}


def test_a_market_has_the_shape_that_all_services_know(library: Library) -> None:
    everything = listed(library.markets)

    assert len(everything) == 40
    assert all(set(market) >= SHAPE for market in everything)


RANKS: list[tuple[str, str, bool]] = [
    ("volume", "volume", True),
    ("volume_24h", "volume_24h", True),
    ("liquidity", "liquidity", True),
    ("closes_at", "closes_at", False),
]


@pytest.mark.parametrize("limit", [1, 7, 39, 1000])
@pytest.mark.parametrize(("order", "field", "descending"), RANKS)
def test_a_rank_pages_through_every_market_once_with_the_unknown_last(
    library: Library, order: str, field: str, descending: bool, limit: int
) -> None:
    found = listed(library.markets, order=order, limit=limit)

    values = [market[field] for market in found]
    known = [value for value in values if value is not None]
    assert len(found) == len(numbers(found)) == 40
    assert known == sorted(known, reverse=descending)
    assert values[: len(known)] == known
    assert len(known) < 40 or order == "volume"


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_the_order_of_ids_pages_through_every_market_once(library: Library, limit: int) -> None:
    found = listed(library.markets, order="id", limit=limit)

    assert len(found) == len(numbers(found)) == 40


def test_the_last_page_says_that_it_is_the_last(library: Library) -> None:
    exactly = library.markets.get("/markets", params={"limit": 40}).json()
    more = library.markets.get("/markets", params={"limit": 39}).json()
    none = library.markets.get("/markets", params={"text": "nothing like it"}).json()

    assert (len(exactly["markets"]), exactly["cursor"]) == (40, None)
    assert len(more["markets"]) == 39
    assert more["cursor"] is not None
    assert none == {"markets": [], "cursor": None}


GARBAGE = [
    "garbage",
    "",
    "ÿ",
    "AAAA",
    "bnVsbA",
    cursor_of("volume", "1", 1),
    cursor_of("id", 1),
    cursor_of("id", "1", "1"),
    cursor_of(1, 2, 3),
]


@pytest.mark.parametrize("cursor", GARBAGE)
def test_a_cursor_that_this_list_did_not_make_is_refused_with_a_sentence(library: Library, cursor: str) -> None:
    answer = library.markets.get("/markets", params={"order": "id", "cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["error"] == "UnknownCursor"
    assert "start at the beginning" in answer.json()["detail"]


HOSTILE_KEYS = ["NaN", "sNaN", "Infinity", "1e999999", "x", "1; DROP TABLE markets", "0.1\x00", "9" * 200]


@pytest.mark.parametrize("key", HOSTILE_KEYS)
@pytest.mark.parametrize("order", ["volume", "closes_at"])
def test_a_cursor_with_a_forged_key_breaks_nothing(library: Library, order: str, key: str) -> None:
    answer = library.markets.get("/markets", params={"order": order, "cursor": cursor_of(order, key, 1)})

    assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize("last", [-1, 0, 2**31, 2**63, 10**40])
def test_a_cursor_with_a_forged_number_breaks_nothing(library: Library, last: int) -> None:
    for order in ("id", "volume"):
        answer = library.markets.get("/markets", params={"order": order, "cursor": cursor_of(order, "1", last)})
        assert answer.status_code in (200, 422), answer.text


def test_numbers_are_written_with_the_digits_they_have(library: Library) -> None:
    one = library.markets.get("/markets", params={"text": "harbour 1", "limit": 1})
    market = exact(one)["markets"][0]

    assert market["yes_bid"] == Decimal("0.11")
    assert market["no_bid"] == Decimal("0.88")
    assert market["yes_price"] == Decimal("0.115")
    assert market["spread"] == Decimal("0.01")
    assert b'"yes_bid":0.11,' in one.content
    assert b'"volume":300,' in one.content


def test_token_ids_keep_all_their_digits(library: Library) -> None:
    market = library.markets.get("/markets/polymarket:3").json()

    assert [side["token_id"] for side in market["sides"]] == [yes_token(3), no_token(3)]
    assert len(market["sides"][0]["token_id"]) == 78


def test_a_single_market_has_rules_fee_and_history(library: Library) -> None:
    polymarket = exact(library.markets.get("/markets/polymarket:3"))
    kalshi = exact(library.markets.get(f"/markets/kalshi:{ticker(1)}"))

    assert polymarket["rules"].startswith("Yes if the harbour master")
    assert polymarket["fee"] == {
        "fee_type": "weather_fees",
        "rate": Decimal("0.05"),
        "exponent": 1,
        "taker_only": True,
    }
    assert kalshi["fee"] == {"fee_type": "quadratic", "multiplier": 1}
    assert (polymarket["versions"], kalshi["versions"]) == ([], [])
    assert kalshi["category"] == "climate and weather"
    assert datetime.fromisoformat(polymarket["quoted_at"]).tzinfo is not None


def test_the_indicative_price_is_the_mid_only_of_a_narrow_quote(library: Library) -> None:
    for market in listed(library.markets):
        narrow = market["spread"] is not None and market["spread"] <= Decimal("0.10")
        mid = (market["yes_bid"] + market["yes_ask"]) / 2 if narrow else market["last_price"]
        assert market["yes_price"] == mid
        assert market["no_price"] == 1 - mid


def test_the_filtered_export_counts_and_lists_without_removing_anything(library: Library) -> None:
    limits = {"min_liquidity": "400", "min_volume": "400", "min_conviction": "0.3"}

    by_post = exact(library.markets.post("/markets/export-filtered-markets-db", params=limits))
    by_get = exact(library.markets.get("/markets/export-filtered-markets-db", params=limits))

    wanted = {
        market["market_id"]
        for market in listed(library.markets, status="open", min_liquidity="400", min_volume="400")
        if abs(market["yes_price"] - Decimal("0.5")) >= Decimal("0.3")
    }
    assert by_post == by_get
    assert wanted
    assert (by_post["count"], numbers(by_post["markets"])) == (len(wanted), wanted)
    assert len(listed(library.markets)) == 40


def test_limits_of_zero_do_not_ask(library: Library) -> None:
    answer = exact(library.markets.post("/markets/export-filtered-markets-db", params={"limit": 10}))

    assert answer["count"] == 39
    assert len(answer["markets"]) == 10
    following = {"limit": 1000, "cursor": answer["cursor"]}
    rest = exact(library.markets.post("/markets/export-filtered-markets-db", params=following))
    assert len(numbers(answer["markets"]) | numbers(rest["markets"])) == 39


def test_a_market_that_is_not_stored_is_404_with_a_sentence(library: Library) -> None:
    answer = library.markets.get("/markets/polymarket:404")

    assert answer.status_code == 404
    assert answer.json()["error"] == "MarketNotFound"
    assert answer.json()["facts"] == {"market_id": "polymarket:404"}


@pytest.mark.parametrize("command", ["refresh-prices", "books", "trades", "refresh-resolutions"])
def test_a_command_that_is_asked_for_by_get_is_no_market(library: Library, command: str) -> None:
    answer = library.markets.get(f"/markets/{command}")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["detail"] == "This address does not take that method."


def test_an_address_below_markets_that_is_nothing_is_not_found(library: Library) -> None:
    answer = library.markets.get("/markets/nonsense")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no /markets/nonsense here; see /docs."
