"""The sandbox's rows have the keys and the JSON types of captured ones, where captures lie beside the checkout."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import NOON, Served

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference" / "samples"
K = "/kalshi/trade-api/v2"
Row = dict[str, Any]

# What newer documentation adds and no capture holds yet.
KALSHI_NEWER = frozenset({"settlement_bounds_type", "is_provisional", "categories"})
# Documented as absent where nobody quotes or trades; every captured market happens to have them.
GAMMA_OPTIONAL = frozenset({"bestAsk", "spread", "lastTradePrice"})
# What the captures of summer 2026 still carried and the venue has removed since.
KALSHI_REMOVED = frozenset({"liquidity_dollars", "available_on_brokers"})


def captured(folder: str, *names: str) -> list[Any]:
    if not SAMPLES.is_dir():
        pytest.skip("no captured answers lie beside the checkout (shared/reference/samples)")
    return [json.loads((SAMPLES / folder / f"{name}.json").read_text()) for name in names]


def rows_with(value: Any, *keys: str) -> Iterator[Row]:
    """All objects in it that have these keys."""
    if isinstance(value, dict):
        if all(key in value for key in keys):
            yield value
        for item in value.values():
            yield from rows_with(item, *keys)
    elif isinstance(value, list):
        for item in value:
            yield from rows_with(item, *keys)


def kind_of(value: Any) -> str:
    names = {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return names.get(type(value), "null")


def kinds(rows: Iterable[Row]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row.items():
            found.setdefault(key, set()).add(kind_of(value))
    return found


def strangers(ours: Iterable[Row], theirs: list[Row], newer: frozenset[str] = frozenset()) -> list[str]:
    """Keys that the venue does not have, and keys whose type differs from all captured ones."""
    known = kinds(theirs)
    wrong = []
    for key, seen in kinds(ours).items():
        if key not in known and key not in newer:
            wrong.append(f"{key} is unknown")
        elif key in known and not seen <= known[key] | {"null"}:
            wrong.append(f"{key} is {seen}, captured {known[key]}")
    return wrong


def missing(ours: list[Row], theirs: list[Row], removed: frozenset[str] = frozenset()) -> set[str]:
    """Keys that every captured row has and some of ours lack."""
    everywhere = {key for key in theirs[0] if all(key in row for row in theirs)} - removed
    return {key for key in everywhere if not all(key in row for row in ours)}


def gamma_markets() -> list[Row]:
    names = (
        "gamma_event_negrisk_fed_june_2026",
        "gamma_event_negrisk_augmented_2028_nominee",
        "gamma_market_crypto_5m_updown_open",
        "gamma_market_resolved_no",
        "gamma_market_resolved_yes_without_uma_status",
        "gamma_market_sports_moneyline_resolved",
        "gamma_market_disputed_open_negrisk",
    )
    return list(rows_with(captured("polymarket", *names), "conditionId", "question", "outcomes"))


def test_gamma_markets_have_the_captured_keys_and_types(served: Served) -> None:
    theirs = gamma_markets()
    ours = served.get("/gamma/markets/keyset", limit=100).json()["markets"]
    ours += served.get("/gamma/markets/keyset", limit=100, closed="true").json()["markets"]

    assert strangers(ours, theirs) == []
    assert missing(ours, theirs, GAMMA_OPTIONAL) == set()


def test_gamma_events_series_and_tags_have_the_captured_keys_and_types(served: Served) -> None:
    names = (
        "gamma_event_negrisk_fed_june_2026",
        "gamma_event_sports_mlb_closed_no_markets",
        "gamma_market_crypto_5m_updown_open",
        "gamma_event_negrisk_augmented_2028_nominee",
    )
    theirs = captured("polymarket", *names)
    ours = served.get("/gamma/events/keyset", limit=100).json()["events"]
    ours += served.get("/gamma/events/keyset", limit=100, closed="true").json()["events"]

    their_events = [row for row in rows_with(theirs, "title", "slug", "negRisk") if "question" not in row]
    assert strangers(ours, their_events) == []
    their_series = list(rows_with(theirs, "seriesType"))
    assert strangers(rows_with(ours, "seriesType"), their_series) == []
    assert missing(list(rows_with(ours, "seriesType")), their_series) == set()
    their_tags = [*rows_with(theirs, "label", "slug"), *rows_with(captured("polymarket", "gamma_tags"), "label")]
    assert strangers(served.get("/gamma/tags", limit=100).json(), their_tags) == []


def test_books_and_compact_markets_have_the_captured_keys_and_types(served: Served) -> None:
    [their_books] = captured("polymarket", "clob_books_post_batch_fed_june_2026")
    compact = captured("polymarket", "clob_clob-markets_fed_june_2026", "clob_misc_small_responses")
    rows = served.get("/gamma/markets/keyset", limit=100).json()["markets"]
    tokens = [json.loads(row["clobTokenIds"])[0] for row in rows]

    books = served.post("/clob/books", [{"token_id": token} for token in tokens]).json()
    markets = [served.get(f"/clob/clob-markets/{row['conditionId']}").json() for row in rows[:20]]

    assert strangers(books, their_books) == []
    assert missing(books, their_books) == set()
    assert strangers(rows_with(books, "price"), list(rows_with(their_books, "price"))) == []
    assert strangers(markets, list(rows_with(compact, "mos")), frozenset({"sd"})) == []
    assert missing(markets, list(rows_with(compact, "mos")), frozenset({"nr", "fd"})) == set()


def test_clob_markets_have_the_captured_keys_and_types(served: Served) -> None:
    names = ("clob_market_resolved_no", "clob_market_resolved_yes_accepting_orders_true")
    theirs = [*rows_with(captured("polymarket", *names, "clob_markets_page_2024_trimmed"), "condition_id", "tokens")]

    ours = served.get("/clob/markets").json()["data"]

    assert strangers(ours, theirs) == []
    assert missing(ours, theirs) == set()


def test_rows_of_the_data_api_have_the_captured_keys_and_types(served: Served) -> None:
    trades, resolved, pending, points = captured(
        "polymarket",
        "datav2_trades",
        "datav2_resolutions_resolved",
        "datav2_resolutions_disputed_and_proposed",
        "datav2_prices_history",
    )
    closed = served.get("/gamma/markets/keyset", closed="true", limit=20).json()["markets"]
    conditions = ",".join(row["conditionId"] for row in closed)

    ours = served.get("/data/v2/resolutions", condition=conditions).json()["data"]
    waiting = [row for row in ours if row["status"] != "resolved"]
    done = [row for row in ours if row["status"] == "resolved"]
    tape = served.get("/data/v2/trades", limit=200).json()["data"]
    token = json.loads(closed[0]["clobTokenIds"])[0]
    history = served.get("/data/v2/prices-history", token_id=token, interval="max").json()["data"]

    assert strangers(tape, trades["data"]) == []
    assert missing(tape, trades["data"]) == set()
    assert strangers(done, resolved["data"]) == []
    assert missing(done, resolved["data"]) == set()
    assert strangers(waiting, pending["data"]) == []
    assert strangers(history, points["data"]) == []


def test_kalshi_markets_and_events_have_the_captured_keys_and_types(served: Served) -> None:
    names = (
        "market_active_2026-07",
        "events_nested_2026-07",
        "event_sports_nested_2026-08",
        "markets_settled_closed_and_errors_2026-08",
        "historical_markets_2026-08",
        "event_single_2026-07",
    )
    theirs = captured("kalshi", *names)
    ours = [row for kind in ("open", "closed", "settled") for row in markets_of(served, kind)]
    events = served.get(f"{K}/events", limit=200, status="open", with_nested_markets="true").json()["events"]

    their_markets = list(rows_with(theirs, "ticker", "event_ticker", "status"))
    assert strangers(ours, their_markets, KALSHI_NEWER) == []
    assert missing(ours, their_markets, KALSHI_REMOVED) == set()
    their_events = list(rows_with(theirs, "event_ticker", "series_ticker", "title"))
    overrides = frozenset({"fee_type_override", "fee_multiplier_override"})
    assert strangers(events, their_events, overrides) == []
    assert missing(events, their_events, KALSHI_REMOVED) == set()


def markets_of(served: Served, status: str) -> list[Row]:
    found: list[Row] = served.get(f"{K}/markets", status=status, limit=1000).json()["markets"]
    return found


def test_kalshis_books_trades_candles_and_series_have_the_captured_keys_and_types(served: Served) -> None:
    books, trades, hourly, daily, series = captured(
        "kalshi",
        "market_nested_single_orderbook_2026-08",
        "trades_rest_2026-06",
        "candlesticks_hourly_2026-07",
        "historical_candlesticks_daily_2026-08",
        "series_with_fee_fields_2026-08",
    )
    row = max(markets_of(served, "open"), key=lambda market: float(market["volume_fp"]))
    event = served.get(f"{K}/events/{row['event_ticker']}").json()["event"]
    window: dict[str, Any] = {"start_ts": int(NOON) - 30 * 86_400, "end_ts": int(NOON), "period_interval": 60}
    old = served.get(f"{K}/historical/markets", limit=1).json()["markets"][0]["ticker"]
    path = f"{K}/series/{event['series_ticker']}/markets/{row['ticker']}/candlesticks"

    candles = served.get(path, **window).json()["candlesticks"]
    past = served.get(f"{K}/historical/markets/{old}/candlesticks", start_ts=1, end_ts=int(NOON), period_interval=1440)

    book = served.get(f"{K}/markets/{row['ticker']}/orderbook").json()
    assert kinds([book["orderbook_fp"]]) == kinds([books["orderbook"]["orderbook_fp"]])
    tape = served.get(f"{K}/markets/trades", limit=50).json()["trades"]
    assert strangers(tape, trades["trades"]) == []
    assert missing(tape, trades["trades"]) == set()
    assert strangers(candles, hourly["candlesticks"]) == []
    assert missing(candles, hourly["candlesticks"]) == set()
    known = [candle["price"] for candle in hourly["candlesticks"]]
    assert strangers([candle["price"] for candle in candles], known) == []
    assert strangers(past.json()["candlesticks"], daily["candlesticks"]) == []
    known = [candle["price"] for candle in daily["candlesticks"]]
    assert strangers([candle["price"] for candle in past.json()["candlesticks"]], known) == []
    own = served.get(f"{K}/series").json()["series"]
    theirs = list(rows_with(series, "ticker", "fee_type"))
    assert strangers(own, theirs, KALSHI_NEWER) == []
    assert missing(own, theirs, frozenset({"product_metadata"})) == set()
