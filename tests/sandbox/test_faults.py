"""Each kind of misbehaviour, seen from the outside, and that it ends."""

import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import NOON, Served

KEYSET = "/gamma/markets/keyset"
K = "/kalshi/trade-api/v2"


def order(served: Served, **fault: Any) -> None:
    served.post("/sandbox/faults", [fault], expect=201)


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["markets"]]


@pytest.mark.parametrize(
    "kind, status",
    [("429", 429), ("status_500", 500), ("status_503", 503)],
)
def test_refusals_come_as_often_as_ordered_and_then_end(served: Served, kind: str, status: int) -> None:
    order(served, kind=kind, match="/gamma/", count=2)

    answers = [requests.get(served.url + KEYSET, timeout=9).status_code for _ in range(3)]

    assert answers == [status, status, 200]
    assert served.get("/sandbox/faults").json() == {"faults": []}


def test_a_refusal_can_say_when_to_come_again(served: Served) -> None:
    order(served, kind="429", match="/clob/", count=1, retry_after=7)

    assert served.get("/clob/time", expect=429).headers["retry-after"] == "7"
    assert "retry-after" not in served.get("/clob/time").headers


def test_a_share_strikes_evenly(served: Served) -> None:
    order(served, kind="status_503", match="/clob/time", share=0.25)

    answers = [requests.get(served.url + "/clob/time", timeout=9).status_code for _ in range(12)]

    assert answers.count(503) == 3
    assert answers[:5] == [503, 200, 200, 200, 503]


def test_faults_strike_only_where_they_match_and_only_for_their_time(served: Served) -> None:
    order(served, kind="status_500", match="/kalshi/", seconds=30)

    served.get("/clob/time")
    served.get(f"{K}/exchange/status", expect=500)
    served.clock.now = NOON + 31
    served.get(f"{K}/exchange/status")


def test_a_venue_can_be_down_while_the_other_one_works(served: Served) -> None:
    order(served, kind="venue_down", venue="polymarket")

    for path in ("/gamma/tags", "/clob/time", "/data/v2/status"):
        served.get(path, expect=503)
    served.get(f"{K}/exchange/status")


def test_latency_delays_and_answers(served: Served) -> None:
    order(served, kind="latency", match="/clob/time", delay=0.4, count=1)
    started = time.perf_counter()

    served.get("/clob/time")

    assert time.perf_counter() - started > 0.35


