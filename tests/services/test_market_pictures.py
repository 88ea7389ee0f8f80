"""The pictures of a market's page: what is thinned keeps its extremes, a mark points the way its trader gains."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.markets.domain.history import Candle, Range, thinned
from services.markets.pages.pictures import price_chart

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = Range("1h", NOON - timedelta(hours=1), NOON, 1)


def candle(minute: int, low: str, high: str) -> Candle:
    opened, price = HOUR.since + timedelta(minutes=minute), Decimal("0.5")
    return Candle(opened, price, Decimal(high), Decimal(low), price, Decimal(1), "snapshots")


def quote(minutes_ago: int, **facts: Any) -> dict[str, Any]:
    known = {"status": "open", "yes_bid": Decimal("0.30"), "yes_ask": Decimal("0.32")}
    return {**known, "quoted_at": NOON - timedelta(minutes=minutes_ago), **facts}


def fill(action: str, price: str) -> dict[str, Any]:
    return {
        "action": action, "price": Decimal(price), "quantity": Decimal(10), "name": "Ann", "portfolio_id": 1,
        "strategy_type": "momentum", "color": None, "executed_at": NOON - timedelta(minutes=5),
    }  # fmt: skip


def test_candles_that_become_one_keep_their_highest_and_their_lowest() -> None:
    [one] = thinned([candle(0, "0.4", "0.6"), candle(1, "0.3", "0.5"), candle(2, "0.45", "0.7")], 5)

    assert (one.low, one.high, one.volume) == (Decimal("0.3"), Decimal("0.7"), 3)


@pytest.mark.parametrize(
    ("action", "price", "shape", "at"),
    [("buy_yes", "0.3", "up", 30.0), ("sell_yes", "0.3", "down", 30.0), ("buy_no", "0.7", "down", 30.0),
     ("sell_no", "0.7", "up", 30.0)],
)  # fmt: skip
def test_a_mark_points_where_its_trader_gains(action: str, price: str, shape: str, at: float) -> None:
    [mark] = price_chart("/market/1", HOUR, [], quote(9), [fill(action, price)], False).marks

    assert (mark.shape, mark.value) == (shape, pytest.approx(at))


def test_a_quote_that_stands_is_a_line_since_it_came() -> None:
    chart = price_chart("/market/1", HOUR, [], quote(9), [], False)

    assert list(chart.times) == [int(moment.timestamp()) for moment in (NOON - timedelta(minutes=9), NOON)]
    assert list(chart.series[0].values) == [31.0, 31.0]
    assert chart.alternative == "The middle is 31¢; no candle has been made of it yet."


def test_an_old_quote_moves_nothing_that_came_after_it() -> None:
    chart = price_chart("/market/1", HOUR, [candle(50, "0.5", "0.5")], quote(30), [], False)

    assert list(chart.series[0].values) == [50.0, 31.0]


def test_where_one_side_has_no_quote_there_is_no_line() -> None:
    chart = price_chart("/market/1", HOUR, [], quote(9, yes_bid=None), [], False)

    assert list(chart.times) == []
    assert chart.alternative == "Nothing was quoted on both sides within this range of time."
