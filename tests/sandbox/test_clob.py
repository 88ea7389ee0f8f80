"""The CLOB as a client meets it: best level last, missing books, strings, windows of histories."""

import json
from typing import Any

import pytest

from tests.sandbox.conftest import NOON, Served

UNKNOWN = "7" * 77


@pytest.fixture
def market(served: Served) -> dict[str, Any]:
    """A busy open market with quotes on both sides."""
    params: dict[str, Any] = {"limit": 100, "order": "volume24hr", "ascending": "false"}
    rows = served.get("/gamma/markets/keyset", **params).json()["markets"]
    return next(row for row in rows if "bestBid" in row and "bestAsk" in row and row["negRisk"])


@pytest.fixture
def tokens(market: dict[str, Any]) -> list[str]:
    found: list[str] = json.loads(market["clobTokenIds"])
    return found


def test_the_best_level_is_the_last_of_each_list(served: Served, tokens: list[str]) -> None:
    book = served.get("/clob/book", token_id=tokens[0]).json()

    bids = [float(level["price"]) for level in book["bids"]]
    asks = [float(level["price"]) for level in book["asks"]]

    assert bids == sorted(bids)
    assert asks == sorted(asks, reverse=True)
    assert bids[-1] < asks[-1]
    assert book["timestamp"] == str(int(NOON * 1000))
    assert len(book["hash"]) == 40
    assert {type(book[name]) for name in ("tick_size", "min_order_size", "last_trade_price")} == {str}


def test_the_book_of_the_second_token_mirrors_the_first(served: Served, tokens: list[str]) -> None:
    first, second = (served.get("/clob/book", token_id=token).json() for token in tokens)

    mirrored = [(round(1 - float(level["price"]), 4), level["size"]) for level in first["bids"]]

    assert mirrored == [(round(float(level["price"]), 4), level["size"]) for level in second["asks"]]
    assert first["last_trade_price"] == second["last_trade_price"]


def test_prices_agree_with_the_book(served: Served, tokens: list[str]) -> None:
    token = tokens[0]
    book = served.get("/clob/book", token_id=token).json()
    bid, ask = book["bids"][-1]["price"], book["asks"][-1]["price"]

    assert served.get("/clob/price", token_id=token, side="BUY").json() == {"price": bid}
    assert served.get("/clob/price", token_id=token, side="SELL").json() == {"price": ask}
    items = [{"token_id": token, "side": side} for side in ("BUY", "SELL")]
    assert served.post("/clob/prices", items).json() == {token: {"BUY": bid, "SELL": ask}}
    assert served.post("/clob/prices", [{"token_id": token}]).json() == {token: {"SELL": ask}}
    middle = served.get("/clob/midpoint", token_id=token).json()["mid"]
    assert float(middle) == pytest.approx((float(bid) + float(ask)) / 2)
    assert served.post("/clob/midpoints", [{"token_id": token}]).json() == {token: middle}
    spread = served.get("/clob/spread", token_id=token).json()["spread"]
    assert float(spread) == pytest.approx(float(ask) - float(bid))
    assert served.post("/clob/spreads", [{"token_id": token}]).json() == {token: spread}


def test_batches_drop_missing_books_and_keep_no_order(served: Served) -> None:
    rows = served.get("/gamma/markets/keyset", limit=100).json()["markets"]
    asked = [json.loads(row["clobTokenIds"])[0] for row in rows] + [UNKNOWN]

    books = served.post("/clob/books", [{"token_id": token} for token in asked]).json()

    answered = [book["asset_id"] for book in books]
    assert set(answered) < set(asked)
    assert answered != [token for token in asked if token in set(answered)]


def test_what_the_clob_refuses(served: Served, tokens: list[str]) -> None:
    no_book = {"error": "No orderbook exists for the requested token id"}

    assert served.get("/clob/book", expect=400).json() == {"error": "Invalid token id"}
    assert served.get("/clob/book", expect=404, token_id=UNKNOWN).json() == no_book
    too_many = served.post("/clob/books", [{"token_id": "1"}] * 501, expect=400)
    assert too_many.json() == {"error": "Payload exceeds the limit"}
    assert served.get("/clob/books", expect=400, token_ids=tokens[0]).json() == {"error": "Invalid payload"}
    assert served.post("/clob/books", {"token_id": tokens[0]}, expect=400).json() == {"error": "Invalid payload"}


def test_a_proposed_market_mostly_has_no_book(served: Served) -> None:
    found = {True: 0, False: 0}
    for minute in range(12):
        served.clock.now = NOON + 60 * minute
        page = served.get("/gamma/markets/keyset", limit=100, order="startDate", ascending="false").json()
        for row in page["markets"]:
            if row.get("umaResolutionStatus") == "proposed":
                [token, _] = json.loads(row["clobTokenIds"])
                answer = served.post("/clob/books", [{"token_id": token}]).json()
                found[bool(answer)] += 1

    assert found[False] > 0


