"""The captured answers beside the checkout: every row of them is read, or rejected for a reason stated here."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jiter import from_json

from shared.venues.kalshi import parse as kalshi
from shared.venues.polymarket import parse as polymarket
from shared.venues.records import Book, Candle, Market, Rejected, Resolution

Shape = tuple[str, Callable[[dict[str, Any]], bool], Callable[[Any], object]]

POLYMARKET_SHAPES: list[Shape] = [
    (
        "market",
        lambda row: "question" in row and ("outcomePrices" in row or "outcomes" in row),
        polymarket.parse_market,
    ),
    (
        "event",
        lambda row: "title" in row and ("markets" in row or "commentCount" in row) and "seriesType" not in row,
        polymarket.parse_event,
    ),
    ("series", lambda row: "seriesType" in row, polymarket.parse_series),
    ("tag", lambda row: {"id", "label", "slug"} <= row.keys(), polymarket.parse_tag),
    (
        "book",
        lambda row: {"bids", "asks", "asset_id"} <= row.keys(),
        lambda row: polymarket.parse_book(row, external_id="1"),
    ),
    (
        "trade",
        lambda row: {"transaction_hash", "proxy_wallet"} <= row.keys(),
        lambda row: polymarket.parse_trade(row, yes_token_id=None),
    ),
    ("fee", lambda row: "mos" in row, polymarket.parse_fee),
]
KALSHI_SHAPES: list[Shape] = [
    ("market", lambda row: {"ticker", "event_ticker", "status"} <= row.keys(), kalshi.parse_market),
    ("event", lambda row: {"event_ticker", "series_ticker", "title"} <= row.keys() - {"status"}, kalshi.parse_event),
    ("series", lambda row: {"ticker", "fee_type"} <= row.keys(), kalshi.parse_series),
    (
        "book",
        lambda row: bool({"orderbook_fp", "orderbook"} & row.keys()),
        lambda row: kalshi.parse_book(row, ticker="A"),
    ),
    ("trade", lambda row: {"trade_id", "created_time"} <= row.keys(), kalshi.parse_trade),
    ("candle", lambda row: "end_period_ts" in row, lambda row: kalshi.parse_candle(row, ticker="A", period=60)),
    (
        "exchange_status",
        lambda row: {"exchange_active", "trading_active"} <= row.keys() - {"description"},
        kalshi.parse_status,
    ),
]

# A socket announces new markets in a shorter form, which does not say whether they are closed.
STATED = {
    "ws_market_new_market.json": {"market missing:closed": 1},
    "ws_market_new_market_msg.json": {"market missing:closed": 1},
}


def decoded(path: Path) -> Any:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return from_json(content, float_mode="decimal", cache_mode="keys")


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a decoded file, at any depth."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from objects(each)


def read_all(files: list[Path], shapes: list[Shape]) -> tuple[Counter[str], dict[str, dict[str, int]]]:
    """How many rows of each shape were read, and which rejections each file gave."""
    read: Counter[str] = Counter()
    rejected: dict[str, dict[str, int]] = {}
    for path in files:
        for row in objects(decoded(path)):
            for name, fits, reader in shapes:
                if not fits(row):
                    continue
                record = reader(row)
                if isinstance(record, Rejected):
                    kinds = rejected.setdefault(path.name, {})
                    kinds[f"{name} {record.kind}"] = kinds.get(f"{name} {record.kind}", 0) + 1
                else:
                    read[name] += 1
    return read, rejected


def test_every_polymarket_sample_is_read(samples: Path) -> None:
    read, rejected = read_all(sorted((samples / "polymarket").glob("*.json")), POLYMARKET_SHAPES)

    assert rejected == {name: kinds for name, kinds in STATED.items() if name == "ws_market_new_market.json"}
    assert read >= Counter(market=28, event=9, series=5, tag=40, book=12, trade=4, fee=6)


def test_every_kalshi_sample_is_read(samples: Path) -> None:
    read, rejected = read_all(sorted((samples / "kalshi").glob("*.json")), KALSHI_SHAPES)

    assert rejected == {}
    assert read >= Counter(market=33, event=7, series=4, book=13, trade=6, candle=17, exchange_status=3)


def test_every_raw_fixture_is_read(captures: Path) -> None:
    files = sorted((captures / "polymarket" / "raw_fixtures").glob("*.json"))

    read, rejected = read_all(files, POLYMARKET_SHAPES)

    assert rejected == {"ws_market_new_market_msg.json": STATED["ws_market_new_market_msg.json"]}
    assert read >= Counter(market=10, event=5, book=3, tag=5)


def test_the_books_of_the_fed_event_are_best_first(samples: Path) -> None:
    rows = decoded(samples / "polymarket" / "clob_books_post_batch_fed_june_2026.json")

    books = [polymarket.parse_book(row, external_id="1") for row in rows]

    first = books[0]
    assert isinstance(first, Book)
    assert (first.bids[0], first.asks[0][0]) == ((Decimal("0.005"), Decimal("31357.09")), Decimal("0.006"))
    for book in books:
        assert isinstance(book, Book)
        assert list(book.bids) == sorted(book.bids, reverse=True)
        assert list(book.asks) == sorted(book.asks)


def test_the_yes_and_the_no_book_of_a_market_mirror_each_other(samples: Path) -> None:
    rows = decoded(samples / "polymarket" / "clob_books_post_batch_fed_june_2026.json")
    by_market: dict[str, list[Any]] = {}
    for row in rows:
        by_market.setdefault(row["market"], []).append(polymarket.parse_book(row, external_id="1"))

    pairs = [pair for pair in by_market.values() if len(pair) == 2]

    assert pairs
    for one, other in pairs:
        assert (one.no_bids[0][0], one.no_asks[0][0]) == (other.bids[0][0], other.asks[0][0])


@pytest.mark.parametrize(
    ("file", "status", "outcome"),
    [
        ("gamma_market_resolved_no", "final", "no"),
        ("gamma_market_resolved_yes_without_uma_status", "closed", None),
        ("gamma_market_resolved_legacy_scalar", "closed", None),
        ("gamma_market_resolved_legacy_zero_zero", "closed", None),
        ("gamma_market_disputed_open_negrisk", "disputed", None),
        ("gamma_market_crypto_5m_updown_open", "open", None),
    ],
)
def test_captured_ends_are_told_apart(samples: Path, file: str, status: str, outcome: str | None) -> None:
    row = decoded(samples / "polymarket" / f"{file}.json")

    market = polymarket.parse_market(row[0] if isinstance(row, list) else row)

    assert isinstance(market, Market)
    assert (market.status, market.outcome) == (status, outcome)


def test_the_captured_market_without_a_word_from_gamma_is_settled_by_the_clob(samples: Path) -> None:
    gamma = decoded(samples / "polymarket" / "gamma_market_resolved_yes_without_uma_status.json")
    clob = decoded(samples / "polymarket" / "clob_market_resolved_yes_accepting_orders_true.json")

    alone = polymarket.settle(gamma, None, None)
    confirmed = polymarket.settle(gamma, None, clob)

    assert isinstance(alone, Resolution)
    assert isinstance(confirmed, Resolution)
    assert (alone.status, alone.problem) == ("closed", "unconfirmed")
    assert (confirmed.status, confirmed.outcome, confirmed.source) == ("final", "yes", "gamma+clob")


def test_the_history_of_settlements_agrees_with_the_oracle(captures: Path) -> None:
    oracle = json.loads((captures / "oracles" / "gamma_settlement.json").read_text())["dev"]
    odd = {external_id for external_id, _ in oracle["odd_settlements"]}
    classes: Counter[str] = Counter()
    found_odd = set()
    volume: Counter[str] = Counter()
    names = {"yes": "first", "no": "second", "split": "split"}

    for line in gzip.decompress(
        (captures / "polymarket" / "gamma_events_2024_2025.jsonl.gz").read_bytes()
    ).splitlines():
        [row] = from_json(line, float_mode="decimal")["markets"]
        resolution = polymarket.settle({**row, "umaResolutionStatus": "resolved"} if row["closed"] else row, None, None)
        assert isinstance(resolution, Resolution), resolution
        outcome = names.get(resolution.outcome or "", "invalid") if row["closed"] else "open"
        classes[outcome] += 1
        volume[outcome] += row.get("volume") or 0
        if outcome in ("split", "invalid"):
            found_odd.add(row["id"])
            assert (resolution.problem == "prices_not_final") == (outcome == "invalid")

    assert classes == oracle["classes"]
    assert found_odd == odd
    assert {name: round(float(total), 1) for name, total in volume.items()} == {
        name: pytest.approx(total, abs=0.2) for name, total in oracle["volume"].items()
    }


def test_a_raw_pull_of_gamma_is_read_whole(captures: Path) -> None:
    events = decoded(captures / "polymarket" / "raw_gamma_events_active_2026-02-09.json.gz")

    read, rejected = polymarket.parse_events(events)
    markets = [
        polymarket.parse_market(row, event_external_id=event["id"]) for event in events for row in event["markets"]
    ]

    assert (len(read), rejected) == (40, ())
    statuses = Counter(market.status for market in markets if isinstance(market, Market))
    assert statuses == {"open": 133, "final": 30, "proposed": 17}


def test_all_open_events_of_kalshi_are_read(captures: Path) -> None:
    rows = decoded(captures / "kalshi" / "raw_open_events_2025-02-19.json.gz")["events"]

    records, rejected = kalshi.parse_events(rows)

    assert (len(records), rejected) == (1911, ())
    assert all(event.category == event.category.lower() for event in records if event.category)


def test_old_markets_and_books_in_cents_are_read(captures: Path) -> None:
    """An old client wrote its objects with a leading underscore; otherwise they are the venue's."""

    def bare(row: dict[str, Any]) -> dict[str, Any]:
        return {name.lstrip("_"): value for name, value in row.items()}

    dump = decoded(captures / "kalshi" / "sdk_dump_2024-07_market_data.json.gz")
    rows = [bare(row) for entry in dump for rows in entry.values() for row in rows]
    books = decoded(captures / "kalshi" / "sdk_dump_2024-07_orderbook_data.json.gz")

    markets = [kalshi.parse_market(row) for row in rows]
    read = [
        kalshi.parse_book({"orderbook": bare(book)}, ticker=ticker) for entry in books for ticker, book in entry.items()
    ]

    assert all(isinstance(market, Market) for market in markets)
    [climate] = [market for market in markets if isinstance(market, Market) and market.external_id == "EUCLIMATE-2030"]
    assert climate.quote is not None
    assert (climate.quote.yes_bid, climate.quote.yes_ask) == (Decimal("0.35"), Decimal("0.44"))
    assert len([book for book in read if isinstance(book, Book)]) == 100


def test_captured_candles_are_read(captures: Path) -> None:
    rows = decoded(captures / "kalshi" / "raw_candlesticks_response_2026-04.json")["candlesticks"]

    candles = [kalshi.parse_candle(row, ticker="A", period=60) for row in rows]

    closes = [candle.close for candle in candles if isinstance(candle, Candle)]
    assert closes == [Decimal("0.71"), Decimal("0.69"), Decimal("0.705"), Decimal("0.97")]


def test_the_markets_of_a_played_match_end_as_they_did(captures: Path) -> None:
    """The collector kept result and status under other names; the venue's own are put back."""
    match = decoded(captures / "kalshi" / "live_tennis_match_KXITFWMATCH-26JUL14ZELADA.json.gz")
    rows = [
        {
            "ticker": row["market_ticker"],
            "event_ticker": match["match_ticker"],
            "status": row["status"],
            "result": row["result"],
        }
        for row in match["markets"]
    ]

    markets = [kalshi.parse_market(row) for row in rows]

    assert [(market.status, market.outcome) for market in markets if isinstance(market, Market)] == [
        ("final", "yes"),
        ("final", "no"),
    ]