def test_a_timeout_ends_with_a_broken_answer(served: Served) -> None:
    order(served, kind="timeout", match="/clob/time", delay=0.3, count=2)

    with pytest.raises(requests.exceptions.Timeout):
        requests.get(served.url + "/clob/time", timeout=0.1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        requests.get(served.url + "/clob/time", timeout=5)
    served.get("/clob/time")


def test_json_can_be_cut_and_html_can_come_in_its_place(served: Served) -> None:
    order(served, kind="cut_json", match=KEYSET, count=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        served.get(KEYSET).json()

    order(served, kind="html_200", match=KEYSET, count=1)
    answer = served.get(KEYSET)

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("path, field", [(KEYSET, "question"), (f"{K}/events?with_nested_markets=true", "result")])
def test_a_field_can_be_missing_in_one_row(served: Served, path: str, field: str) -> None:
    whole = served.get(path).text.count(f'"{field}":')
    order(served, kind="missing_field", match=path.split("?")[0], field=field, count=1)

    assert served.get(path).text.count(f'"{field}":') == whole - 1


def test_a_field_can_be_of_another_type(served: Served) -> None:
    order(served, kind="mistyped_field", match=KEYSET, field="volumeNum", value=["a", "b"], count=1)

    rows = served.get(KEYSET).json()["markets"]

    assert next(row["volumeNum"] for row in rows if "volumeNum" in row) == ["a", "b"]
    assert sum(isinstance(row.get("volumeNum"), list) for row in rows) == 1


def test_a_page_can_come_twice(served: Served) -> None:
    first = served.get(KEYSET, limit=5).json()
    second = served.get(KEYSET, limit=5, after_cursor=first["next_cursor"]).json()
    order(served, kind="duplicate_page", match=KEYSET)

    again = served.get(KEYSET, limit=5).json()
    doubled = served.get(KEYSET, limit=5, after_cursor=again["next_cursor"]).json()

    assert ids(again) == ids(first)
    assert ids(doubled) == ids(first)
    assert doubled["next_cursor"] == second["next_cursor"]


def test_a_page_can_be_reordered(served: Served) -> None:
    straight = served.get(KEYSET, limit=5).json()
    order(served, kind="reordered_page", match=KEYSET, count=1)

    assert ids(served.get(KEYSET, limit=5).json()) == ids(straight)[::-1]


@pytest.mark.parametrize(
    "path, sent, read", [(KEYSET, "after_cursor", "next_cursor"), (f"{K}/markets", "cursor", "cursor")]
)
def test_a_cursor_can_come_back(served: Served, path: str, sent: str, read: str) -> None:
    cursor = served.get(path, limit=5).json()[read]
    order(served, kind="repeated_cursor", match=path)

    page = served.get(path, limit=5, **{sent: cursor}).json()

    assert page[read] == cursor


def test_a_book_can_be_stale(served: Served) -> None:
    token = json.loads(served.get(KEYSET, limit=1).json()["markets"][0]["clobTokenIds"])[0]
    order(served, kind="stale_book", match="/clob/book", age=600, count=1)

    stale = served.get("/clob/book", token_id=token).json()["timestamp"]
    fresh = served.get("/clob/book", token_id=token).json()["timestamp"]

    assert (stale, fresh) == (str(int(NOON - 600) * 1000), str(int(NOON) * 1000))


def test_books_can_be_gone(served: Served) -> None:
    token = json.loads(served.get(KEYSET, limit=1).json()["markets"][0]["clobTokenIds"])[0]
    ticker = served.get(f"{K}/markets", status="open", limit=1).json()["markets"][0]["ticker"]
    order(served, kind="no_book", match="book")

    assert "No orderbook exists" in served.get("/clob/book", expect=404, token_id=token).json()["error"]
    assert served.post("/clob/books", [{"token_id": token}]).json() == []
    empty: dict[str, list[Any]] = {"yes_dollars": [], "no_dollars": []}
    assert served.get(f"{K}/markets/{ticker}/orderbook").json()["orderbook_fp"] == empty
    several = served.get(f"{K}/markets/orderbooks", tickers=ticker).json()["orderbooks"]
    assert several == [{"ticker": ticker, "orderbook_fp": empty}]


def test_an_open_market_can_be_disputed(served: Served) -> None:
    row = served.get(KEYSET, limit=1, order="startDate", ascending="false").json()["markets"][0]
    order(served, kind="dispute", market=row["id"])

    disputed = served.get(f"/gamma/markets/{row['id']}").json()
    [resolution] = served.get("/data/v2/resolutions", condition=row["conditionId"]).json()["data"]

    assert disputed["umaResolutionStatus"] == "disputed"
    assert resolution["status"] == "disputed"
    requests.delete(served.url + "/sandbox/faults", timeout=9)
    assert "umaResolutionStatus" not in served.get(f"/gamma/markets/{row['id']}").json()


@pytest.mark.parametrize("kind", ["split", "void"])
def test_a_polymarket_market_can_end_in_a_half_for_each(served: Served, kind: str) -> None:
    row = served.get(KEYSET, limit=1).json()["markets"][0]
    order(served, kind=kind, market=row["conditionId"])

    market = served.get(f"/gamma/markets/{row['id']}").json()
    [resolution] = served.get("/data/v2/resolutions", condition=row["conditionId"]).json()["data"]

    assert (market["closed"], market["outcomePrices"]) == (True, '["0.5", "0.5"]')
    assert resolution["payouts"] == [500_000, 500_000]
    assert not any(token["winner"] for token in served.get(f"/clob/markets/{row['conditionId']}").json()["tokens"])


def test_a_kalshi_market_can_end_scalar_or_vanish(served: Served) -> None:
    first, second = served.get(f"{K}/markets", status="open", limit=2).json()["markets"]
    order(served, kind="split", market=first["ticker"])
    order(served, kind="void", market=second["ticker"])

    split = served.get(f"{K}/markets/{first['ticker']}").json()["market"]

    assert (split["status"], split["result"], split["settlement_value_dollars"]) == ("finalized", "scalar", "0.5000")
    served.get(f"{K}/markets/{second['ticker']}", expect=404)
    served.get(f"{K}/historical/markets/{second['ticker']}", expect=404)


def test_a_result_can_be_corrected(served: Served) -> None:
    row = served.get(f"{K}/markets", status="settled", limit=1).json()["markets"][0]
    order(served, kind="correction", market=row["ticker"])

    corrected = served.get(f"{K}/markets/{row['ticker']}").json()["market"]

    assert {row["result"], corrected["result"]} == {"yes", "no"}
    assert float(row["settlement_value_dollars"]) + float(corrected["settlement_value_dollars"]) == 1


def test_orders_that_make_no_sense_are_refused_with_a_sentence(served: Served) -> None:
    unknown = served.post("/sandbox/faults", [{"kind": "explode"}], expect=422).json()
    nobody = served.post("/sandbox/faults", [{"kind": "void", "market": "12"}], expect=404).json()
    typo = served.post("/sandbox/faults", [{"kind": "429", "shaer": 1}], expect=422).json()

    assert "kind" in unknown["detail"]
    assert nobody["error"] == "UnknownMarket"
    assert "shaer" in typo["detail"]
