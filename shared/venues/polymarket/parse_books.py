"""The CLOB's books and price points, and the Data API's trades."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.venues.levels import best_first, check_uncrossed
from shared.venues.records import Book, Candle, FeeSchedule, Level, Period, PricePoint, Quote, Rejected, Side, Trade
from shared.venues.wire import (
    Amount,
    Count,
    Flag,
    Identifier,
    Price,
    Row,
    Text,
    Unreadable,
    above_zero,
    epoch,
    price_in,
    read_row,
    split,
)

_COMBO_ID_LENGTH = 64  # 0x and 62 digits; a market's condition id has 64 digits
_TRADE_IDENTITY = ("transaction_hash", "token_id", "proxy_wallet", "side", "size", "price")


class BookRow(Row):
    """A book of one token. Books of 2024 carry neither tick, minimum nor last price."""

    asset_id: Identifier
    bids: list[Any]
    asks: list[Any]
    timestamp: Any = None
    tick_size: Price | None = None
    min_order_size: Amount | None = None
    last_trade_price: Any = None


class FeeRow(Row):
    r: Price
    e: Amount
    to: Flag


class ClobMarketRow(Row):
    """The compact market of the CLOB; `fd` is left out where trading is free."""

    c: Identifier
    fd: FeeRow | None = None


class PointRow(Row):
    t: Count
    p: Price


class TradeRow(Row):
    """One taker's fills of one transaction and token. There is no id."""

    transaction_hash: Identifier
    token_id: Identifier
    condition_id: Identifier
    side: Text
    size: Amount
    price: Price
    timestamp: Any
    proxy_wallet: Text | None = None
    outcome_index: Count | None = None


_read_book = BookRow.__pydantic_validator__.validate_python
_read_market = ClobMarketRow.__pydantic_validator__.validate_python
_read_point = PointRow.__pydantic_validator__.validate_python
_read_trade = TradeRow.__pydantic_validator__.validate_python


def parse_book(row: object, *, external_id: str) -> Book | Rejected:
    """The book of a market's outcome 0. Both lists end with the best level, but who relies on that loses."""
    read = read_row(
        lambda fields: _book(_read_book(fields), external_id),
        row,
        platform="polymarket",
        entity="book",
        id_field="asset_id",
    )
    if isinstance(read, Rejected):
        return Rejected("polymarket", "book", external_id, read.kind, read.reason)
    return read


def _book(row: BookRow, external_id: str) -> Book:
    bids = best_first(map(_level, row.bids), "bids", highest_first=True)
    asks = best_first(map(_level, row.asks), "asks", highest_first=False)
    check_uncrossed(bids, asks)
    return Book(
        platform="polymarket",
        external_id=external_id,
        bids=bids,
        asks=asks,
        venue_time=None if row.timestamp in (None, "") else epoch(row.timestamp, "timestamp", per_second=1000),
        tick_size=above_zero(row.tick_size),
        min_size=row.min_order_size,
        last_price=_last_price(row.last_trade_price),
    )


def _level(level: Any) -> tuple[object, object]:
    return level["price"], level["size"]


def _last_price(price: object) -> Decimal | None:
    """Empty means never traded."""
    if price is None or price == "":
        return None
    return above_zero(price_in(price, "last_trade_price"))


def quote_of(book: Book) -> Quote:
    bid: Level | tuple[None, None] = book.bids[0] if book.bids else (None, None)
    ask: Level | tuple[None, None] = book.asks[0] if book.asks else (None, None)
    return Quote(yes_bid=bid[0], yes_ask=ask[0], yes_bid_size=bid[1], yes_ask_size=ask[1], last_price=book.last_price)


def parse_fee(row: object) -> FeeSchedule | Rejected | None:
    """The fee terms of `/clob-markets`; never `mbf`, `tbf` or `/fee-rate`, which are legacy ceilings."""
    return read_row(_fee, row, platform="polymarket", entity="fee", id_field="c")


