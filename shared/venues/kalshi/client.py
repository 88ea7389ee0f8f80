"""Kalshi: which requests answer which question, live first and the historical tier where the live one forgot."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from shared.venues.circuit import CircuitState
from shared.venues.failures import NoBook, VenueError, VenueGibberish, VenueRefused, reason_of
from shared.venues.kalshi import parse
from shared.venues.paging import batches, cursor_of, gather, names, page_of, readable, rows_of, walk
from shared.venues.records import (
    Book,
    Candle,
    Event,
    ExchangeStatus,
    Market,
    Page,
    Period,
    Platform,
    PricePoint,
    Quote,
    Rejected,
    Resolution,
    Series,
    Trade,
)
from shared.venues.rejections import REJECTIONS
from shared.venues.tape import read_tapes
from shared.venues.transport import Answer, Params, Transport
from shared.venues.venue import BookBatch, KalshiFee, MarketKey, QuoteBatch, ResolutionBatch, TradeBatch
from shared.venues.wire import split

EVENTS_LIMIT = 200
MARKETS_LIMIT = 1_000
TRADES_LIMIT = 1_000
TICKERS_MAX = 100
CANDLES_MAX = 5_000
WORKERS = 4
_STATUS_STILL_SAID = frozenset({500, 503, 504})  # `/exchange/status` answers normally with these, too

Record = TypeVar("Record")


class KalshiVenue:
    """Reads of Kalshi. All of them are public: nothing is signed here."""

    platform: Platform = "kalshi"

    def __init__(self, transport: Transport, base_url: str) -> None:
        self._transport = transport
        self._base = base_url.rstrip("/")  # ends with /trade-api/v2
        self._executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="kalshi")

    @property
    def state(self) -> CircuitState:
        return self._transport.state

    @property
    def base_url(self) -> str:
        return self._base

    @property
    def simulated(self) -> bool | None:
        return self._transport.simulated

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)

    # Listings

    def series_pages(self) -> Iterator[Page[Series]]:
        """All series stand in one answer; the list has no pages."""
        answer = self._get("/series", family="series")
        yield page_of(answer, rows_of(answer, "series", "/series"), parse.parse_series, None)

    def event_pages(self, *, closed: bool = False) -> Iterator[Page[Event]]:
        params = [("status", "settled" if closed else "open"), ("limit", str(EVENTS_LIMIT))]
        return self._pages("/events", "events", parse.parse_event, params)

    def market_pages(self, *, closed: bool = False) -> Iterator[Page[Market]]:
        status = "settled" if closed else "open"
        params = [("status", status), ("mve_filter", "exclude"), ("limit", str(MARKETS_LIMIT))]
        return self._pages("/markets", "markets", parse.parse_market, params)

    def _pages(
        self, path: str, key: str, read: Callable[[object], Record | Rejected], params: Params
    ) -> Iterator[Page[Record]]:
        def fetch(cursor: str | None) -> tuple[Page[Record], object]:
            after = [("cursor", cursor)] if cursor is not None else []
            answer = self._get(path, [*params, *after], family=path.strip("/"))
            rows = rows_of(answer, key, path)
            return page_of(answer, rows, read, cursor_of(answer.data, "cursor", path)), _first_id(rows)

        return walk(path, fetch)

    # Single things, whatever their state

    def series(self, external_id: str) -> Series | Rejected | None:
        answer = self._found(f"/series/{external_id}", "series")
        return None if answer is None else parse.parse_series(_inner(answer, "series"))

    def events(self, external_ids: Sequence[str]) -> Page[Event]:
        rows: list[Any] = []
        for batch in batches(list(dict.fromkeys(external_ids)), TICKERS_MAX):
            rows.extend(self._rows("/events", "events", [("tickers", ",".join(batch)), ("limit", str(EVENTS_LIMIT))]))
        records, rejected = split(map(parse.parse_event, rows))
        REJECTIONS.report(rejected)
        return Page(records, rejected)

    def markets(self, external_ids: Sequence[str]) -> Page[Market]:
        """Live rows, and for those that settled long ago the historical ones."""
        rows: list[Any] = []
        for batch in batches(list(dict.fromkeys(external_ids)), TICKERS_MAX):
            live, old = self._market_rows(batch)
            rows.extend([*live.values(), *old.values()])
        records, rejected = split(map(parse.parse_market, rows))
        REJECTIONS.report(rejected)
        return Page(records, rejected)

    def _market_rows(self, tickers: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        live = self._rows_by_ticker("/markets", tickers)
        rest = [ticker for ticker in tickers if ticker not in live]
        return live, self._rows_by_ticker("/historical/markets", rest) if rest else {}

    def _rows_by_ticker(self, path: str, tickers: Sequence[str]) -> dict[str, Any]:
        params = [("tickers", ",".join(tickers)), ("limit", str(MARKETS_LIMIT))]
        asked = frozenset(tickers)
        rows = self._rows(path, "markets", params)
        return {row["ticker"]: row for row in rows if names(row, "ticker") and row["ticker"] in asked}

    def _rows(self, path: str, key: str, params: Params) -> list[Any]:
        """All rows of a short listing, undecided whether they can be read."""
        found: list[Any] = []

        def fetch(cursor: str | None) -> tuple[Page[object], object]:
            after = [("cursor", cursor)] if cursor is not None else []
            answer = self._get(path, [*params, *after], family=f"{path.strip('/')}_by_ticker")
            rows = rows_of(answer, key, path)
            found.extend(rows)
            return Page((), cursor=cursor_of(answer.data, "cursor", path)), _first_id(rows)

        for _ in walk(path, fetch):
            pass
        return found

    # Books and quotes

    def books(self, keys: Sequence[MarketKey]) -> BookBatch:
        tickers = list(dict.fromkeys(key.external_id for key in keys))
        records: list[Book] = []
        rejected: list[Rejected] = []
        missing: dict[str, str] = {}
        for batch, rows in gather(self._executor, self._book_rows, batches(tickers, TICKERS_MAX)):
            if isinstance(rows, str):
                missing.update(dict.fromkeys(batch, rows))
                continue
            for ticker in batch:
                if ticker not in rows:
                    missing[ticker] = "no_book"
                    continue
                book = parse.parse_book(rows[ticker], ticker=ticker)
                if isinstance(book, Rejected):
                    rejected.append(book)
                else:
                    records.append(book)
        REJECTIONS.report(rejected)
        return BookBatch(tuple(records), tuple(rejected), missing)

    def _book_rows(self, tickers: Sequence[str]) -> dict[str, Any]:
        """The key is repeated: a comma list is answered with one empty book named after the whole list."""
        answer = self._get("/markets/orderbooks", [("tickers", ticker) for ticker in tickers], family="orderbooks")
        rows = rows_of(answer, "orderbooks", "/markets/orderbooks")
        return {row["ticker"]: row for row in rows if names(row, "ticker")}

    def book(self, key: MarketKey) -> Book:
        answer = self._found(f"/markets/{key.external_id}/orderbook", "orderbook")
        if answer is None:
            raise NoBook(external_id=key.external_id)
        return readable(parse.parse_book(answer.data, ticker=key.external_id), "/orderbook")

    def quotes(self, keys: Sequence[MarketKey]) -> QuoteBatch:
        """Top of book out of the markets' own rows. A market that nobody quotes has a quote of Nones."""
        tickers = list(dict.fromkeys(key.external_id for key in keys))
        quotes: dict[str, Quote] = {}
        rejected: list[Rejected] = []
        missing: dict[str, str] = {}
        asked = gather(
            self._executor, lambda each: self._rows_by_ticker("/markets", each), batches(tickers, TICKERS_MAX)
        )
        for batch, rows in asked:
            if isinstance(rows, str):
                missing.update(dict.fromkeys(batch, rows))
                continue
            missing.update({ticker: "not_found" for ticker in batch if ticker not in rows})
            for ticker, row in rows.items():
                market = parse.parse_market(row)
                if isinstance(market, Rejected):
                    rejected.append(market)
                else:
                    quotes[ticker] = market.quote or Quote(None, None, None, None, None)
        REJECTIONS.report(rejected)
        return QuoteBatch(quotes, tuple(rejected), missing)

    # Histories

    def candles(self, key: MarketKey, period: Period, start: datetime, end: datetime) -> tuple[Candle, ...]:
        """Candles whose period ends after `start` and not after `end`."""
        candles: dict[datetime, Candle] = {}
        rejected: list[Rejected] = []
        for since, until in parse.candle_spans(start, end, period, CANDLES_MAX):
            params = [("start_ts", str(since)), ("end_ts", str(until)), ("period_interval", str(period))]
            for row in self._candle_rows(key, params):
                read = parse.parse_candle(row, ticker=key.external_id, period=period)
                if isinstance(read, Rejected):
                    rejected.append(read)
                elif read is not None:
                    candles[read.opened_at] = read
        REJECTIONS.report(rejected)
        return tuple(candles[at] for at in sorted(candles))

    def _candle_rows(self, key: MarketKey, params: Params) -> list[Any]:
        live: Answer | None
        if key.series_external_id is not None:
            path = f"/series/{key.series_external_id}/markets/{key.external_id}/candlesticks"
            live = self._found(path, "candlesticks", params)
            if live is not None:
                return rows_of(live, "candlesticks", path)
        else:  # the batch form needs no series; a market it does not know is left out
            path = "/markets/candlesticks"
            live = self._get(path, [("market_tickers", key.external_id), *params], family="candlesticks")
            for row in rows_of(live, "markets", path):
                if isinstance(row, dict) and row.get("market_ticker") == key.external_id:
                    return list(row.get("candlesticks") or [])
        path = f"/historical/markets/{key.external_id}/candlesticks"
        old = self._found(path, "historical_candlesticks", params)
        return [] if old is None else rows_of(old, "candlesticks", path)

    def price_history(
        self, key: MarketKey, start: datetime, end: datetime, fidelity_minutes: int
    ) -> tuple[PricePoint, ...]:
        """Closes of the candles that fit the asked fidelity; the venue keeps no finer prices."""
        period: Period = 1 if fidelity_minutes < 60 else 60 if fidelity_minutes < 1440 else 1440
        return tuple(
            PricePoint(at=parse.end_of_candle(candle, period), price=candle.close)
            for candle in self.candles(key, period, start, end)
        )

    def trades(self, key: MarketKey, *, since: datetime | None = None) -> Iterator[Page[Trade]]:
        """Trades on the book, each once, newest first; what the live tier forgot comes from the historical one."""
        return self._tape(key.external_id, self._trade_paths(since), since)

    def trades_since(self, keys: Sequence[MarketKey], since: datetime) -> TradeBatch:
        paths = self._trade_paths(since)
        tickers = [[ticker] for ticker in dict.fromkeys(key.external_id for key in keys)]
        return read_tapes(self._executor, tickers, lambda ticker: self._tape(ticker[0], paths, since))

    def _trade_paths(self, since: datetime | None) -> list[str]:
        old = since is None or since < self.cutoff().trades_created_at
        return ["/markets/trades", "/historical/trades"] if old else ["/markets/trades"]

    def _tape(self, ticker: str, paths: Sequence[str], since: datetime | None) -> Iterator[Page[Trade]]:
        params = [("ticker", ticker), ("limit", str(TRADES_LIMIT)), ("is_block_trade", "false")]
        if since is not None:
            params.append(("min_ts", parse.as_epoch(since)))
        seen: set[str] = set()
        for path in paths:
            for page in self._pages(path, "trades", parse.parse_trade, params):
                fresh = {
                    trade.external_id: trade
                    for trade in page.records
                    if not trade.block and trade.external_id not in seen and (since is None or trade.traded_at >= since)
                }
                seen.update(fresh)
                yield Page(tuple(fresh.values()), page.rejected, page.cursor, page.bytes_read, page.seconds)

    # Terms, ends and health

    def fees(self, key: MarketKey) -> KalshiFee | None:
        """The terms of the series, overridden by the event; None where the series is not known."""
        series = self.series(key.series_external_id) if key.series_external_id else None
        if series is None:
            return None
        series = readable(series, "/series")
        event = self._event(key.event_external_id) if key.event_external_id else None
        terms = parse.effective_fee(series, event)
        if terms is None:
            return None
        params = [("series_ticker", series.external_id), ("show_historical", "true")]
        answer = self._get("/series/fee_changes", params, family="fee_changes")
        rows = rows_of(answer, "series_fee_change_arr", "/series/fee_changes")
        changes, rejected = split(map(parse.parse_fee_change, rows))
        REJECTIONS.report(rejected)
        return KalshiFee(*terms, changes=tuple(sorted(changes, key=lambda change: change.at)))

    def _event(self, ticker: str) -> Event | None:
        answer = self._found(f"/events/{ticker}", "event", [("exclude_markets", "true")])
        return None if answer is None else readable(parse.parse_event(_inner(answer, "event")), "/events")

    def resolutions(self, keys: Sequence[MarketKey]) -> ResolutionBatch:
        tickers = list(dict.fromkeys(key.external_id for key in keys))
        records: list[Resolution] = []
        rejected: list[Rejected] = []
        missing: dict[str, str] = {}
        for batch, rows in gather(self._executor, self._market_rows, batches(tickers, TICKERS_MAX)):
            if isinstance(rows, str):
                missing.update(dict.fromkeys(batch, rows))
                continue
            live, old = rows
            read = [parse.settle(row) for row in live.values()]
            read += [parse.settle(row, "kalshi_historical") for row in old.values()]
            got, bad = split(read)
            records.extend(got)
            rejected.extend(bad)
            for ticker in batch:
                if ticker not in live and ticker not in old:
                    self._look_for(ticker, records, rejected, missing)
        REJECTIONS.report(rejected)
        return ResolutionBatch(tuple(records), tuple(rejected), missing)

    def _look_for(
        self, ticker: str, records: list[Resolution], rejected: list[Rejected], missing: dict[str, str]
    ) -> None:
        """A market that no list shows: ask for it by name in both tiers before calling it deleted."""
        read: Resolution | Rejected
        try:
            if (live := self._found(f"/markets/{ticker}", "market")) is not None:
                read = parse.settle(_inner(live, "market"))
            elif (old := self._found(f"/historical/markets/{ticker}", "historical_market")) is not None:
                read = parse.settle(_inner(old, "market"), "kalshi_historical")
            else:
                read = parse.deleted(ticker)
        except VenueError as error:
            missing[ticker] = reason_of(error)
            return
        if isinstance(read, Rejected):
            rejected.append(read)
        else:
            records.append(read)

    def cutoff(self) -> parse.Cutoff:
        answer = self._get("/historical/cutoff", family="cutoff")
        return readable(parse.parse_cutoff(answer.data), "/historical/cutoff")

    def schedule(self) -> Mapping[str, Any]:
        """The hours of trading in US Eastern time, as the venue writes them."""
        schedule: Mapping[str, Any] = _inner(self._get("/exchange/schedule", family="schedule"), "schedule")
        return schedule

    def status(self) -> ExchangeStatus:
        answer = self._get("/exchange/status", family="status", also=_STATUS_STILL_SAID)
        return readable(parse.parse_status(answer.data), "/exchange/status")

    def _get(self, path: str, params: Params = (), *, family: str, also: frozenset[int] = frozenset()) -> Answer:
        return self._transport.get(self._base + path, params, family=family, also=also)

    def _found(self, path: str, family: str, params: Params = ()) -> Answer | None:
        try:
            return self._get(path, params, family=family)
        except VenueRefused as error:
            if error.status_code == 404:
                return None
            raise


def _inner(answer: Answer, key: str) -> Any:
    inner = answer.data.get(key) if isinstance(answer.data, dict) else None
    if not isinstance(inner, dict):
        raise VenueGibberish(host="the venue", path=f"/{key}", why=f"there is no object `{key}` in it")
    return inner


def _first_id(rows: Sequence[Any]) -> object:
    """What tells the first row from others: a trade names its market as well, so its own id comes first."""
    first = rows[0] if rows and isinstance(rows[0], dict) else {}
    return first.get("trade_id") or first.get("ticker") or first.get("event_ticker")
