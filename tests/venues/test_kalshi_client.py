"""Which requests Kalshi gets from us, and what we make of the answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.venues.failures import CursorRepeated, NoBook, VenueGibberish
from shared.venues.kalshi.client import KalshiVenue
from shared.venues.records import Quote
from shared.venues.venue import FeeChange, KalshiFee, MarketKey, Venue
from tests.venues.double import Double, Reply, Request
from tests.venues.rows import (
    finalized_kalshi_market,
    kalshi_book,
    kalshi_event,
    kalshi_market,
    kalshi_series,
    kalshi_trade,
)

API = "/trade-api/v2"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = MarketKey("KXICE-27-MAR", series_external_id="KXICE", event_external_id="KXICE-27")
CUTOFF = Reply({"market_settled_ts": "2026-08-20T00:00:00Z", "trades_created_ts": "2026-08-21T00:00:00Z"})


def listing(noun: str, rows: list[Any], cursor: str | None = "") -> Reply:
    return Reply({noun: rows, "cursor": cursor})


def tier(*rows: dict[str, Any]) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        wanted = (request.one("tickers") or "").split(",")
        return listing("markets", [row for row in rows if row["ticker"] in wanted])

    return answer


def test_it_is_a_venue(kalshi: KalshiVenue) -> None:
    venue: Venue = kalshi

    assert venue.platform == "kalshi"


@pytest.mark.parametrize("last", ["", None])
def test_open_markets_are_walked_by_cursor_without_combos(
    double: Double, kalshi: KalshiVenue, last: str | None
) -> None:
    pages = [
        listing("markets", [kalshi_market(ticker="A")], "c1"),
        listing("markets", [kalshi_market(ticker="B"), kalshi_market(ticker="C", status=5)], last),
    ]
    double.on(f"{API}/markets", pages)

    got = list(kalshi.market_pages())

    assert [[market.external_id for market in page.records] for page in got] == [["A"], ["B"]]
    assert [each.kind for each in got[1].rejected] == ["not_text:status"]
    first, second = double.requests
    assert first.params == [("status", "open"), ("mve_filter", "exclude"), ("limit", "1000")]
    assert second.params == [*first.params, ("cursor", "c1")]


def test_events_come_200_at_a_time_without_their_markets(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/events", listing("events", [kalshi_event()]))

    [page] = kalshi.event_pages()

    assert page.records[0].external_id == "KXICE-27"
    assert double.requests[0].params == [("status", "open"), ("limit", "200")]


def test_the_series_are_one_page(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/series", Reply({"series": [kalshi_series(), kalshi_series(ticker="B", fee_multiplier="x")]}))

    [page] = kalshi.series_pages()

    assert [series.external_id for series in page.records] == ["KXICE"]
    assert (len(page.rejected), page.cursor) == (1, None)


def test_a_repeated_page_is_found_out_although_its_prices_moved(double: Double, kalshi: KalshiVenue) -> None:
    pages = [listing("markets", [kalshi_market(volume_fp=f"{number}.00")], f"c{number}") for number in range(9)]
    double.on(f"{API}/markets", pages)

    with pytest.raises(CursorRepeated):
        list(kalshi.market_pages())

    assert len(double.requests) == 2


def test_old_markets_are_found_in_the_historical_tier(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/markets", tier(kalshi_market(ticker="A")))
    double.on(f"{API}/historical/markets", tier(finalized_kalshi_market(ticker="B")))

    page = kalshi.markets(["A", "B", "C"])

    assert [(market.external_id, market.status) for market in page.records] == [("A", "open"), ("B", "final")]
    assert double.requests[0].one("tickers") == "A,B,C"
    assert double.requests[1].one("tickers") == "B,C"


def test_a_hundred_tickers_go_into_one_request(double: Double, kalshi: KalshiVenue) -> None:
    tickers = [f"T{number}" for number in range(150)]
    double.on(f"{API}/markets", tier(*[kalshi_market(ticker=ticker) for ticker in tickers]))

    page = kalshi.markets(tickers)

    assert len(page.records) == 150
    assert [len((request.one("tickers") or "").split(",")) for request in double.requests] == [100, 50]


def test_events_are_looked_up_by_ticker(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/events", listing("events", [kalshi_event()]))

    page = kalshi.events(["KXICE-27", "GONE"])

    assert [event.external_id for event in page.records] == ["KXICE-27"]
    assert double.requests[0].one("tickers") == "KXICE-27,GONE"


def test_books_repeat_the_key_and_are_matched_by_ticker(double: Double, kalshi: KalshiVenue) -> None:
    rows = [
        kalshi_book(ticker="B"),
        kalshi_book(ticker="A"),
        {"ticker": "A,B", "orderbook_fp": {}},
        {"ticker": "D", "orderbook_fp": {"yes_dollars": "x"}},
    ]
    double.on(f"{API}/markets/orderbooks", Reply({"orderbooks": rows}))

    batch = kalshi.books([MarketKey(ticker) for ticker in "ABCD"])

    assert [book.external_id for book in batch.records] == ["A", "B"]
    assert batch.missing == {"C": "no_book"}
    assert [each.external_id for each in batch.rejected] == ["D"]
    assert double.requests[0].params == [("tickers", ticker) for ticker in "ABCD"]


def test_more_than_100_books_are_asked_in_batches(double: Double, kalshi: KalshiVenue) -> None:
    def answer(request: Request) -> Reply:
        tickers = request.all("tickers")
        if "T150" in tickers:
            return Reply({"error": "too many requests"}, 429)
        return Reply({"orderbooks": [kalshi_book(ticker=ticker) for ticker in tickers]})

    double.on(f"{API}/markets/orderbooks", answer)

    batch = kalshi.books([MarketKey(f"T{number}") for number in range(250)])

    assert len(batch.records) == 150
    assert set(batch.missing.values()) == {"venue_refused"}


def test_a_single_book_or_the_fact_that_there_is_none(double: Double, kalshi: KalshiVenue) -> None:
    book = {"orderbook_fp": kalshi_book()["orderbook_fp"]}
    double.on(f"{API}/markets/KXICE-27-MAR/orderbook", [Reply(book), Reply({"error": "not found"}, 404), Reply({})])

    assert kalshi.book(KEY).asks == ((Decimal("0.41"), Decimal(12)),)
    with pytest.raises(NoBook):
        kalshi.book(KEY)
    with pytest.raises(VenueGibberish):
        kalshi.book(KEY)


def test_quotes_come_from_the_markets_themselves(double: Double, kalshi: KalshiVenue) -> None:
    unquoted = kalshi_market(ticker="B", yes_bid_size_fp="0.00", yes_ask_size_fp="0.00", last_price_dollars="0.0000")
    double.on(
        f"{API}/markets", tier(kalshi_market(ticker="A"), unquoted, kalshi_market(ticker="C", yes_bid_dollars="9"))
    )

    batch = kalshi.quotes([MarketKey(ticker) for ticker in "ABCD"])

    assert batch.quotes == {
        "A": Quote(Decimal("0.4"), Decimal("0.41"), Decimal("30.5"), Decimal(12), Decimal("0.4")),
        "B": Quote(None, None, None, None, None),
    }
    assert [each.external_id for each in batch.rejected] == ["C"]
    assert batch.missing == {"D": "not_found"}


def candle(end: datetime, close: str, suffix: str = "_dollars") -> dict[str, Any]:
    return {
        "end_period_ts": int(end.timestamp()),
        "price": {f"{name}{suffix}": close for name in ("open", "high", "low", "close")},
    }


def test_candles_come_from_the_live_tier(double: Double, kalshi: KalshiVenue) -> None:
    hour = timedelta(hours=1)
    rows = [candle(NOON + 2 * hour, "0.5"), candle(NOON + hour, "0.4"), candle(NOON + hour, "0.4"), {"price": {}}]
    path = f"{API}/series/KXICE/markets/KXICE-27-MAR/candlesticks"
    double.on(path, Reply({"ticker": "KXICE-27-MAR", "candlesticks": rows}))

    candles = kalshi.candles(KEY, 60, NOON, NOON + 2 * hour)
    points = kalshi.price_history(KEY, NOON, NOON + 2 * hour, 90)

    assert [(each.opened_at, str(each.close)) for each in candles] == [(NOON, "0.4"), (NOON + hour, "0.5")]
    assert [point.at for point in points] == [NOON + hour, NOON + 2 * hour]
    assert double.requests[0].params == [
        ("start_ts", str(int(NOON.timestamp()))),
        ("end_ts", str(int((NOON + 2 * hour).timestamp()))),
        ("period_interval", "60"),
    ]


def test_candles_of_old_markets_come_from_the_historical_tier(double: Double, kalshi: KalshiVenue) -> None:
    rows = [candle(NOON + timedelta(hours=1), "0.4", "")]
    double.on(f"{API}/historical/markets/KXICE-27-MAR/candlesticks", Reply({"candlesticks": rows}))

    candles = kalshi.candles(KEY, 60, NOON, NOON + timedelta(hours=2))

    assert [str(each.close) for each in candles] == ["0.4"]


def test_without_a_series_the_batch_form_is_asked(double: Double, kalshi: KalshiVenue) -> None:
    rows = [candle(NOON + timedelta(hours=1), "0.4")]
    found = {"market_ticker": "KXICE-27-MAR", "candlesticks": rows}
    double.on(f"{API}/markets/candlesticks", Reply({"markets": [{"market_ticker": "X"}, found]}))

    candles = kalshi.candles(MarketKey("KXICE-27-MAR"), 60, NOON, NOON + timedelta(hours=2))

    assert len(candles) == 1


def test_a_long_span_is_asked_in_parts(double: Double, kalshi: KalshiVenue) -> None:
    path = f"{API}/series/KXICE/markets/KXICE-27-MAR/candlesticks"
    double.on(path, Reply({"candlesticks": []}))

    kalshi.candles(KEY, 1, NOON - timedelta(days=7), NOON)

    spans = [int(each.one("end_ts") or 0) - int(each.one("start_ts") or 0) for each in double.requests]
    assert spans == [300_000, 300_000, 4_800]


def test_trades_older_than_the_cutoff_come_from_the_historical_tier(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/historical/cutoff", CUTOFF)
    live = [kalshi_trade(trade_id="1"), kalshi_trade(trade_id="2", is_block_trade=True), kalshi_trade(trade_id="3")]
    double.on(f"{API}/markets/trades", [listing("trades", live[:2], "c1"), listing("trades", live[2:])])
    double.on(f"{API}/historical/trades", listing("trades", [kalshi_trade(trade_id="3"), kalshi_trade(trade_id="4")]))

    everything = [trade.external_id for page in kalshi.trades(KEY) for trade in page.records]
    double.requests.clear()
    recent = [
        trade.external_id for page in kalshi.trades(KEY, since=NOON - timedelta(days=20)) for trade in page.records
    ]

    assert everything == ["1", "3", "4"]
    assert recent == ["3"]  # the reply that stays
    [request] = double.asked(f"{API}/markets/trades")
    assert (request.one("is_block_trade"), request.one("min_ts")) == ("false", "1793534400")
    assert double.asked(f"{API}/historical/trades") == []


def test_fees_are_the_series_unless_the_event_says_otherwise(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/series/KXICE", Reply({"series": kalshi_series()}))
    override = kalshi_event(fee_type_override="flat", fee_multiplier_override=2)
    double.on(f"{API}/events/KXICE-27", [Reply({"event": override}), Reply({"event": kalshi_event()})])
    change = {"fee_type": "quadratic", "fee_multiplier": 0.5, "scheduled_ts": "2026-10-01T00:00:00Z"}
    double.on(f"{API}/series/fee_changes", Reply({"series_fee_change_arr": [change]}))

    overridden, plain = kalshi.fees(KEY), kalshi.fees(KEY)

    changes = (FeeChange(datetime(2026, 10, 1, tzinfo=UTC), "quadratic", Decimal("0.5")),)
    assert overridden == KalshiFee("flat", Decimal(2), overridden=True, changes=changes)
    assert plain == KalshiFee("quadratic", Decimal(1), overridden=False, changes=changes)
    assert kalshi.fees(MarketKey("A")) is None


def test_resolutions_look_in_both_tiers_before_a_market_is_called_deleted(double: Double, kalshi: KalshiVenue) -> None:
    double.on(f"{API}/markets", tier(finalized_kalshi_market(ticker="LIVE"), kalshi_market(ticker="OPEN")))
    double.on(
        f"{API}/historical/markets",
        tier(finalized_kalshi_market(ticker="OLD", result="no", settlement_value_dollars="0")),
    )
    double.on(f"{API}/markets/SHY", Reply({"market": finalized_kalshi_market(ticker="SHY")}))
    double.on(f"{API}/historical/markets/OLDSHY", Reply({"market": finalized_kalshi_market(ticker="OLDSHY")}))
    double.on(f"{API}/markets/SICK", Reply(b"", 503))

    keys = [MarketKey(ticker) for ticker in ("LIVE", "OPEN", "OLD", "SHY", "OLDSHY", "GONE", "SICK")]
    batch = kalshi.resolutions(keys)

    found = {each.external_id: (each.status, each.outcome, each.source) for each in batch.records}
    assert found == {
        "LIVE": ("final", "yes", "kalshi"),
        "OPEN": ("open", None, "kalshi"),
        "OLD": ("final", "no", "kalshi_historical"),
        "SHY": ("final", "yes", "kalshi"),
        "OLDSHY": ("final", "yes", "kalshi_historical"),
        "GONE": ("final", "void", "kalshi_deleted"),
    }
    assert batch.missing == {"SICK": "venue_refused"}


@pytest.mark.parametrize("code", [200, 500, 503, 504])
def test_the_state_of_the_exchange_is_said_with_any_status(double: Double, kalshi: KalshiVenue, code: int) -> None:
    double.on(f"{API}/exchange/status", Reply({"exchange_active": True, "trading_active": code == 200}, code))

    assert kalshi.status().trading_active is (code == 200)


def test_the_schedule_is_passed_on_as_it_is(double: Double, kalshi: KalshiVenue) -> None:
    schedule: dict[str, list[object]] = {"standard_hours": [], "maintenance_windows": []}
    double.on(f"{API}/exchange/schedule", Reply({"schedule": schedule}))

    assert kalshi.schedule() == schedule
