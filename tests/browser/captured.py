"""Venues that answer with what the real ones once answered: recorded events, markets, books and trades."""

# Nothing is made up. A market without a recorded book has none here, and deadlines lie where they lay.

import gzip
import json
from pathlib import Path
from typing import Any

from tests.venues.double import Double, Reply, Request

NOT_FOUND = Reply({"error": "not found"}, 404)


def serve_captured(double: Double, samples: Path, captures: Path) -> dict[str, str]:
    """The settings under which a system takes the double for both venues."""
    _polymarket(double, samples / "polymarket", captures / "polymarket")
    _kalshi(double, samples / "kalshi")
    return {
        "LIVE": "1",
        "POLYMARKET_GAMMA_URL": f"{double.url}/gamma",
        "POLYMARKET_CLOB_URL": f"{double.url}/clob",
        "POLYMARKET_DATA_URL": f"{double.url}/data",
        "KALSHI_BASE_API_URL": f"{double.url}/trade-api/v2",
    }


def _polymarket(double: Double, samples: Path, captures: Path) -> None:
    recorded = json.loads(gzip.decompress((captures / "raw_gamma_events_active_2026-02-09.json.gz").read_bytes()))
    for name in ("gamma_event_negrisk_fed_june_2026", "gamma_event_negrisk_augmented_2028_nominee"):
        recorded.extend(_as_list(_read(samples / f"{name}.json")))
    events = {str(event["id"]): event for event in recorded}
    markets = {
        str(market["id"]): {**market, "events": [_without_markets(event)]}
        for event in events.values()
        for market in event["markets"]
    }
    books = {book["asset_id"]: book for book in _read(samples / "clob_books_post_batch_fed_june_2026.json")}
    trades = _read(samples / "datav2_trades.json")["data"]

    def listed(key: str, rows: dict[str, Any]) -> Any:
        def answer(request: Request) -> Reply:
            wanted = request.all("id")
            closed = request.one("closed") == "true"
            found = [rows[each] for each in wanted if each in rows] if wanted else list(rows.values())
            return Reply({key: [row for row in found if wanted or row["closed"] == closed]})

        return answer

    def book(request: Request) -> Reply:
        found = books.get(request.one("token_id") or "")
        return Reply(found) if found else NOT_FOUND

    bare = {key: _without_markets(event) for key, event in events.items()}
    double.on("/gamma/series", Reply([]))
    double.on("/gamma/tags", Reply([]))
    double.on("/gamma/events/keyset", listed("events", bare))
    double.on("/gamma/markets/keyset", listed("markets", markets))
    double.on("/clob/time", Reply(1_780_000_000))
    double.on("/clob/book", book)
    double.on(
        "/clob/books",
        lambda request: Reply([books[row["token_id"]] for row in request.body if row["token_id"] in books]),
    )
    double.on("/data/v2/prices-history", Reply({"data": [], "pagination": {"has_more": False}}))
    double.on("/data/v2/trades", lambda request: Reply({"data": trades, "pagination": {"has_more": False}}))


def _kalshi(double: Double, samples: Path) -> None:
    events = [
        *_read(samples / "events_nested_2026-07.json")["events"],
        *_read(samples / "event_sports_nested_2026-08.json")["events"],
    ]
    single = _read(samples / "market_nested_single_orderbook_2026-08.json")
    markets = {market["ticker"]: market for event in events for market in event["markets"]}
    markets[single["ticker"]] = single["nested"]
    book = single["orderbook"].get("orderbook_fp") or single["orderbook"].get("orderbook")
    books = {single["ticker"]: book, "KXHIGHNY-26JUL19-T80": _read(samples / "orderbook_2026-07.json")["orderbook_fp"]}
    series = [
        payload["series"] for payload in _read(samples / "series_with_fee_fields_2026-08.json")["payloads"].values()
    ]

    def some_markets(request: Request) -> Reply:
        wanted = (request.one("tickers") or "").split(",")
        found = [market for ticker, market in markets.items() if wanted == [""] or ticker in wanted]
        if request.one("status") == "settled":
            found = []
        return Reply({"markets": found, "cursor": ""})

    def some_events(request: Request) -> Reply:
        wanted = (request.one("tickers") or "").split(",")
        found = [_without_markets(event) for event in events if wanted == [""] or event["event_ticker"] in wanted]
        return Reply({"events": [] if request.one("status") == "settled" else found, "cursor": ""})

    def some_books(request: Request) -> Reply:
        asked = [ticker for ticker in request.all("tickers") if ticker in books]
        return Reply({"orderbooks": [{"ticker": ticker, "orderbook_fp": books[ticker]} for ticker in asked]})

    base = "/trade-api/v2"
    double.on(f"{base}/series", Reply({"series": series}))
    double.on(f"{base}/events", some_events)
    double.on(f"{base}/markets", some_markets)
    double.on(f"{base}/markets/orderbooks", some_books)
    for ticker, held in books.items():
        double.on(f"{base}/markets/{ticker}/orderbook", Reply({"orderbook_fp": held}))
    double.on(f"{base}/markets/trades", Reply({"trades": [], "cursor": ""}))
    double.on(f"{base}/historical/markets", Reply({"markets": [], "cursor": ""}))
    double.on(f"{base}/historical/trades", Reply({"trades": [], "cursor": ""}))
    double.on(
        f"{base}/historical/cutoff",
        Reply(dict.fromkeys(("market_settled_ts", "trades_created_ts", "orders_updated_ts"), "2026-06-01T00:00:00Z")),
    )
    double.on(f"{base}/exchange/status", Reply({"exchange_active": True, "trading_active": True}))
    candles = _read(samples / "candlesticks_hourly_2026-07.json")
    double.on(f"{base}/series/KXHIGHNY/markets/KXHIGHNY-26JUL19-T80/candlesticks", Reply(candles))


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _as_list(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body]


def _without_markets(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "markets"}
