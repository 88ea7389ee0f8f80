"""Polymarket: which requests answer which question. Gamma lists, the CLOB prices, the Data API confirms."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from shared.venues.circuit import CircuitState
from shared.venues.failures import NoBook, NoToken, VenueRefused
from shared.venues.paging import batches, cursor_of, gather, names, page_of, readable, rows_of, walk
from shared.venues.polymarket import parse
from shared.venues.polymarket.confirmation import Confirmation
from shared.venues.records import (
    Book,
    Candle,
    Event,
    ExchangeStatus,
    FeeSchedule,
    Market,
    Page,
    Period,
    Platform,
    PricePoint,
    Rejected,
    Resolution,
    Series,
    Tag,
    Trade,
)
from shared.venues.rejections import REJECTIONS
from shared.venues.tape import read_tapes
from shared.venues.transport import Answer, Params, Transport
from shared.venues.venue import BookBatch, MarketKey, QuoteBatch, ResolutionBatch, TradeBatch
from shared.venues.wire import split

log = structlog.get_logger()

PAGE_LIMIT = 100
SERIES_LIMIT = 50
BOOKS_MAX = 500
IDS_MAX = 100
TRADES_LIMIT = 1_000
CONDITIONS_MAX = 20  # whose trades are asked for at once
HISTORY_WINDOW = timedelta(days=15)
WORKERS = 4
# Points a candle is made of, in minutes apart: a point is a mid, so a few per period show its range.
_FIDELITY: Mapping[Period, int] = {1: 1, 60: 5, 1440: 60}
_VERSIONS: Params = (("version", "v1"), ("version", "v2"))  # unasked, the keyset lists hide v2

Record = TypeVar("Record")


class PolymarketVenue:
    """Reads of Polymarket."""

    platform: Platform = "polymarket"

    def __init__(self, transport: Transport, gamma_url: str, clob_url: str, data_url: str) -> None:
        self._transport = transport
        self._gamma = gamma_url.rstrip("/")
        self._clob = clob_url.rstrip("/")
        self._data = data_url.rstrip("/")
        self._executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="polymarket")
        self._confirmation = Confirmation(transport, self._clob, self._data)

    @property
    def state(self) -> CircuitState:
        return self._transport.state

    @property
    def base_url(self) -> str:
        return self._gamma

    @property
    def simulated(self) -> bool | None:
        return self._transport.simulated

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)

    # Listings

    def series_pages(self) -> Iterator[Page[Series]]:
        return self._offset_pages("/series", parse.parse_series, SERIES_LIMIT)

    def tag_pages(self) -> Iterator[Page[Tag]]:
        return self._offset_pages("/tags", parse.parse_tag, PAGE_LIMIT)

    def event_pages(self, *, closed: bool = False) -> Iterator[Page[Event]]:
        params = [*_listing(closed), ("include_markets", "false")]
        return self._keyset_pages("events", parse.parse_event, params)

    def market_pages(self, *, closed: bool = False) -> Iterator[Page[Market]]:
        return self._keyset_pages("markets", parse.parse_market, _listing(closed))

    def _keyset_pages(
        self, noun: str, read: Callable[[object], Record | Rejected], params: Params
    ) -> Iterator[Page[Record]]:
        path = f"/{noun}/keyset"

        def fetch(cursor: str | None) -> tuple[Page[Record], object]:
            after = [("after_cursor", cursor)] if cursor is not None else []
            answer = self._transport.get(self._gamma + path, [*params, *after], family=noun)
            rows = rows_of(answer, noun, path)
            return page_of(answer, rows, read, cursor_of(answer.data, "next_cursor", path)), _id_of(rows)

        return walk(path, fetch)

    def _offset_pages(
        self, path: str, read: Callable[[object], Record | Rejected], limit: int
    ) -> Iterator[Page[Record]]:
        """An old list ends with an empty page, or where the venue lets nobody look further."""

        def fetch(cursor: str | None) -> tuple[Page[Record], object]:
            offset = int(cursor or 0)
            params = [("limit", str(limit)), ("offset", str(offset)), ("order", "id"), ("ascending", "true")]
            try:
                answer = self._transport.get(self._gamma + path, params, family=path.strip("/"))
            except VenueRefused as error:
                if error.status_code != 422 or offset == 0:
                    raise
                log.info("listing_cut_by_venue", path=path, offset=offset)
                return Page(()), None
            rows = rows_of(answer, None, path)
            return page_of(answer, rows, read, str(offset + len(rows)) if rows else None), _id_of(rows)

        return walk(path, fetch)

    # Single things, whatever their state

    def series(self, external_id: str) -> Series | Rejected | None:
        answer = self._found(f"{self._gamma}/series/{external_id}", "series")
        return None if answer is None else parse.parse_series(answer.data)

    def markets(self, external_ids: Sequence[str]) -> Page[Market]:
        return self._by_ids("markets", parse.parse_market, external_ids, [])

    def events(self, external_ids: Sequence[str]) -> Page[Event]:
        return self._by_ids("events", parse.parse_event, external_ids, [("include_markets", "false")])

    def _by_ids(
        self, noun: str, read: Callable[[object], Record | Rejected], ids: Sequence[str], more: Params
    ) -> Page[Record]:
        records: list[Record] = []
        rejected: list[Rejected] = []
        for batch in batches(list(dict.fromkeys(ids)), IDS_MAX):
            got, bad = split(map(read, self._rows_by_ids(noun, batch, more).values()))
            records.extend(got)
            rejected.extend(bad)
        REJECTIONS.report(rejected)
        return Page(tuple(records), tuple(rejected))

    def _rows_by_ids(self, noun: str, ids: Sequence[str], more: Params = ()) -> dict[str, dict[str, Any]]:
        """The rows of up to 100 ids. A list shows either open or closed rows, and none that are inactive."""
        rows: dict[str, dict[str, Any]] = {}
        for closed in (True, False):
            wanted = [each for each in ids if each not in rows]
            if wanted:
                rows.update(self._keyset_rows(noun, wanted, [*_listing(closed), *more]))
        for each in ids:
            if each not in rows and each.isdigit():
                answer = self._found(f"{self._gamma}/{noun}/{each}", noun)
                if answer is not None and isinstance(answer.data, dict):
                    rows[each] = answer.data
        return {each: rows[each] for each in ids if each in rows}

    def _keyset_rows(self, noun: str, ids: Sequence[str], params: Params) -> dict[str, dict[str, Any]]:
        path = f"/{noun}/keyset"
        rows: dict[str, dict[str, Any]] = {}

        def fetch(cursor: str | None) -> tuple[Page[object], object]:
            after = [("after_cursor", cursor)] if cursor is not None else []
            wanted = [("id", each) for each in ids]
            answer = self._transport.get(self._gamma + path, [*params, *wanted, *after], family=f"{noun}_by_id")
            found = rows_of(answer, noun, path)
            rows.update({row["id"]: row for row in found if names(row, "id")})
            return Page((), cursor=cursor_of(answer.data, "next_cursor", path)), _id_of(found)

        for _ in walk(path, fetch, pages_max=len(ids) + 1):
            if all(each in rows for each in ids):
                break
        return rows

    def _found(self, url: str, family: str) -> Answer | None:
        try:
            return self._transport.get(url, family=family)
        except VenueRefused as error:
            if error.status_code in (404, 422):
                return None
            raise

    # Books and quotes

    def books(self, keys: Sequence[MarketKey]) -> BookBatch:
        """Books of the yes tokens. The venue leaves out what has no book and keeps no order."""
        missing = {key.external_id: "no_token" for key in keys if key.yes_token_id is None}
        wanted = {key.yes_token_id: key.external_id for key in keys if key.yes_token_id is not None}
        records: list[Book] = []
        rejected: list[Rejected] = []
        for tokens, rows in gather(self._executor, self._book_rows, batches(list(wanted), BOOKS_MAX)):
            if isinstance(rows, str):
                missing.update({wanted[token]: rows for token in tokens})
                continue
            for token in tokens:
                if token not in rows:
                    missing[wanted[token]] = "no_book"
                    continue
                book = parse.parse_book(rows[token], external_id=wanted[token])
                if isinstance(book, Rejected):
                    rejected.append(book)
                else:
                    records.append(book)
        REJECTIONS.report(rejected)
        return BookBatch(tuple(records), tuple(rejected), missing)

    def _book_rows(self, tokens: Sequence[str]) -> dict[str, Any]:
        answer = self._transport.post(f"{self._clob}/books", [{"token_id": token} for token in tokens], family="books")
        rows = rows_of(answer, None, "/books")
        return {row["asset_id"]: row for row in rows if names(row, "asset_id")}

    def book(self, key: MarketKey) -> Book:
        token = _token_of(key)
        try:
            answer = self._transport.get(f"{self._clob}/book", [("token_id", token)], family="book")
        except VenueRefused as error:
            if error.status_code == 404:
                raise NoBook(external_id=key.external_id) from error
            raise
        book = parse.parse_book(answer.data, external_id=key.external_id)
        return readable(book, "/book")

    def quotes(self, keys: Sequence[MarketKey]) -> QuoteBatch:
        """Best levels of the books: Gamma's own best prices are minutes old."""
        found = self.books(keys)
        return QuoteBatch(
            quotes={book.external_id: parse.quote_of(book) for book in found.records},
            rejected=found.rejected,
            missing=found.missing,
            venue_times={book.external_id: book.venue_time for book in found.records if book.venue_time is not None},
        )

    # Histories

    def candles(self, key: MarketKey, period: Period, start: datetime, end: datetime) -> tuple[Candle, ...]:
        return parse.candles_of(self.price_history(key, start, end, _FIDELITY[period]), period)

    def price_history(
        self, key: MarketKey, start: datetime, end: datetime, fidelity_minutes: int
    ) -> tuple[PricePoint, ...]:
        """Mids of the yes token, from windows that the venue answers for resolved markets, too."""
        token = _token_of(key)
        points: dict[datetime, PricePoint] = {}
        for since, until in parse.windows(start, end, HISTORY_WINDOW):
            params = [
                ("market", token),  # the venue's name for a token
                ("startTs", str(int(since.timestamp()))),
                ("endTs", str(int(until.timestamp()))),
                ("fidelity", str(fidelity_minutes)),
            ]
            answer = self._transport.get(f"{self._clob}/prices-history", params, family="prices_history")
            rows = rows_of(answer, "history", "/prices-history")
            read, rejected = parse.parse_points(rows, external_id=key.external_id, start=since, end=until)
            REJECTIONS.report(rejected)
            points.update({point.at: point for point in read})
        return tuple(points[at] for at in sorted(points))

    def trades(self, key: MarketKey, *, since: datetime | None = None) -> Iterator[Page[Trade]]:
        """Trades of one market, newest first, each once; back to `since`, else as far as the venue looks."""
        if key.condition_id is None:
            raise NoToken(external_id=key.external_id)
        return self._tape({key.condition_id: key.yes_token_id}, since)

    def trades_since(self, keys: Sequence[MarketKey], since: datetime) -> TradeBatch:
        """Told from the yes side, so a market whose yes token we do not know has none."""
        tokens = {key.condition_id: key.yes_token_id for key in keys if key.condition_id and key.yes_token_id}
        read = read_tapes(
            self._executor,
            batches(list(tokens), CONDITIONS_MAX),
            lambda conditions: self._tape({condition: tokens[condition] for condition in conditions}, since),
        )
        named = {key.condition_id: key.external_id for key in keys if key.condition_id in tokens}
        missing = {key.external_id: "no_token" for key in keys if key.condition_id not in tokens}
        missing.update({named[condition]: reason for condition, reason in read.missing.items()})
        return TradeBatch({named[condition]: trades for condition, trades in read.records.items()}, missing)

    def _tape(self, tokens: Mapping[str, str | None], since: datetime | None) -> Iterator[Page[Trade]]:
        """`tokens`: the yes token of each condition, as far as it is known."""
        params = [("condition", ",".join(tokens)), ("limit", str(TRADES_LIMIT))]
        seen: set[str] = set()

        def read(row: Any) -> Trade | Rejected:
            condition = row.get("condition_id") if isinstance(row, dict) else None
            return parse.parse_trade(row, yes_token_id=tokens.get(condition) if isinstance(condition, str) else None)

        def fetch(cursor: str | None) -> tuple[Page[Trade], object]:
            after = [("cursor", cursor)] if cursor is not None else []
            answer = self._transport.get(f"{self._data}/v2/trades", [*params, *after], family="trades")
            rows = rows_of(answer, "data", "/v2/trades")
            following = cursor_of(answer.data.get("pagination"), "next_cursor", "/v2/trades")
            return page_of(answer, rows, read, following), rows[0] if rows else None

        for page in walk("/v2/trades", fetch):
            fresh = [trade for trade in page.records if trade.external_id not in seen]
            kept = [trade for trade in fresh if since is None or trade.traded_at >= since]
            seen.update(trade.external_id for trade in fresh)
            once = tuple({trade.external_id: trade for trade in kept}.values())
            ends = len(kept) < len(fresh)
            yield Page(once, page.rejected, None if ends else page.cursor, page.bytes_read, page.seconds)
            if ends:
                return

    # Terms, ends and health

    def fees(self, key: MarketKey) -> FeeSchedule | None:
        if key.condition_id is None:
            raise NoToken(external_id=key.external_id)
        answer = self._transport.get(f"{self._clob}/clob-markets/{key.condition_id}", family="clob_markets")
        return readable(parse.parse_fee(answer.data), "/clob-markets")

    def resolutions(self, keys: Sequence[MarketKey]) -> ResolutionBatch:
        ids = list(dict.fromkeys(key.external_id for key in keys))
        records: list[Resolution] = []
        rejected: list[Rejected] = []
        missing: dict[str, str] = {}
        asked = gather(self._executor, lambda batch: self._rows_by_ids("markets", batch), batches(ids, IDS_MAX))
        for batch, rows in asked:
            if isinstance(rows, str):
                missing.update(dict.fromkeys(batch, rows))
                continue
            missing.update({each: "not_found" for each in batch if each not in rows})
            for resolution in self._confirmation.confirmed(list(rows.values())):
                if isinstance(resolution, Rejected):
                    rejected.append(resolution)
                else:
                    records.append(resolution)
        REJECTIONS.report(rejected)
        return ResolutionBatch(tuple(records), tuple(rejected), missing)

    def status(self) -> ExchangeStatus:
        """The CLOB tells its time when it is up; 425 and 503 are what it says while it restarts."""
        try:
            self._transport.get(f"{self._clob}/time", family="status")
        except VenueRefused as error:
            if error.status_code not in (425, 503):
                raise
            return ExchangeStatus("polymarket", exchange_active=False, trading_active=False)
        return ExchangeStatus("polymarket", exchange_active=True, trading_active=True)


def _listing(closed: bool) -> list[tuple[str, str]]:
    order = [("limit", str(PAGE_LIMIT)), ("closed", str(closed).lower()), ("order", "id"), ("ascending", "true")]
    return [*order, *_VERSIONS]


def _id_of(rows: Sequence[Any]) -> object:
    return rows[0].get("id") if rows and isinstance(rows[0], dict) else None


def _token_of(key: MarketKey) -> str:
    if key.yes_token_id is None:
        raise NoToken(external_id=key.external_id)
    return key.yes_token_id
