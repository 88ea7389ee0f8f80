"""Kalshi as a client meets it: words of status, sentinels, exclusive filters, two tiers, candles."""

from typing import Any

import pytest

from tests.sandbox.conftest import NOON, Served

K = "/kalshi/trade-api/v2"


def crawl(served: Served, noun: str, path: str = "", **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    for _ in range(200):
        page = served.get(f"{K}/{path or noun}", **params, **cursor).json()
        rows += page[noun]
        if not page["cursor"]:
            return rows
        cursor = {"cursor": page["cursor"]}
    raise AssertionError("the list does not end")


@pytest.fixture
def market(served: Served) -> dict[str, Any]:
    """A busy open market with quotes on both sides."""
    rows = [row for row in crawl(served, "markets", status="open", limit=1000) if quoted(row)]
    return max(rows, key=lambda row: float(row["volume_fp"]))


def quoted(row: dict[str, Any]) -> bool:
    return float(row["yes_bid_size_fp"]) > 0 and float(row["yes_ask_size_fp"]) > 0


def series_of(served: Served, market: dict[str, Any]) -> str:
    event = served.get(f"{K}/events/{market['event_ticker']}", exclude_markets="true").json()["event"]
    return str(event["series_ticker"])


@pytest.mark.parametrize(
    "asked, read",
    [
        ("open", {"active"}),
        ("unopened", {"initialized"}),
        ("settled", {"finalized"}),
        ("closed", {"closed", "determined", "disputed", "amended"}),
    ],
)
def test_the_words_of_the_filter_are_not_the_words_that_are_read(served: Served, asked: str, read: set[str]) -> None:
    statuses = {row["status"] for row in crawl(served, "markets", status=asked, limit=1000)}

    assert statuses
    assert statuses <= read


def test_a_crawl_sees_each_market_once_in_pages_of_any_size(served: Served) -> None:
    small = [row["ticker"] for row in crawl(served, "markets", status="open", limit=37)]
    large = [row["ticker"] for row in crawl(served, "markets", status="open", limit=1000)]

    assert small == large
    assert len(set(small)) == len(small) > 150


@pytest.mark.parametrize(
    "params, details",
    [
        ({"status": "finalized"}, "invalid status filter"),
        ({"status": "open", "max_close_ts": "9"}, "close timestamp filters cannot be combined with status open"),
        ({"min_close_ts": "1", "min_created_ts": "1"}, "timestamp filters are mutually exclusive"),
        ({"status": "settled", "min_updated_ts": "1"}, "updated timestamp filters cannot be combined"),
        ({"limit": "1001"}, "invalid limit"),
        ({"cursor": "?"}, "invalid cursor"),
    ],
)
def test_what_kalshi_refuses_is_a_400_in_its_own_shape(served: Served, params: dict[str, Any], details: str) -> None:
    error = served.get(f"{K}/markets", expect=400, **params).json()["error"]

    assert (error["code"], error["message"]) == ("bad_request", "bad request")
    assert error["details"].startswith(details)


def test_sides_without_orders_are_sentinels(served: Served) -> None:
    rows = crawl(served, "markets", limit=1000)

    for row in rows:
        for side, sentinel in (("bid", "0.0000"), ("ask", "1.0000")):
            empty = row[f"yes_{side}_size_fp"] == "0.00"
            assert empty == (row[f"yes_{side}_dollars"] == sentinel)
        assert float(row["yes_ask_dollars"]) + float(row["no_bid_dollars"]) == pytest.approx(1)
        assert float(row["no_ask_dollars"]) + float(row["yes_bid_dollars"]) == pytest.approx(1)
    assert any(row["yes_bid_size_fp"] == "0.00" for row in rows if row["status"] == "active")
    assert all(row["yes_bid_size_fp"] == "0.00" for row in rows if row["status"] == "finalized")


def test_the_book_has_bids_of_both_sides_best_last(served: Served, market: dict[str, Any]) -> None:
    book = served.get(f"{K}/markets/{market['ticker']}/orderbook").json()["orderbook_fp"]

    yes, no = ([float(price) for price, _ in book[side]] for side in ("yes_dollars", "no_dollars"))

    assert yes == sorted(yes)
    assert no == sorted(no)
    assert yes[-1] + no[-1] < 1
    assert book["yes_dollars"][-1] == [market["yes_bid_dollars"], market["yes_bid_size_fp"]]
    assert book["no_dollars"][-1][1] == market["yes_ask_size_fp"]
    two = served.get(f"{K}/markets/{market['ticker']}/orderbook", depth=2).json()["orderbook_fp"]
    assert two["yes_dollars"] == book["yes_dollars"][-2:]


def test_several_books_need_the_key_repeated(served: Served, market: dict[str, Any]) -> None:
    other = served.get(f"{K}/markets", limit=1, status="open").json()["markets"][0]["ticker"]
    tickers = [market["ticker"], other]

    right = served.get(f"{K}/markets/orderbooks", tickers=tickers).json()["orderbooks"]
    wrong = served.get(f"{K}/markets/orderbooks", tickers=",".join(tickers)).json()["orderbooks"]

    assert {row["ticker"] for row in right} == set(tickers)
    assert wrong == [{"ticker": ",".join(tickers), "orderbook_fp": {"yes_dollars": [], "no_dollars": []}}]
    served.get(f"{K}/markets/orderbooks", expect=400)


def test_markets_by_ticker_and_unknown_ones_are_left_out(served: Served, market: dict[str, Any]) -> None:
    rows = served.get(f"{K}/markets", tickers=f"{market['ticker']},KXNOPE-26NOV211-X").json()["markets"]

    assert [row["ticker"] for row in rows] == [market["ticker"]]
    assert served.get(f"{K}/markets/{market['ticker']}").json()["market"] == rows[0]
    assert served.get(f"{K}/markets/KXNOPE", expect=404).json()["error"]["code"] == "not_found"


def test_an_event_brings_its_markets_above_or_inside(served: Served, market: dict[str, Any]) -> None:
    path = f"{K}/events/{market['event_ticker']}"
    above = served.get(path).json()
    inside = served.get(path, with_nested_markets="true").json()
    bare = served.get(path, exclude_markets="true").json()

    assert above["markets"] == inside["event"]["markets"]
    assert "markets" not in above["event"]
    assert "markets" not in inside
    assert "markets" not in bare
    served.get(path, expect=400, with_nested_markets="true", exclude_markets="true")


def test_nested_events_hold_what_the_market_list_holds(served: Served) -> None:
    events = crawl(served, "events", status="open", limit=50, with_nested_markets="true")
    listed = {row["ticker"] for row in crawl(served, "markets", status="open", limit=1000)}

    nested = {row["ticker"] for event in events for row in event["markets"]}

    assert listed <= nested
    assert {event["mutually_exclusive"] for event in events} == {True, False}
    assert {event["collateral_return_type"] for event in events} == {"MECNET", ""}


def test_settled_markets_move_to_the_historical_tier(served: Served) -> None:
    cutoff = served.get(f"{K}/historical/cutoff").json()["market_settled_ts"]
    live = crawl(served, "markets", status="settled", limit=1000)
    old = crawl(served, "markets", "historical/markets", limit=1000)

    assert all(row["settlement_ts"] >= cutoff for row in live)
    assert all(row["settlement_ts"] < f"{cutoff}~" for row in old)
    assert old
    ticker = old[0]["ticker"]
    served.get(f"{K}/markets/{ticker}", expect=404)
    assert served.get(f"{K}/historical/markets/{ticker}").json()["market"] == old[0]
    assert served.get(f"{K}/historical/markets", tickers=ticker).json()["markets"] == old[:1]
    served.get(f"{K}/events/{old[0]['event_ticker']}")


def test_the_result_is_there_before_the_money(served: Served) -> None:
    rows = crawl(served, "markets", status="closed", limit=1000)

    waiting = [row for row in rows if row["status"] == "closed"]
    known = [row for row in rows if row["status"] in ("determined", "disputed", "amended")]

    assert known
    assert all(row["result"] == "" for row in waiting)
    assert all(row["result"] in ("yes", "no", "scalar") for row in known)
    assert all("settlement_ts" not in row and "settlement_value_dollars" in row for row in known)


def test_candles_are_closed_periods_that_follow_each_other(served: Served, market: dict[str, Any]) -> None:
    path = f"{K}/series/{series_of(served, market)}/markets/{market['ticker']}/candlesticks"
    window: dict[str, Any] = {"start_ts": int(NOON) - 6 * 3600, "end_ts": int(NOON) + 3600, "period_interval": 60}

    answer = served.get(path, **window).json()

    ends = [candle["end_period_ts"] for candle in answer["candlesticks"]]
    assert ends
    assert ends == list(range(ends[0], ends[-1] + 1, 3600))
    assert ends[-1] <= NOON
    for candle in answer["candlesticks"]:
        for side in ("yes_bid", "yes_ask"):
            values = {name: float(value) for name, value in candle[side].items()}
            assert values["low_dollars"] <= min(values["open_dollars"], values["close_dollars"])
            assert values["high_dollars"] >= max(values["open_dollars"], values["close_dollars"])
        assert ("open_dollars" in candle["price"]) == (float(candle["volume_fp"]) > 0)


def test_candles_of_several_markets_and_of_an_event(served: Served, market: dict[str, Any]) -> None:
    window: dict[str, Any] = {"start_ts": int(NOON) - 3600, "end_ts": int(NOON), "period_interval": 1}
    series, ticker = series_of(served, market), market["ticker"]
    single = served.get(f"{K}/series/{series}/markets/{ticker}/candlesticks", **window).json()

    batch = served.get(f"{K}/markets/candlesticks", market_tickers=f"{ticker},KXNOPE-26NOV211-X", **window).json()
    event = served.get(f"{K}/series/{series}/events/{market['event_ticker']}/candlesticks", **window).json()

    assert batch["markets"] == [{"market_ticker": ticker, "candlesticks": single["candlesticks"]}]
    place = event["market_tickers"].index(ticker)
    assert event["market_candlesticks"][place] == single["candlesticks"]


def test_historical_candles_have_other_names(served: Served) -> None:
    old = crawl(served, "markets", "historical/markets", limit=1000)
    row = max(old, key=lambda market: float(market["volume_fp"]))
    window: dict[str, Any] = {"start_ts": 1, "end_ts": int(NOON), "period_interval": 1440}

    candles = served.get(f"{K}/historical/markets/{row['ticker']}/candlesticks", **window).json()["candlesticks"]

    assert candles
    assert set(candles[0]) == {"end_period_ts", "open_interest", "price", "volume", "yes_ask", "yes_bid"}
    assert set(candles[0]["price"]) == {"open", "high", "low", "close", "mean", "previous"}
    assert sum(float(candle["volume"]) for candle in candles) == pytest.approx(float(row["volume_fp"]), abs=0.1)


def test_trades_come_newest_first_and_add_up_to_the_volume(served: Served) -> None:
    rows = crawl(served, "markets", status="open", limit=1000)
    row = next(market for market in rows if 0 < float(market["volume_fp"]) < 3000 and quoted(market))
    served.clock.now = NOON + 3

    trades = crawl(served, "trades", "markets/trades", ticker=row["ticker"], limit=50)
    older = crawl(served, "trades", "historical/trades", ticker=row["ticker"], limit=50)

    moments = [trade["created_time"][:19] for trade in trades + older]
    assert moments == sorted(moments, reverse=True)
    assert sum(float(trade["count_fp"]) for trade in trades + older) == pytest.approx(float(row["volume_fp"]), abs=0.1)
    for trade in trades:
        assert float(trade["yes_price_dollars"]) + float(trade["no_price_dollars"]) == pytest.approx(1)
        assert (trade["taker_outcome_side"], trade["taker_book_side"]) in (("yes", "bid"), ("no", "ask"))


def test_series_come_all_at_once_with_their_fees(served: Served) -> None:
    series = served.get(f"{K}/series").json()["series"]

    assert {row["fee_multiplier"] for row in series} <= {0.5, 1}
    assert served.get(f"{K}/series/{series[0]['ticker']}").json()["series"] == series[0]
    chosen = served.get(f"{K}/series", category="Sports").json()["series"]
    assert {row["category"] for row in chosen} <= {"Sports"}
    served.get(f"{K}/series/KXNOPE", expect=404)
    assert served.get(f"{K}/series/fee_changes").json() == {"series_fee_change_arr": []}


def test_the_exchange_is_open_and_sharded(served: Served) -> None:
    status = served.get(f"{K}/exchange/status").json()

    assert status["trading_active"] is True
    assert [shard["exchange_index"] for shard in status["exchange_index_statuses"]] == [0, 2, 3]
    assert "thursday" in served.get(f"{K}/exchange/schedule").json()["schedule"]["standard_hours"][0]
    assert served.get(f"{K}/search/tags_by_categories").json()["tags_by_categories"]["Companies"] is None
