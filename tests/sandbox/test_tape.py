"""Trades against books: what prints is what was quoted, so an order that rests in the book meets the tape."""

import json
from datetime import datetime
from typing import Any

from tests.sandbox.conftest import NOON, Served

QUANTUM = 5  # seconds between two changes of the books
HOUR = 3600
KALSHI = "/kalshi/trade-api/v2"


def polymarket_touch(served: Served, token: str) -> tuple[float | None, float | None]:
    [book] = served.post("/clob/books", [{"token_id": token}]).json() or [{"bids": [], "asks": []}]
    bids, asks = ([float(level["price"]) for level in book[side]] for side in ("bids", "asks"))
    return max(bids, default=None), min(asks, default=None)


def kalshi_touch(served: Served, ticker: str) -> tuple[float | None, float | None]:
    book = served.get(f"{KALSHI}/markets/{ticker}/orderbook").json()["orderbook_fp"]
    yes, no = ([float(price) for price, _ in book[side]] for side in ("yes_dollars", "no_dollars"))
    return max(yes, default=None), None if not no else round(1 - max(no), 4)


def test_a_trade_of_polymarket_prints_at_the_quote_of_its_moment(served: Served) -> None:
    served.clock.now = NOON + HOUR
    rows = served.get("/data/v2/trades", limit=200).json()["data"][::5]
    compared = 0
    for row in rows:
        # The token's own price: what its book asks of a buyer, or bids to a seller, in either quantum of the second.
        quotes = []
        for moment in {row["timestamp"] // QUANTUM * QUANTUM, (row["timestamp"] + 1) // QUANTUM * QUANTUM}:
            served.clock.now = moment
            quotes.append(polymarket_touch(served, row["token_id"])[row["side"] == "BUY"])
        if None not in quotes:
            compared += 1
            assert row["price"] in quotes, row

    assert compared > 20


def test_a_trade_of_kalshi_prints_at_the_quote_of_its_moment(served: Served) -> None:
    served.clock.now = NOON + HOUR
    rows = served.get(f"{KALSHI}/markets/trades", limit=200).json()["trades"][::5]
    compared = 0
    for row in rows:
        moment = datetime.fromisoformat(row["created_time"]).timestamp()
        served.clock.now = moment // QUANTUM * QUANTUM
        quote = kalshi_touch(served, row["ticker"])[row["taker_outcome_side"] == "yes"]
        if quote is not None:
            compared += 1
            assert float(row["yes_price_dollars"]) == quote, row

    assert compared > 20


def test_bids_that_rest_at_the_touch_are_traded_through_in_time(served: Served) -> None:
    """By trades below them, or by sales at their price: in a day it happens to many, and not to all."""
    page = served.get("/gamma/markets/keyset", limit=100, order="volume24hr", ascending="false").json()["markets"]
    resting = {}
    for market in page[:40]:
        bid, _ = polymarket_touch(served, json.loads(market["clobTokenIds"])[0])
        if bid is not None:
            resting[market["conditionId"]] = (bid, json.loads(market["clobTokenIds"])[0])

    served.clock.now = NOON + 6 * HOUR
    met = [condition for condition, (bid, token) in resting.items() if _traded_at(served, condition, token, bid)]

    assert len(resting) > 20
    assert 0.2 * len(resting) < len(met) < len(resting)


def _traded_at(served: Served, condition: str, yes_token: str, bid: float) -> bool:
    rows: list[dict[str, Any]] = served.get("/data/v2/trades", condition=condition, limit=1000).json()["data"]
    return any(
        (row["price"] if row["token_id"] == yes_token else 1 - row["price"]) <= bid + 1e-9
        for row in rows
        if row["timestamp"] > NOON and (row["side"] == "SELL") == (row["token_id"] == yes_token)
    )
