"""Which requests Polymarket gets from us, and what we make of the answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.venues.failures import CursorRepeated, NoBook, NoToken, VenueGibberish, VenueRefused
from shared.venues.polymarket.client import PolymarketVenue
from shared.venues.records import FeeSchedule
from shared.venues.venue import MarketKey, Venue
from tests.venues.double import Double, Reply, Request
from tests.venues.rows import (
    CONDITION,
    NO_TOKEN,
    YES_TOKEN,
    clob_book,
    data_trade,
    gamma_event,
    gamma_market,
    resolved_gamma_market,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = MarketKey("5001", condition_id=CONDITION, yes_token_id=YES_TOKEN)


def keyset(noun: str, rows: list[Any], cursor: str | None = None) -> Reply:
    return Reply({"$schema": "x", noun: rows, **({"next_cursor": cursor} if cursor else {})})


def by_id(*rows: dict[str, Any]) -> Callable[[Request], Reply]:
    """The keyset list as the venue keeps it: one half of the rows, by `closed`; never an inactive one."""

    def answer(request: Request) -> Reply:
        closed = request.one("closed") == "true"
        wanted = request.all("id")
        return keyset(
            "markets", [row for row in rows if row["id"] in wanted and row["closed"] is closed and row["active"]]
        )

    return answer


def test_it_is_a_venue(polymarket: PolymarketVenue) -> None:
    venue: Venue = polymarket

    assert venue.platform == "polymarket"
    assert venue.state.state == "closed"


def test_open_markets_are_walked_by_the_cursor_of_the_keyset(double: Double, polymarket: PolymarketVenue) -> None:
    pages = [
        keyset("markets", [gamma_market(id="1")], "c1"),
        keyset("markets", [gamma_market(id="2"), gamma_market(id="3", volume="x")], "c2"),
        keyset("markets", []),
    ]
    double.on("/gamma/markets/keyset", pages)

    got = list(polymarket.market_pages())

    assert [[market.external_id for market in page.records] for page in got] == [["1"], ["2"], []]
    assert [len(page.rejected) for page in got] == [0, 1, 0]
    assert got[0].bytes_read > 500
    first, second, third = double.asked("/gamma/markets/keyset")
    assert first.params == [
        ("limit", "100"),
        ("closed", "false"),
        ("order", "id"),
        ("ascending", "true"),
        ("version", "v1"),
        ("version", "v2"),
    ]
    assert second.params == [*first.params, ("after_cursor", "c1")]
    assert third.one("after_cursor") == "c2"


def test_events_come_without_their_markets(double: Double, polymarket: PolymarketVenue) -> None:
    double.on("/gamma/events/keyset", keyset("events", [gamma_event()]))

    [page] = polymarket.event_pages(closed=True)

    assert page.records[0].external_id == "700"
    [request] = double.requests
    assert (request.one("include_markets"), request.one("closed")) == ("false", "true")


def test_a_venue_that_ignores_the_cursor_is_found_out(double: Double, polymarket: PolymarketVenue) -> None:
    double.on("/gamma/markets/keyset", [keyset("markets", [gamma_market()], f"c{page}") for page in range(9)])

    with pytest.raises(CursorRepeated):
        list(polymarket.market_pages())

    assert len(double.requests) == 2


@pytest.mark.parametrize("body", [[], {"data": []}, {"markets": None}, "OK", {"markets": [], "next_cursor": 5}])
def test_an_answer_without_a_list_is_no_page(double: Double, polymarket: PolymarketVenue, body: Any) -> None:
    double.on("/gamma/markets/keyset", Reply(body))

    with pytest.raises(VenueGibberish):
        list(polymarket.market_pages())


def test_series_are_walked_by_offset_until_a_page_is_empty(double: Double, polymarket: PolymarketVenue) -> None:
    series = [{"id": str(number), "title": "x"} for number in range(60)]

    def answer(request: Request) -> Reply:
        offset, limit = int(request.one("offset") or 0), int(request.one("limit") or 0)
        return Reply(series[offset : offset + limit])

    double.on("/gamma/series", answer)

    got = [record.external_id for page in polymarket.series_pages() for record in page.records]

    assert got == [row["id"] for row in series]
    assert [request.one("offset") for request in double.requests] == ["0", "50", "60"]


def test_an_offset_that_the_venue_refuses_is_the_end_of_the_list(double: Double, polymarket: PolymarketVenue) -> None:
    refusal = Reply({"type": "validation error", "error": "offset too large, use /markets/keyset"}, 422)
    tags = [{"id": "1", "slug": "a", "label": "A"}]
    double.on("/gamma/tags", [Reply(tags), refusal])

    got = list(polymarket.tag_pages())

    assert [len(page.records) for page in got] == [1, 0]


def test_markets_are_found_whether_open_closed_or_inactive(double: Double, polymarket: PolymarketVenue) -> None:
    hidden = gamma_market(id="3", active=False)
    double.on("/gamma/markets/keyset", by_id(gamma_market(id="1"), gamma_market(id="2", closed=True), hidden))
    double.on("/gamma/markets/3", Reply(hidden))

    page = polymarket.markets(["1", "2", "3", "4", "1"])

    assert [market.external_id for market in page.records] == ["1", "2", "3"]
    assert page.rejected == ()


def test_a_hundred_ids_go_into_one_request(double: Double, polymarket: PolymarketVenue) -> None:
    ids = [str(number) for number in range(250)]
    double.on("/gamma/markets/keyset", by_id(*[gamma_market(id=each, closed=True) for each in ids]))

    page = polymarket.markets(ids)

    assert len(page.records) == 250
    assert [len(request.all("id")) for request in double.requests] == [100, 100, 50]


def test_short_pages_of_a_lookup_are_followed(double: Double, polymarket: PolymarketVenue) -> None:
    pages = [keyset("events", [gamma_event(id="1")], "c1"), keyset("events", [gamma_event(id="2")], "c2")]
    double.on("/gamma/events/keyset", pages)

    page = polymarket.events(["1", "2"])

    assert [event.external_id for event in page.records] == ["1", "2"]
    assert len(double.requests) == 2


def test_books_are_told_apart_by_token_and_what_is_left_out_is_missing(
    double: Double, polymarket: PolymarketVenue
) -> None:
    keys = [MarketKey(str(number), yes_token_id=str(number) * 30) for number in range(1, 5)]
    rows = [clob_book(keys[2].yes_token_id or ""), clob_book(keys[0].yes_token_id or "")]
    double.on(
        "/clob/books", Reply([*rows, clob_book(keys[3].yes_token_id or "", {"bids": "x"}), clob_book("999"), None])
    )

    batch = polymarket.books([*keys, MarketKey("9")])

    assert [book.external_id for book in batch.records] == ["1", "3"]
    assert batch.missing == {"2": "no_book", "9": "no_token"}
    assert [(each.external_id, each.kind) for each in batch.rejected] == [("4", "not_a_list:bids")]
    [request] = double.requests
    assert request.body == [{"token_id": key.yes_token_id} for key in keys]


def test_more_than_500_books_are_asked_in_batches_and_one_that_fails_spoils_only_itself(
    double: Double, polymarket: PolymarketVenue
) -> None:
    keys = [MarketKey(str(number), yes_token_id=str(10_000 + number)) for number in range(1_100)]

    def answer(request: Request) -> Reply:
        tokens = [item["token_id"] for item in request.body]
        return Reply({"error": "no"}, 500) if "10600" in tokens else Reply([clob_book(token) for token in tokens])

    double.on("/clob/books", answer)

    batch = polymarket.books(keys)

    assert len(batch.records) == 600
    assert set(batch.missing.values()) == {"venue_refused"}
    assert sorted({len(request.body) for request in double.requests}) == [100, 500]


def test_quotes_are_the_best_levels_of_the_books(double: Double, polymarket: PolymarketVenue) -> None:
    double.on("/clob/books", Reply([clob_book()]))

    batch = polymarket.quotes([KEY, MarketKey("6", yes_token_id="66")])

    quote = batch.quotes["5001"]
    assert (quote.yes_bid, quote.yes_ask, quote.yes_bid_size) == (Decimal("0.4"), Decimal("0.41"), Decimal("30.5"))
    assert batch.missing == {"6": "no_book"}
    assert batch.venue_times["5001"].year == 2026


def test_a_single_book_or_the_fact_that_there_is_none(double: Double, polymarket: PolymarketVenue) -> None:
    missing = Reply({"error": "No orderbook exists for the requested token id"}, 404)
    double.on("/clob/book", [Reply(clob_book()), missing, Reply({"error": "Invalid token id"}, 400)])

    book = polymarket.book(KEY)

    assert book.bids[0][0] == Decimal("0.4")
    with pytest.raises(NoBook, match="no order book for 5001"):
        polymarket.book(KEY)
    with pytest.raises(VenueRefused):
        polymarket.book(KEY)
    with pytest.raises(NoToken):
        polymarket.book(MarketKey("5001"))


def test_history_is_asked_in_windows_and_the_point_of_now_is_dropped(
    double: Double, polymarket: PolymarketVenue
) -> None:
    start, end = NOON - timedelta(days=40), NOON - timedelta(days=5)
    now = {"t": int(NOON.timestamp()), "p": 0.99}

    def answer(request: Request) -> Reply:
        since, until = int(request.one("startTs") or 0), int(request.one("endTs") or 0)
        assert until - since <= 1_296_000
        return Reply({"history": [{"t": since, "p": 0.4}, {"t": until, "p": 0.6}, now]})

    double.on("/clob/prices-history", answer)

    points = polymarket.price_history(KEY, start, end, 60)

    assert len(double.requests) == 3
    assert double.requests[0].one("market") == YES_TOKEN
    assert [point.at for point in points] == [start, start + timedelta(days=15), start + timedelta(days=30), end]


def test_candles_are_made_of_points(double: Double, polymarket: PolymarketVenue) -> None:
    stamp = int(NOON.timestamp())
    rows = [{"t": stamp, "p": 0.4}, {"t": stamp + 60, "p": 0.5}, {"t": stamp + 3600, "p": 0.3}]
    double.on("/clob/prices-history", Reply({"history": rows}))

    candles = polymarket.candles(KEY, 60, NOON, NOON + timedelta(hours=2))

    assert [(candle.opened_at, str(candle.high), str(candle.close)) for candle in candles] == [
        (NOON, "0.5", "0.5"),
        (NOON + timedelta(hours=1), "0.3", "0.3"),
    ]


def envelope(rows: list[Any], cursor: str | None = None) -> Reply:
    return Reply({"data": rows, "pagination": {"limit": 1000, "has_more": cursor is not None, "next_cursor": cursor}})


def test_trades_are_walked_back_to_the_moment_asked_for_and_each_comes_once(
    double: Double, polymarket: PolymarketVenue
) -> None:
    now = 1795160000
    rows = [data_trade(transaction_hash=f"0x{number}", timestamp=now - number * 60) for number in range(6)]
    pages = [envelope(rows[0:3], "c1"), envelope(rows[2:6], "c2"), envelope([data_trade(transaction_hash="0x9")])]
    double.on("/data/v2/trades", pages)

    since = datetime.fromtimestamp(now - 4 * 60, UTC)
    got = [trade for page in polymarket.trades(KEY, since=since) for trade in page.records]

    assert [int(trade.traded_at.timestamp()) - now for trade in got] == [0, -60, -120, -180, -240]
    assert len(double.requests) == 2
    assert double.requests[1].params == [("condition", CONDITION), ("limit", "1000"), ("cursor", "c1")]


def test_fees_come_from_the_compact_market(double: Double, polymarket: PolymarketVenue) -> None:
    double.on(
        f"/clob/clob-markets/{CONDITION}", Reply({"c": CONDITION, "tbf": 1000, "fd": {"r": 0.05, "e": 1, "to": True}})
    )

    assert polymarket.fees(KEY) == FeeSchedule(Decimal("0.05"), Decimal(1), taker_only=True, fee_type=None)


def test_resolutions_ask_a_second_source_only_where_gamma_is_silent(
    double: Double, polymarket: PolymarketVenue
) -> None:
    def condition(number: int) -> str:
        return "0x" + f"{number:064x}"

    silent = {"umaResolutionStatus": None}
    rows = [
        resolved_gamma_market(id="1", conditionId=condition(1)),
        resolved_gamma_market(id="2", conditionId=condition(2), **silent),
        resolved_gamma_market(id="3", conditionId=condition(3), **silent),
        resolved_gamma_market(id="4", conditionId=condition(4), **silent),
        gamma_market(id="5", conditionId=condition(5)),
        resolved_gamma_market(id="6", conditionId=condition(6), volume="x"),
    ]
    double.on("/gamma/markets/keyset", by_id(*rows))
    payouts = {"condition_id": condition(2), "status": "resolved", "payouts": [1_000_000, 0]}
    double.on("/data/v2/resolutions", Reply({"data": [payouts]}))
    tokens = [{"token_id": YES_TOKEN, "winner": True}, {"token_id": NO_TOKEN, "winner": False}]
    double.on(f"/clob/markets/{condition(3)}", Reply({"condition_id": condition(3), "closed": True, "tokens": tokens}))

    batch = polymarket.resolutions([MarketKey(str(number)) for number in range(1, 8)])

    found = {each.external_id: (each.status, each.source, each.problem) for each in batch.records}
    assert found == {
        "1": ("final", "gamma", None),
        "2": ("final", "gamma+data_v2", None),
        "3": ("final", "gamma+clob", None),
        "4": ("closed", "gamma", "unconfirmed"),
        "5": ("open", "gamma", None),
    }
    assert [each.external_id for each in batch.rejected] == ["6"]
    assert batch.missing == {"7": "not_found"}
    [asked] = double.asked("/data/v2/resolutions")
    assert asked.one("condition") == ",".join(condition(number) for number in (2, 3, 4))


def test_a_silent_second_source_leaves_the_market_open_to_the_next_round(
    double: Double, polymarket: PolymarketVenue
) -> None:
    double.on("/gamma/markets/keyset", by_id(resolved_gamma_market(umaResolutionStatus=None)))
    double.on("/data/v2/resolutions", Reply(b"", 503))
    double.on(f"/clob/markets/{CONDITION}", Reply(b"", 503))

    batch = polymarket.resolutions([KEY])

    assert [(each.status, each.problem) for each in batch.records] == [("closed", "unconfirmed")]


def test_a_gamma_that_is_away_leaves_all_missing_with_the_reason(double: Double, polymarket: PolymarketVenue) -> None:
    double.on("/gamma/markets/keyset", Reply(b"", 503))

    batch = polymarket.resolutions([MarketKey("1"), MarketKey("2")])

    assert batch.missing == {"1": "venue_refused", "2": "venue_refused"}


@pytest.mark.parametrize(("reply", "active"), [(Reply(1791292984), True), (Reply({"error": "restart"}, 425), False)])
def test_the_exchange_is_there_when_the_clob_tells_its_time(
    double: Double, polymarket: PolymarketVenue, reply: Reply, active: bool
) -> None:
    double.on("/clob/time", reply)

    assert polymarket.status().trading_active is active
