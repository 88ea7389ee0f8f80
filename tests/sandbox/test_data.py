"""The Data API as a client meets it: resolutions, trades by cursor, refusals with codes."""

import json
from typing import Any

import pytest

from tests.sandbox.conftest import NOON, Served

TRADES = "/data/v2/trades"


def test_a_final_market_has_its_payouts_and_an_open_one_no_row(served: Served) -> None:
    closed = served.get("/gamma/markets/keyset", closed="true", limit=20).json()["markets"]
    final = next(row for row in closed if row.get("umaResolutionStatus") == "resolved")
    open_one = served.get("/gamma/markets/keyset", limit=20, order="startDate", ascending="false").json()["markets"][0]

    conditions = f"{final['conditionId']},{open_one['conditionId']}"
    [row] = served.get("/data/v2/resolutions", condition=conditions).json()["data"]

    assert row["status"] == "resolved"
    assert [payout / 1_000_000 for payout in row["payouts"]] == [float(p) for p in json.loads(final["outcomePrices"])]
    assert row["resolved_at"] == row["last_update_timestamp"]


def test_a_pending_resolution_names_its_proposal(served: Served) -> None:
    found = {}
    for hour in range(40):
        served.clock.now = NOON + 3600 * hour
        for status in ("proposed", "disputed"):
            page = served.get("/gamma/markets/keyset", uma_resolution_status=status, limit=3).json()
            for market in page["markets"]:
                [row] = served.get("/data/v2/resolutions", condition=market["conditionId"]).json()["data"]
                found[row["status"]] = row

    assert found["proposed"]["proposed_price"] in ("0", str(10**18), str(5 * 10**17))
    assert found["proposed"]["price"] == "69"
    assert found["disputed"]["was_disputed"]
    assert found["disputed"]["last_update_timestamp"].isdecimal()
    assert "payouts" not in found["disputed"]


def test_trades_come_newest_first_and_each_once(served: Served) -> None:
    rows: list[Any] = []
    cursor: dict[str, Any] = {}
    for _ in range(5):
        page = served.get(TRADES, limit=100, **cursor).json()
        rows += page["data"]
        cursor = {"cursor": page["pagination"]["next_cursor"]}

    stamps = [row["timestamp"] for row in rows]
    keys = {(row["transaction_hash"], row["token_id"], row["size"]) for row in rows}

    assert stamps == sorted(stamps, reverse=True)
    assert len(keys) == len(rows) == 500


def test_fresh_trades_are_not_labelled_yet(served: Served) -> None:
    rows = served.get(TRADES, limit=1000).json()["data"]

    fresh = [row for row in rows if row["outcome_index"] == 999]

    assert fresh
    assert all(row["event_slug"] == "" and row["timestamp"] > NOON - 301 for row in fresh)
    assert all(isinstance(row["size"], float) for row in rows)


def test_trades_of_one_market_add_up_to_its_volume(served: Served) -> None:
    markets = served.get("/gamma/markets/keyset", limit=100).json()["markets"]
    market = next(row for row in markets if 100 < row.get("volumeNum", 0) < 20_000)

    rows: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = served.get(TRADES, condition=market["conditionId"], filter_amount="0", **cursor).json()
        rows += page["data"]
        if not page["pagination"]["has_more"]:
            break
        cursor = {"cursor": page["pagination"]["next_cursor"]}

    assert sum(row["size"] * row["price"] for row in rows) == pytest.approx(market["volumeNum"], rel=1e-3)


def test_the_tape_can_be_limited_to_large_trades(served: Served) -> None:
    rows = served.get(TRADES, filter_type="CASH", filter_amount="500", limit=50).json()["data"]

    assert rows
    assert all(row["size"] * row["price"] > 499 for row in rows)


@pytest.mark.parametrize(
    "path, params, parameter",
    [
        (TRADES, {"limit": "1001"}, "limit"),
        (TRADES, {"offset": "10"}, "offset"),
        (TRADES, {"cursor": "?"}, "cursor"),
        (TRADES, {"condition": "0x1", "event_id": "1"}, "event_id"),
        ("/data/v2/resolutions", {}, "condition"),
        ("/data/v2/resolutions", {"condition": ",".join(["0x1"] * 21)}, "condition"),
        ("/data/v2/prices-history", {"token_id": "1"}, "interval"),
    ],
)
def test_refusals_name_the_parameter(served: Served, path: str, params: dict[str, Any], parameter: str) -> None:
    body = served.get(path, expect=400, **params).json()

    assert (body["code"], body["retryable"], body["parameter"]) == ("invalid_request", False, parameter)


def test_tokens_lead_to_their_market(served: Served) -> None:
    market = served.get("/gamma/markets/keyset", limit=1).json()["markets"][0]
    first, second = json.loads(market["clobTokenIds"])

    rows = served.get("/data/v2/tokens", token_id=f"{first},{second}").json()["data"]

    assert [row["opposite_token_id"] for row in rows] == [second, first]
    assert {row["condition_id"] for row in rows} == {market["conditionId"]}


def test_a_settled_history_ends_with_the_payout(served: Served) -> None:
    closed = served.get("/gamma/markets/keyset", closed="true", limit=50, order="startDate").json()["markets"]
    final = next(row for row in closed if row.get("umaResolutionStatus") == "resolved")
    token = json.loads(final["clobTokenIds"])[0]

    points = served.get("/data/v2/prices-history", token_id=token, interval="max", limit=1000).json()["data"]

    assert points[-1]["resolution_seconds"] == 0
    assert points[-1]["price"] == float(json.loads(final["outcomePrices"])[0])


def test_the_status_says_how_far_behind_it_is(served: Served) -> None:
    assert served.get("/data/v2/status").json()["data"]["serving"]["lag_seconds"] >= 0
