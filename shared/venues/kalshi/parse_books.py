"""Kalshi's books, trades and candles."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.venues.levels import best_first, check_uncrossed
from shared.venues.records import Book, Candle, Period, Rejected, Side, Trade
from shared.venues.wire import (
    Amount,
    Cents,
    Count,
    Flag,
    Identifier,
    Price,
    Row,
    Text,
    Unreadable,
    epoch,
    moment,
    read_row,
)

_CENT = Decimal("0.01")


class TradeRow(Row):
    """A trade; `taker_side` is the older name of `taker_outcome_side`, `count` and `yes_price` are before 2026."""

    trade_id: Identifier
    ticker: Identifier
    created_time: str
    yes_price_dollars: Price | None = None
    yes_price: Cents | None = None
    count_fp: Amount | None = None
    count: Count | None = None
    taker_outcome_side: Text | None = None
    taker_side: Text | None = None
    is_block_trade: Flag | None = None


class PricesRow(Row):
    """Four prices of a period: `…_dollars` in the live tier, bare names in the historical one. Null: no trade."""

    open_dollars: Price | None = None
    high_dollars: Price | None = None
    low_dollars: Price | None = None
    close_dollars: Price | None = None
    open: Price | None = None
    high: Price | None = None
    low: Price | None = None
    close: Price | None = None


class CandleRow(Row):
    end_period_ts: Count
    price: PricesRow | None = None
    yes_bid: PricesRow | None = None
    yes_ask: PricesRow | None = None
    volume_fp: Amount | None = None
    volume: Amount | None = None


_read_trade = TradeRow.__pydantic_validator__.validate_python
_read_candle = CandleRow.__pydantic_validator__.validate_python


def parse_book(row: object, *, ticker: str) -> Book | Rejected:
    """A book of `/orderbook` or `/orderbooks`: it holds the bids of both sides, and asks are the other side's bids."""
    read = read_row(lambda fields: _book(fields, ticker), row, platform="kalshi", entity="book", id_field="ticker")
    if isinstance(read, Rejected):
        return Rejected("kalshi", "book", ticker, read.kind, read.reason)
    return read


def _book(fields: dict[str, Any], ticker: str) -> Book:
    yes, no = _sides(fields)
    bids = best_first(yes, "yes", highest_first=True)
    no_bids = best_first(no, "no", highest_first=True)
    asks = tuple([(1 - price, size) for price, size in no_bids])
    check_uncrossed(bids, asks)
    return Book(platform="kalshi", external_id=ticker, bids=bids, asks=asks, venue_time=None)


def _sides(fields: dict[str, Any]) -> tuple[Iterable[tuple[object, object]], Iterable[tuple[object, object]]]:
    """Both sides in dollars. A side that is empty may be a list, null or absent."""
    book = fields.get("orderbook_fp")
    if isinstance(book, dict):
        return _pairs(book.get("yes_dollars"), "yes_dollars"), _pairs(book.get("no_dollars"), "no_dollars")
    book = fields.get("orderbook")
    if isinstance(book, dict):
        return _legacy_side(book, "yes"), _legacy_side(book, "no")
    raise Unreadable("missing", "orderbook_fp", "there is no order book in the answer")


def _legacy_side(book: dict[str, Any], side: str) -> Iterable[tuple[object, object]]:
    """Before March 2026: whole cents, with the same levels in dollars beside them in the last months."""
    if book.get(f"{side}_dollars") is not None:
        return _pairs(book[f"{side}_dollars"], f"{side}_dollars")
    pairs = list(_pairs(book.get(side), side))
    if any(type(price) is not int for price, _ in pairs):
        raise Unreadable("not_a_number", side, f"`{side}` holds a price that is no number of cents")
    return [(price * _CENT, size) for price, size in pairs if isinstance(price, int)]


def _pairs(levels: object, field: str) -> Iterable[tuple[object, object]]:
    if levels is None:
        return ()
    if not isinstance(levels, list):
        raise Unreadable("not_a_list", field, f"`{field}` is no list of levels")
    for level in levels:
        if not isinstance(level, list) or len(level) != 2:
            raise Unreadable("not_a_list", field, f"a level of `{field}` is no pair of price and size")
    return [(level[0], level[1]) for level in levels]


