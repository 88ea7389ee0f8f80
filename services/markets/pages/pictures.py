"""The pictures of one market's page: its price as a line and as candles, and the depth of its book."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from services.markets.domain.history import SPANS, Candle, Range
from shared.trading.books import Book, Ladder
from shared.ui.drawings import Chart, Mark, Series, color_of
from shared.ui.market_drawings import Stick, candles, depth

LINE = "#0072b2"
DEPTH_MAX = 400  # levels of a side


def price_chart(
    path: str,
    shown: Range,
    found: Sequence[Candle],
    quote: Mapping[str, Any] | None,
    fills: Sequence[Mapping[str, Any]],
    candles_wanted: bool,
) -> Chart:
    """The closes of the candles, the middle of the present quote since it came, and our fills as marks."""
    first, last = int(shown.since.timestamp()), int(shown.until.timestamp())
    middle = None
    closes = {min(int(each.opened_at.timestamp()) + shown.minutes * 60, last): _cents(each.close) for each in found}
    if quote and quote["status"] == "open" and quote["yes_bid"] is not None and quote["yes_ask"] is not None:
        middle = (quote["yes_bid"] + quote["yes_ask"]) / 2
        came = quote["quoted_at"] and max(int(quote["quoted_at"].timestamp()), first)
        if came and all(at <= came for at in closes):
            closes[came] = _cents(middle)
        closes[last] = _cents(middle)
    times = sorted(closes)
    tail = "&picture=candles" if candles_wanted else ""
    return Chart(
        name="price",
        title="Middle between bid and ask of yes",
        unit="¢",
        times=times,
        series=[Series("yes", LINE, [closes[at] for at in times])],
        marks=[_mark(each) for each in fills if times and first <= each["executed_at"].timestamp() <= last],
        alternative=said(shown, found, middle),
        csv=f"{path}/prices.csv?range={shown.name}",
        ranges=[(name, f"{path}?range={name}{tail}", name == shown.name) for name in SPANS],
    )


def candlesticks(shown: Range, found: Sequence[Candle]) -> Markup:
    sticks = [
        Stick(
            int(each.opened_at.timestamp()),
            _cents(each.open),
            _cents(each.high),
            _cents(each.low),
            _cents(each.close),
            f"{each.opened_at:%d %b %H:%M} UTC: opened at {_said(each.open)}, high {_said(each.high)}, "
            f"low {_said(each.low)}, closed at {_said(each.close)}",
        )
        for each in found
    ]
    return candles(
        sticks, int(shown.since.timestamp()), int(shown.until.timestamp()), shown.minutes, said(shown, found)
    )


def said(shown: Range, found: Sequence[Candle], middle: Decimal | None = None) -> str:
    """The same in a sentence; `middle`: of the quote that stands now."""
    if not found and middle is not None:
        return f"The middle is {_said(middle)}; no candle has been made of it yet."
    if not found:
        return "" if shown.name == "all" else "Nothing was quoted on both sides within this range of time."
    first, last = found[0], found[-1]
    low, high = min(each.low for each in found), max(each.high for each in found)
    return (
        f"From {first.opened_at:%d %b %H:%M} to {last.opened_at:%d %b %H:%M} UTC the middle went from "
        f"{_said(first.open)} to {_said(last.close)}; lowest {_said(low)}, highest {_said(high)}."
    )


def depth_of(book: Book) -> Markup:
    words = (
        f"Bids for {_whole(book.bids)} contracts and offers of {_whole(book.asks)}, added up from the best price "
        "outwards; the table below has the levels."
    )
    return depth(_levels(book.bids), _levels(book.asks), words)


def _levels(ladder: Ladder) -> list[tuple[float, float]]:
    return [(_cents(price), float(size)) for price, size in ladder[:DEPTH_MAX]]


def _whole(ladder: Ladder) -> str:
    return f"{sum((size for _, size in ladder), Decimal(0)):,.0f}"


def _mark(trade: Mapping[str, Any]) -> Mark:
    """Priced from the yes side; it points up where the trader gains from a rise."""
    verb, _, side = trade["action"].partition("_")
    price = trade["price"] if side == "yes" else 1 - trade["price"]
    deed = "bought" if verb == "buy" else "sold"
    return Mark(
        at=int(trade["executed_at"].timestamp()),
        value=_cents(price),
        words=f"{trade['name'][:60]} {deed} {trade['quantity'].normalize():,f} {side} at {_said(trade['price'])}",
        color=color_of(trade["portfolio_id"], trade["strategy_type"], trade["color"]),
        shape="up" if (verb == "buy") == (side == "yes") else "down",
    )


def _cents(price: Decimal) -> float:
    return float(price * 100)


def _said(price: Decimal) -> str:
    return f"{(price * 100).quantize(Decimal('0.01')).normalize():f}¢"