def _fee(fields: Any) -> FeeSchedule | None:
    terms = _read_market(fields).fd
    return None if terms is None else FeeSchedule(terms.r, terms.e, terms.to, fee_type=None)


def parse_points(
    rows: Sequence[object], *, external_id: str, start: datetime, end: datetime
) -> tuple[tuple[PricePoint, ...], tuple[Rejected, ...]]:
    """Points of `/prices-history` from `start` to `end`. The venue adds one of now, whatever was asked."""

    def build(fields: Any) -> PricePoint:
        point = _read_point(fields)
        return PricePoint(at=epoch(point.t, "t"), price=point.p)

    def read(row: object) -> PricePoint | Rejected:
        return read_row(build, row, platform="polymarket", entity="price_point", id_field="t")

    points, rejected = split(map(read, rows))
    named = tuple(Rejected(each.platform, each.entity, external_id, each.kind, each.reason) for each in rejected)
    return tuple(point for point in points if start <= point.at <= end), named


def candles_of(points: Sequence[PricePoint], period: Period) -> tuple[Candle, ...]:
    """Open, high, low and close of the points of each period; no candle where there is no point."""
    candles: list[Candle] = []
    seconds = period * 60
    for point in sorted(points, key=lambda each: each.at):
        started = int(point.at.timestamp()) // seconds * seconds
        opened_at = datetime.fromtimestamp(started, UTC)
        price = point.price
        if candles and candles[-1].opened_at == opened_at:
            last = candles[-1]
            candles[-1] = Candle(opened_at, last.open, max(last.high, price), min(last.low, price), price)
        else:
            candles.append(Candle(opened_at, price, price, price, price))
    return tuple(candles)


def windows(start: datetime, end: datetime, longest: timedelta) -> list[tuple[datetime, datetime]]:
    """Consecutive windows from `start` to `end`, none longer than the venue answers."""
    found: list[tuple[datetime, datetime]] = []
    while start < end:
        stop = min(start + longest, end)
        found.append((start, stop))
        start = stop
    return found


def parse_trade(row: object, *, yes_token_id: str | None) -> Trade | Rejected:
    """One trade, told from the yes side where we know which token that is."""

    def build(fields: Any) -> Trade:
        return _trade(_read_trade(fields), yes_token_id)

    return read_row(build, row, platform="polymarket", entity="trade", id_field="transaction_hash")


def _trade(row: TradeRow, yes_token_id: str | None) -> Trade:
    if len(row.condition_id) == _COMBO_ID_LENGTH:
        raise Unreadable("combo", "condition_id", "a bet on several markets at once is no trade of this market")
    if row.side not in ("BUY", "SELL"):
        raise Unreadable("unknown_word", "side", f"`side` is {row.side[:20]!r}")
    if row.size == 0:
        raise Unreadable("out_of_range", "size", "a trade of size 0")
    bought = _side_of(row, yes_token_id)
    taker_side: Side | None = None
    price = row.price
    if bought is not None:
        opposite: Side = "no" if bought == "yes" else "yes"
        taker_side = bought if row.side == "BUY" else opposite
        price = price if bought == "yes" else 1 - price
    return Trade(
        platform="polymarket",
        external_id=_digest(row),
        market_key=row.condition_id,
        token_id=row.token_id,
        taker_side=taker_side,
        price=price,
        size=row.size,
        traded_at=epoch(row.timestamp, "timestamp"),
        wallet=row.proxy_wallet.lower() if row.proxy_wallet else None,
    )


def _side_of(row: TradeRow, yes_token_id: str | None) -> Side | None:
    """Whose token was traded. `outcome_index` is 999 on rows that the venue has not labelled yet."""
    if yes_token_id is not None:
        return "yes" if row.token_id == yes_token_id else "no"
    if row.outcome_index == 0:
        return "yes"
    return "no" if row.outcome_index == 1 else None


def _digest(row: TradeRow) -> str:
    identity = "|".join(str(getattr(row, field)) for field in _TRADE_IDENTITY)
    return hashlib.sha256(identity.encode()).hexdigest()
