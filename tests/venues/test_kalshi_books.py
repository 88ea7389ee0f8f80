"""Kalshi's books, trades and candles."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.venues.kalshi.parse import candle_spans, parse_book, parse_candle, parse_trade
from shared.venues.records import Book, Candle, Rejected, Trade
from tests.venues.rows import ABSENT, YES_TOKEN, changed, kalshi_book, kalshi_trade

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def book(row: dict[str, Any]) -> Book:
    read = parse_book(row, ticker="KXICE-27-MAR")
    assert isinstance(read, Book), read
    return read


def test_asks_are_the_bids_of_the_other_side() -> None:
    read = book(kalshi_book())

    assert read.bids == ((Decimal("0.4"), Decimal("30.5")), (Decimal("0.01"), Decimal(500)))
    assert read.asks == ((Decimal("0.41"), Decimal(12)),)
    assert read.no_bids == ((Decimal("0.59"), Decimal(12)),)
    assert read.no_asks[0] == (Decimal("0.6"), Decimal("30.5"))
    assert read.venue_time is None


def test_asks_come_best_first() -> None:
    read = book(kalshi_book(orderbook_fp={"no_dollars": [["0.0100", "5"], ["0.3000", "6"], ["0.2000", "7"]]}))

    assert [price for price, _ in read.asks] == [Decimal("0.7"), Decimal("0.8"), Decimal("0.99")]


@pytest.mark.parametrize(
    "answer",
    [
        {"orderbook_fp": {"yes_dollars": [], "no_dollars": []}},
        {"orderbook_fp": {}},
        {"orderbook_fp": {"yes_dollars": None, "no_dollars": None}},
        {"orderbook": {"yes": None, "no": None, "yes_dollars": None, "no_dollars": None}},
    ],
)
def test_an_empty_side_may_be_a_list_null_or_absent(answer: dict[str, Any]) -> None:
    read = book(answer)

    assert (read.bids, read.asks) == ((), ())


def test_cents_of_old_captures_are_cents() -> None:
    cents = book({"orderbook": {"yes": [[5, 100], [40, 7]], "no": [[55, 3]]}})
    both = book({"orderbook": {"yes": [[5, 100]], "yes_dollars": [["0.0550", 100]], "no": None}})

    assert cents.bids[0] == (Decimal("0.40"), Decimal(7))
    assert cents.asks[0] == (Decimal("0.45"), Decimal(3))
    assert both.bids == ((Decimal("0.055"), Decimal(100)),)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({}, "missing:orderbook_fp"),
        ({"orderbook_fp": []}, "missing:orderbook_fp"),
        ({"orderbook_fp": {"yes_dollars": {"0.4": 1}}}, "not_a_list:yes_dollars"),
        ({"orderbook_fp": {"yes_dollars": ["0.4"]}}, "not_a_list:yes_dollars"),
        ({"orderbook_fp": {"yes_dollars": [["0.4"]]}}, "not_a_list:yes_dollars"),
        ({"orderbook_fp": {"yes_dollars": [["cheap", "1"]]}}, "not_a_number:yes"),
        ({"orderbook_fp": {"yes_dollars": [[True, "1"]]}}, "not_a_number:yes"),
        ({"orderbook_fp": {"no_dollars": [["0.4", "-1"]]}}, "out_of_range:no"),
        ({"orderbook_fp": {"no_dollars": [["1.0000", "1"]]}}, "out_of_range:no"),
        ({"orderbook_fp": {"no_dollars": [[YES_TOKEN, "1"]]}}, "out_of_range:no"),
        ({"orderbook_fp": {"yes_dollars": [["0.6", "1"]], "no_dollars": [["0.4", "1"]]}}, "crossed:book"),
        ({"orderbook": {"yes": [["0.4", 1]]}}, "not_a_number:yes"),
        ({"orderbook": {"yes": [[400, 1]]}}, "out_of_range:yes"),
    ],
)
def test_a_book_that_cannot_be_read_is_rejected(answer: dict[str, Any], kind: str) -> None:
    read = parse_book(answer, ticker="KXICE-27-MAR")

    assert isinstance(read, Rejected)
    assert (read.kind, read.external_id) == (kind, "KXICE-27-MAR")


def test_a_trade_is_read() -> None:
    read = parse_trade(kalshi_trade())

    assert read == Trade(
        "kalshi",
        "t-1",
        "KXICE-27-MAR",
        None,
        "yes",
        Decimal("0.91"),
        Decimal(49),
        datetime(2026, 11, 7, 10, 2, 3, 545289, tzinfo=UTC),
    )


def test_old_trades_are_in_cents_and_whole_contracts() -> None:
    old = {"count_fp": ABSENT, "count": 3, "yes_price_dollars": ABSENT, "yes_price": 6, "taker_outcome_side": ABSENT}

    read = parse_trade(kalshi_trade(**old, taker_side="no"))

    assert isinstance(read, Trade)
    assert (read.price, read.size, read.taker_side) == (Decimal("0.06"), Decimal(3), "no")


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("trade_id", ABSENT, "missing:trade_id"),
        ("ticker", ABSENT, "missing:ticker"),
        ("yes_price_dollars", ABSENT, "missing:yes_price_dollars"),
        ("yes_price_dollars", "2", "out_of_range:yes_price_dollars"),
        ("count_fp", ABSENT, "missing:count_fp"),
        ("count_fp", "0.00", "out_of_range:count_fp"),
        ("count_fp", "-1", "out_of_range:count_fp"),
        ("created_time", ABSENT, "missing:created_time"),
        ("created_time", "0001-01-01T00:00:00Z", "missing:created_time"),
        ("created_time", "x", "not_a_time:created_time"),
        ("taker_outcome_side", "maybe", "unknown_word:taker_outcome_side"),
        ("is_block_trade", "no", "not_a_bool:is_block_trade"),
    ],
)
def test_a_trade_that_cannot_be_read_is_rejected(field: str, value: object, kind: str) -> None:
    read = parse_trade(kalshi_trade(**{field: value}))

    assert isinstance(read, Rejected)
    assert read.kind == kind


def side(opening: str, high: str, low: str, close: str, suffix: str = "_dollars") -> dict[str, str]:
    return {f"open{suffix}": opening, f"high{suffix}": high, f"low{suffix}": low, f"close{suffix}": close}


def candle_row(**changes: Any) -> dict[str, Any]:
    row = {
        "end_period_ts": int(NOON.timestamp()),
        "price": side("0.20", "0.29", "0.19", "0.21"),
        "yes_bid": side("0.19", "0.20", "0.18", "0.20"),
        "yes_ask": side("1.00", "1.00", "0.21", "0.22"),
        "volume_fp": "213.29",
    }
    return changed(row, changes)


def test_a_candle_begins_where_its_period_does() -> None:
    read = parse_candle(candle_row(), ticker="A", period=60)

    hour = NOON - timedelta(hours=1)
    assert read == Candle(hour, Decimal("0.20"), Decimal("0.29"), Decimal("0.19"), Decimal("0.21"), Decimal("213.29"))


def test_the_historical_tier_has_bare_names() -> None:
    row = candle_row(
        price=side("0.20", "0.29", "0.19", "0.21", ""), volume_fp=ABSENT, volume="51.00", yes_bid=ABSENT, yes_ask=ABSENT
    )

    read = parse_candle(row, ticker="A", period=1440)

    assert isinstance(read, Candle)
    assert (read.high, read.volume, read.opened_at) == (Decimal("0.29"), Decimal(51), NOON - timedelta(days=1))


MID = Decimal("0.21")
NULLS = {"open": None, "high": None, "low": None, "close": None, "previous": "0.05"}


@pytest.mark.parametrize("price", [{}, None, ABSENT, NULLS, {"previous_dollars": "0.05"}])
def test_without_a_trade_the_mid_at_the_close_counts(price: object) -> None:
    read = parse_candle(candle_row(price=price, volume_fp="0.00"), ticker="A", period=60)

    assert read == Candle(NOON - timedelta(hours=1), MID, MID, MID, MID, Decimal("0.00"))


@pytest.mark.parametrize(
    ("bid", "ask"), [("0.0000", "0.2200"), ("0.2000", "1.0000"), ("0.0000", "1.0000"), ("0.30", "0.30")]
)
def test_a_side_that_nobody_quotes_makes_no_mid(bid: str, ask: str) -> None:
    row = candle_row(price={}, yes_bid=side(*[bid] * 4), yes_ask=side(*[ask] * 4))

    assert parse_candle(row, ticker="A", period=60) is None


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("end_period_ts", ABSENT, "missing:end_period_ts"),
        ("end_period_ts", "x", "not_a_number:end_period_ts"),
        ("end_period_ts", 10**15, "not_a_time:end_period_ts"),
        ("price", 0.5, "not_an_object:price"),
        ("price", side("0.2", "2", "0.1", "0.2"), "out_of_range:price.high_dollars"),
        ("yes_bid", side("0.2", "x", "0.1", "0.2"), "not_a_number:yes_bid.high_dollars"),
        ("volume_fp", "-1", "out_of_range:volume_fp"),
    ],
)
def test_a_candle_that_cannot_be_read_is_rejected(field: str, value: object, kind: str) -> None:
    read = parse_candle(candle_row(**{field: value}), ticker="A", period=60)

    assert isinstance(read, Rejected)
    assert (read.kind, read.external_id) == (kind, "A")


def test_spans_cover_the_time_and_hold_no_more_candles_than_allowed() -> None:
    spans = candle_spans(NOON, NOON + timedelta(hours=25), 60, 10)

    assert spans[0][0] == NOON.timestamp()
    assert spans[-1][1] == (NOON + timedelta(hours=25)).timestamp()
    assert [until - since for since, until in spans] == [36_000, 36_000, 18_000]