def test_never_traded_is_a_half_without_a_side(served: Served) -> None:
    rows = served.get("/gamma/markets/keyset", limit=100).json()["markets"]
    silent = [row for row in rows if "lastTradePrice" not in row and "umaResolutionStatus" not in row]

    token = json.loads(silent[0]["clobTokenIds"])[0]

    assert served.get("/clob/last-trade-price", token_id=token).json() == {"price": "0.5", "side": ""}
    assert served.post("/clob/last-trades-prices", [{"token_id": token}]).json() == []
    assert served.get("/clob/book", token_id=token).json()["last_trade_price"] == ""


def test_a_market_by_condition_in_both_forms(served: Served, market: dict[str, Any], tokens: list[str]) -> None:
    compact = served.get(f"/clob/clob-markets/{market['conditionId']}").json()
    full = served.get(f"/clob/markets/{market['conditionId']}").json()

    assert [token["t"] for token in compact["t"]] == tokens
    assert compact["mts"] == full["minimum_tick_size"]
    assert compact["nr"] is True
    assert [token["token_id"] for token in full["tokens"]] == tokens
    assert not any(token["winner"] for token in full["tokens"])
    served.get("/clob/markets/0x12", expect=404)


def test_a_finished_market_has_one_winner(served: Served) -> None:
    closed = served.get("/gamma/markets/keyset", closed="true", limit=20).json()["markets"]
    row = next(item for item in closed if item["outcomePrices"] == '["0", "1"]')

    full = served.get(f"/clob/markets/{row['conditionId']}").json()

    assert full["closed"]
    assert [(token["price"], token["winner"]) for token in full["tokens"]] == [(0, False), (1, True)]


def test_all_markets_come_a_thousand_at_a_time_until_the_last_cursor(served: Served) -> None:
    first = served.get("/clob/markets").json()
    second = served.get("/clob/markets", next_cursor=first["next_cursor"]).json()

    assert first["count"] == len(first["data"]) == 1000
    assert second["next_cursor"] == "LTE="
    served.get("/clob/markets", expect=400, next_cursor="LTE=")


def test_a_history_has_its_windows(served: Served, tokens: list[str]) -> None:
    token = tokens[0]

    points = served.get("/clob/prices-history", market=token, interval="6h", fidelity=10).json()["history"]

    stamps = [point["t"] for point in points]
    assert stamps == sorted(stamps)
    assert stamps[0] >= NOON - 6 * 3600
    assert stamps[-1] == NOON
    assert all(0 <= point["p"] <= 1 for point in points)
    middle = float(served.get("/clob/midpoint", token_id=token).json()["mid"])
    assert points[-1]["p"] == pytest.approx(middle, abs=1e-4)


@pytest.mark.parametrize(
    "params, reason",
    [
        ({}, "the 'market' (asset id) is mandatory"),
        ({"market": UNKNOWN, "interval": "1w", "fidelity": "1"}, "minimum 'fidelity' for '1w' range is 5"),
        ({"market": UNKNOWN, "interval": "2d"}, "the 'interval' value is unknown"),
        ({"market": UNKNOWN, "startTs": "1", "endTs": "1300000"}, "'startTs' and 'endTs' interval is too long"),
    ],
)
def test_a_history_refuses_in_its_own_words(served: Served, params: dict[str, Any], reason: str) -> None:
    answer = served.get("/clob/prices-history", expect=400, **params)

    assert answer.json()["error"].startswith(f"invalid filters: {reason}")


def test_unknown_tokens_have_no_history_and_batches_answer_by_token(served: Served, tokens: list[str]) -> None:
    assert served.get("/clob/prices-history", market=UNKNOWN, interval="1d").json() == {"history": []}

    batch = served.post("/clob/batch-prices-history", {"markets": [*tokens, UNKNOWN], "interval": "1h", "fidelity": 5})

    history = batch.json()["history"]
    assert set(history) == {*tokens, UNKNOWN}
    assert [round(a["p"] + b["p"], 4) for a, b in zip(*(history[token] for token in tokens), strict=True)] == [
        1.0
    ] * len(history[tokens[0]])


def test_the_longest_history_of_a_resolved_market_is_empty_unless_coarse(served: Served) -> None:
    closed = served.get("/gamma/markets/keyset", closed="true", limit=20, order="endDate").json()["markets"]
    long_ago = next(row for row in closed if row.get("umaResolutionStatus") == "resolved")
    token = json.loads(long_ago["clobTokenIds"])[0]

    assert served.get("/clob/prices-history", market=token, interval="max").json()["history"] == []


def test_small_things(served: Served, tokens: list[str]) -> None:
    assert served.get("/clob/time").json() == int(NOON)
    assert served.get("/clob/fee-rate", token_id=tokens[0]).json() == {"base_fee": 1000}
    assert served.get("/clob/neg-risk", token_id=tokens[0]).json() == {"neg_risk": True}
    assert isinstance(served.get("/clob/tick-size", token_id=tokens[0]).json()["minimum_tick_size"], float)
