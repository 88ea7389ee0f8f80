"""The CLOB's books, fees and price points, and the Data API's trades."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.venues.polymarket.parse import (
    candles_of,
    parse_book,
    parse_fee,
    parse_points,
    parse_trade,
    quote_of,
    windows,
)
from shared.venues.records import Book, Candle, FeeSchedule, PricePoint, Quote, Rejected, Trade
from tests.venues.rows import ABSENT, NO_TOKEN, YES_TOKEN, clob_book, data_trade

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def book(**changes: object) -> Book:
    read = parse_book(clob_book(changes=changes), external_id="5001")
    assert isinstance(read, Book), read
    return read


def test_the_best_level_comes_first_although_the_venue_sends_it_last() -> None:
    read = book()

    assert read.bids == ((Decimal("0.4"), Decimal("30.5")), (Decimal("0.01"), Decimal(500)))
    assert read.asks == ((Decimal("0.41"), Decimal(12)), (Decimal("0.99"), Decimal(700)))
    assert read.venue_time == datetime.fromtimestamp(1795160000.123, UTC)
    assert quote_of(read) == Quote(Decimal("0.4"), Decimal("0.41"), Decimal("30.5"), Decimal(12), Decimal("0.405"))


def test_the_order_of_the_levels_does_not_matter() -> None:
    one, other = clob_book(), clob_book()
    other["bids"].reverse()
    other["asks"].reverse()

    assert parse_book(one, external_id="1") == parse_book(other, external_id="1")


def test_the_no_side_is_the_mirror() -> None:
    read = book()

    assert read.no_bids[0] == (Decimal("0.59"), Decimal(12))
    assert read.no_asks[0] == (Decimal("0.6"), Decimal("30.5"))


def test_an_empty_book_is_a_book() -> None:
    read = book(bids=[], asks=[], last_trade_price="")

    assert (read.bids, read.asks) == ((), ())
    assert quote_of(read) == Quote(None, None, None, None, None)


def test_the_books_of_2024_say_less() -> None:
    read = book(tick_size=ABSENT, min_order_size=ABSENT, last_trade_price=ABSENT)

    assert (read.tick_size, read.min_size, read.last_price) == (None, None, None)


def test_a_level_of_nothing_is_no_level() -> None:
    read = book(bids=[{"price": "0.4", "size": "0"}, {"price": "0.3", "size": "5"}])

    assert read.bids == ((Decimal("0.3"), Decimal(5)),)


def levels(**level: object) -> list[dict[str, object]]:
    return [{"price": "0.2", "size": "1"}, {key: value for key, value in level.items() if value is not ABSENT}]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("asset_id", ABSENT, "missing:asset_id"),
        ("bids", ABSENT, "missing:bids"),
        ("bids", None, "not_a_list:bids"),
        ("asks", {"0.4": 1}, "not_a_list:asks"),
        ("bids", levels(price="0.3"), "missing:bids.size"),
        ("bids", levels(size="3"), "missing:bids.price"),
        ("bids", levels(price="cheap", size="3"), "not_a_number:bids"),
        ("bids", levels(price=None, size="3"), "not_a_number:bids"),
        ("bids", levels(price=True, size="3"), "not_a_number:bids"),
        ("bids", levels(price="0.3", size=False), "not_a_number:bids"),
        ("bids", levels(price="NaN", size="3"), "not_a_number:bids"),
        ("bids", levels(price="0.3", size="NaN"), "not_a_number:bids"),
        ("bids", levels(price="0.3", size="sNaN"), "not_a_number:bids"),
        ("bids", levels(price="0.3", size="-3"), "out_of_range:bids"),
        ("bids", levels(price="0.3", size="1e20"), "out_of_range:bids"),
        ("bids", levels(price="7", size="3"), "out_of_range:bids"),
        ("bids", levels(price="0", size="3"), "out_of_range:bids"),
        ("bids", levels(price=YES_TOKEN, size="3"), "out_of_range:bids"),
        ("asks", levels(price="1", size="3"), "out_of_range:asks"),
        ("asks", levels(price="-0.1", size="3"), "out_of_range:asks"),
        ("bids", ["0.3"], "not_a_number:bids"),
        ("bids", levels(price="0.41", size="3"), "crossed:book"),
        ("timestamp", "late", "not_a_time:timestamp"),
        ("timestamp", True, "not_a_time:timestamp"),
        ("timestamp", "9" * 40, "not_a_time:timestamp"),
        ("tick_size", "x", "not_a_number:tick_size"),
        ("min_order_size", "-5", "out_of_range:min_order_size"),
        ("last_trade_price", "x", "not_a_number:last_trade_price"),
        ("last_trade_price", "1.2", "out_of_range:last_trade_price"),
    ],
)
def test_a_book_that_cannot_be_read_is_rejected(field: str, value: object, kind: str) -> None:
    read = parse_book(clob_book(changes={field: value}), external_id="5001")

    assert isinstance(read, Rejected)
    assert (read.kind, read.external_id) == (kind, "5001")


def test_the_fee_comes_from_fd_and_never_from_the_legacy_fields() -> None:
    charged = parse_fee({"c": "0x1", "mbf": 1000, "tbf": 1000, "fd": {"r": 0, "e": 1, "to": True}})
    free = parse_fee({"c": "0x1", "mbf": 1000, "tbf": 1000})
    broken = parse_fee({"c": "0x1", "fd": {"r": "x", "e": 1, "to": True}})

    assert charged == FeeSchedule(Decimal(0), Decimal(1), taker_only=True, fee_type=None)
    assert free is None
    assert isinstance(broken, Rejected)


def test_points_outside_the_window_are_dropped() -> None:
    start, end = NOON, NOON + timedelta(hours=1)
    stamp = int(NOON.timestamp())
    rows = [{"t": stamp + offset, "p": Decimal("0.5")} for offset in (-60, 0, 1800, 3600, 99999)]

    points, rejected = parse_points([*rows, {"t": stamp, "p": 2}, {"t": "x"}], external_id="1", start=start, end=end)

    assert [point.at for point in points] == [start, start + timedelta(minutes=30), end]
    assert [each.kind for each in rejected] == ["out_of_range:p", "not_a_number:t"]


def test_candles_hold_the_range_of_their_points() -> None:
    minutes = [(0, "0.5"), (20, "0.7"), (59, "0.4"), (60, "0.41"), (190, "0.3")]
    points = [PricePoint(NOON + timedelta(minutes=minute), Decimal(price)) for minute, price in reversed(minutes)]

    candles = candles_of(points, 60)

    assert candles == (
        Candle(NOON, Decimal("0.5"), Decimal("0.7"), Decimal("0.4"), Decimal("0.4")),
        Candle(NOON + timedelta(hours=1), *[Decimal("0.41")] * 4),
        Candle(NOON + timedelta(hours=3), *[Decimal("0.3")] * 4),
    )


def test_days_begin_at_midnight_utc() -> None:
    [candle] = candles_of([PricePoint(NOON, Decimal("0.5"))], 1440)

    assert candle.opened_at == datetime(2026, 11, 21, tzinfo=UTC)


def test_windows_cover_the_span_without_a_gap() -> None:
    spans = windows(NOON, NOON + timedelta(days=40), timedelta(days=15))

    assert [(until - since).days for since, until in spans] == [15, 15, 10]
    assert spans[0][0] == NOON
    assert spans[1][0] == spans[0][1]
    assert windows(NOON, NOON, timedelta(days=15)) == []


def trade(yes_token_id: str | None = YES_TOKEN, **changes: object) -> Trade:
    read = parse_trade(data_trade(**changes), yes_token_id=yes_token_id)
    assert isinstance(read, Trade), read
    return read


@pytest.mark.parametrize(
    ("token", "side", "taker", "price"),
    [
        (YES_TOKEN, "BUY", "yes", "0.52"),
        (YES_TOKEN, "SELL", "no", "0.52"),
        (NO_TOKEN, "BUY", "no", "0.48"),
        (NO_TOKEN, "SELL", "yes", "0.48"),
    ],
)
def test_a_trade_is_told_from_the_yes_side(token: str, side: str, taker: str, price: str) -> None:
    read = trade(token_id=token, side=side, price=Decimal("0.52"), size=Decimal("22.84"))

    assert (read.taker_side, read.price, read.size) == (taker, Decimal(price), Decimal("22.84"))
    assert read.wallet == "0xab00000000000000000000000000000000000001"
    assert read.traded_at == datetime.fromtimestamp(1795160000, UTC)


def test_a_trade_that_the_venue_has_not_labelled_yet_keeps_its_tokens_price() -> None:
    unlabelled = trade(yes_token_id=None, outcome_index=999, price=Decimal("0.52"))
    labelled = trade(yes_token_id=None, outcome_index=1, price=Decimal("0.52"))
    joined = trade(outcome_index=999, token_id=NO_TOKEN, price=Decimal("0.52"))

    assert (unlabelled.taker_side, unlabelled.price) == (None, Decimal("0.52"))
    assert (labelled.taker_side, labelled.price) == ("no", Decimal("0.48"))
    assert (joined.taker_side, joined.price) == ("no", Decimal("0.48"))


def test_the_same_row_has_the_same_id_and_any_other_another() -> None:
    ids = {
        trade(size=Decimal(1)).external_id,
        trade(size=Decimal(2)).external_id,
        trade(size=Decimal(1), price=Decimal("0.1")).external_id,
        trade(size=Decimal(1), transaction_hash="0x02").external_id,
        trade(size=Decimal(1), proxy_wallet="0xCD").external_id,
        trade(size=Decimal(1), side="SELL").external_id,
    }

    assert len(ids) == 6
    assert trade(size=Decimal(1)).external_id in ids


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("condition_id", "0x" + "ab" * 31, "combo:condition_id"),
        ("condition_id", ABSENT, "missing:condition_id"),
        ("transaction_hash", "", "missing:transaction_hash"),
        ("side", "HOLD", "unknown_word:side"),
        ("size", 0, "out_of_range:size"),
        ("size", "-1", "out_of_range:size"),
        ("price", "1.2", "out_of_range:price"),
        ("price", None, "not_a_number:price"),
        ("timestamp", None, "not_a_time:timestamp"),
        ("timestamp", ABSENT, "missing:timestamp"),
        ("token_id", 5, "not_text:token_id"),
    ],
)
def test_a_trade_that_cannot_be_read_is_rejected(field: str, value: object, kind: str) -> None:
    read = parse_trade(data_trade(**{field: value}), yes_token_id=YES_TOKEN)

    assert isinstance(read, Rejected)
    assert read.kind == kind