def parse_trade(row: object) -> Trade | Rejected:
    return read_row(_trade, row, platform="kalshi", entity="trade", id_field="trade_id")


def _trade(fields: Any) -> Trade:
    row: TradeRow = _read_trade(fields)
    price = row.yes_price_dollars
    if price is None and row.yes_price is not None:
        price = row.yes_price * _CENT
    size = row.count_fp if row.count_fp is not None or row.count is None else Decimal(row.count)
    traded_at = moment(row.created_time, "created_time")
    if price is None or size is None or traded_at is None:
        field = "yes_price_dollars" if price is None else "count_fp" if size is None else "created_time"
        raise Unreadable("missing", field, f"`{field}` is missing")
    if size == 0:
        raise Unreadable("out_of_range", "count_fp", "a trade of size 0")
    return Trade(
        platform="kalshi",
        external_id=row.trade_id,
        market_key=row.ticker,
        token_id=None,
        taker_side=_side(row.taker_outcome_side or row.taker_side),
        price=price,
        size=size,
        traded_at=traded_at,
        block=row.is_block_trade is True,
    )


def _side(word: str | None) -> Side | None:
    match word:
        case "yes":
            return "yes"
        case "no":
            return "no"
        case None | "":
            return None
    raise Unreadable("unknown_word", "taker_outcome_side", f"`taker_outcome_side` is {word[:20]!r}")


def parse_candle(row: object, *, ticker: str, period: Period) -> Candle | Rejected | None:
    """One candle, or None for a period in which nobody traded and nobody quoted both sides."""

    def build(fields: Any) -> Candle | None:
        return _candle(_read_candle(fields), period)

    read = read_row(build, row, platform="kalshi", entity="candle", id_field="end_period_ts")
    if isinstance(read, Rejected):
        return Rejected("kalshi", "candle", ticker, read.kind, read.reason)
    return read


def _candle(row: CandleRow, period: Period) -> Candle | None:
    """Traded prices; without a trade the mid at the close, if both sides were really quoted then."""
    opened_at = epoch(row.end_period_ts, "end_period_ts") - timedelta(minutes=period)
    volume = row.volume_fp if row.volume_fp is not None else row.volume
    traded = _prices(row.price)
    if traded is not None:
        opening, high, low, close = traded
        return Candle(opened_at, opening, high, low, close, volume)
    bid, ask = _close(row.yes_bid), _close(row.yes_ask)
    if bid is None or ask is None or not 0 < bid < ask < 1:
        return None
    mid = (bid + ask) / 2
    return Candle(opened_at, mid, mid, mid, mid, volume)


def _prices(row: PricesRow | None) -> tuple[Decimal, Decimal, Decimal, Decimal] | None:
    if row is None:
        return None
    live = (row.open_dollars, row.high_dollars, row.low_dollars, row.close_dollars)
    bare = (row.open, row.high, row.low, row.close)
    for opening, high, low, close in (live, bare):
        if opening is not None and high is not None and low is not None and close is not None:
            return opening, high, low, close
    return None


def _close(row: PricesRow | None) -> Decimal | None:
    if row is None:
        return None
    return row.close_dollars if row.close_dollars is not None else row.close


def candle_spans(start: datetime, end: datetime, period: Period, candles_max: int) -> Sequence[tuple[int, int]]:
    """Spans of Unix seconds that together cover `start` to `end`, none with more than `candles_max` candles."""
    step = period * 60 * candles_max
    first, last = int(start.timestamp()), int(end.timestamp())
    return [(since, min(since + step, last)) for since in range(first, last, step)]


def as_epoch(at: datetime) -> str:
    return str(int(at.astimezone(UTC).timestamp()))


def end_of_candle(candle: Candle, period: Period) -> datetime:
    return candle.opened_at + timedelta(minutes=period)
