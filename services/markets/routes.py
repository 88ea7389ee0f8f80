"""HTTP of the markets service: parse, one call, answer."""

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.convertors import StringConvertor, register_url_convertor

from services.markets import examples, ingest, refresh
from services.markets.domain.quality import Quality
from services.markets.resources import Resources
from services.markets.storage import candles, reading
from services.markets.storage.books import stored_markets
from shared.answers import JSON_TYPE, json_answer, list_body, tagged_answer
from shared.commands import both
from shared.documented import answers
from shared.errors import BadGateway, Conflict, Invalid, NotFound
from shared.parameters import Amount, Cursor, Limit, Moment, Word, Words
from shared.routes import clock, resources_of
from shared.syncs import sync_state


class AnyMarket(StringConvertor):
    """Tells `/markets/polymarket:1` from `/markets/books`, which a GET would otherwise take for a market."""

    regex = "[^/]*:[^/]*"


router = APIRouter()
register_url_convertor("market_id", AnyMarket())

IDS_MAX = 5_000
BOOKS_MAX = 1_000
TRADED_MAX = 500
BACKFILL_MAX = 50
CANDLES_MAX = 5_000
MARKET_ID = r"^(polymarket|kalshi):[A-Za-z0-9._-]{1,120}$"

PERIODS: dict[str, Literal[1, 60, 1440]] = {"1m": 1, "1h": 60, "1d": 1440}
HISTORY_DEFAULT = {1: timedelta(hours=6), 60: timedelta(days=7), 1440: timedelta(days=365)}


class MarketNotFound(NotFound):
    """No market with this id is stored; GET /markets lists those that are."""


class NoBook(Conflict):
    """The venue has no book for this market now: {reason}."""


class VenueFailed(BadGateway):
    """The venue did not answer: {reason}."""


class BadPeriod(Invalid):
    """The history must start before it ends."""


Here = Annotated[Resources, Depends(resources_of)]
MarketId = Annotated[str, Path(pattern=MARKET_ID, examples=["polymarket:906973", "kalshi:KXHIGHNY-26JUL19-T80"])]
Ids = Annotated[
    list[Annotated[str, Field(pattern=MARKET_ID)]],
    Field(min_length=1, max_length=IDS_MAX, examples=[["polymarket:906973"]]),
]


class Markets(BaseModel):
    market_ids: Ids


class BookMarkets(BaseModel):
    market_ids: Annotated[Ids, Field(max_length=BOOKS_MAX)]
    max_age_seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 0


class TradedMarkets(BaseModel):
    market_ids: Annotated[Ids, Field(max_length=TRADED_MAX)]
    since: Moment


class HistoryMarkets(BaseModel):
    market_ids: Annotated[Ids, Field(max_length=BACKFILL_MAX)]
    period: Literal["1m", "1h", "1d"] = "1h"
    since: Moment
    until: Moment


@both(
    router,
    "/markets/export-all-markets-db",
    responses=answers(examples.SYNC, 409, 502),
    summary="Sync all markets of both venues now",
)
def export_all_markets(
    here: Here,
    min_liquidity: Annotated[Amount | None, Query(description="Dollars; new markets below it are left out.")] = None,
    include_resolved: Annotated[bool | None, Query(description="Keep listed markets that are final already.")] = None,
) -> Response:
    """Answers when the sync has ended: what was seen, new, changed, unchanged, filtered and rejected, by venue.
    `status` is `success`, `partial` (one venue failed; the other one is done) or `failed`."""
    settings = here.settings
    quality = Quality(
        settings.market_liquidity_min if min_liquidity is None else min_liquidity,
        settings.market_resolved_kept if include_resolved is None else include_resolved,
    )
    answer = ingest.sync_markets(here.database, here.venues, quality, clock)
    here.data_changed()
    return json_answer(answer, 502 if answer["status"] == "failed" else 200)


@both(
    router,
    "/markets/export-filtered-markets-db",
    responses=answers({"count": 1, **examples.MARKETS}),
    summary="How many stored markets pass these limits, and which",
)
def export_filtered_markets(
    here: Here,
    min_liquidity: Amount = Decimal(0),
    min_volume: Amount = Decimal(0),
    min_conviction: Annotated[
        Amount, Query(le=Decimal("0.5"), description="Distance of the price from 0.5.")
    ] = Decimal(0),
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Open markets above the limits. A limit of 0 does not ask; a market whose venue does not say how liquid it is
    passes no limit above 0. Nothing is removed from the pool that all portfolios share."""
    which = reading.MarketFilter(
        status="open",
        min_liquidity=min_liquidity or None,
        min_volume=min_volume or None,
        min_conviction=min_conviction or None,
    )
    with here.database.connection() as connection:
        count = reading.count_markets(connection, which)
        body, next_cursor = reading.markets_page(connection, which, "id", cursor, limit)
    return Response(list_body("markets", body, next_cursor, count), media_type=JSON_TYPE)


@router.get(
    "/markets/sync",
    tags=["reads"],
    responses=answers({"running": None, "last": examples.SYNC}),
    summary="The running sync and the last one",
)
def read_sync(here: Here) -> Response:
    with here.database.connection() as connection:
        return json_answer(sync_state(connection, ingest.SYNCS))


@router.get("/markets", tags=["reads"], responses=answers(examples.MARKETS), summary="Stored markets, a page at a time")
def list_markets(
    request: Request,
    here: Here,
    platform: Literal["polymarket", "kalshi"] | None = None,
    status: Literal["open", "closed", "proposed", "disputed", "final"] | None = None,
    event_id: Word | None = None,
    category: Annotated[Word | None, Query(examples=["politics"])] = None,
    tag: Word | None = None,
    text: Annotated[Words | None, Query(description="In question, label or event.")] = None,
    min_liquidity: Amount | None = None,
    min_volume: Amount | None = None,
    closes_before: Moment | None = None,
    order: Annotated[
        Literal["id", "volume", "volume_24h", "liquidity", "closes_at"],
        Query(
            description="`id` gives every market exactly once even while syncs write; the others rank moving figures."
        ),
    ] = "id",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Answers `{"markets": […], "cursor": "…"|null}`. Send `If-None-Match` with the `ETag` of the last answer to
    get 304 when nothing has changed."""
    which = reading.MarketFilter(
        platform, status, event_id, category, tag, text, min_liquidity, min_volume, None, closes_before
    )
    with here.database.connection() as connection:
        body, next_cursor = reading.markets_page(connection, which, order, cursor, limit)
    return tagged_answer(request, list_body("markets", body, next_cursor))


@router.get(
    "/markets/{market_id:market_id}",
    tags=["reads"],
    responses=answers(examples.MARKET, 404),
    summary="One market with rules, evidence and history of its facts",
)
def read_market(request: Request, here: Here, market_id: MarketId) -> Response:
    with here.database.connection() as connection:
        body = reading.market_json(connection, market_id)
    if body is None:
        raise MarketNotFound(market_id=market_id)
    return tagged_answer(request, body)


@router.get(
    "/markets/{market_id}/book",
    tags=["reads"],
    responses=answers(examples.BOOK, 404, 409, 502),
    summary="The book of one market, fresh from the venue",
)
def read_book(here: Here, market_id: MarketId) -> Response:
    """All levels, best first; the NO side is the mirror of the YES side."""
    books = refresh.refresh_books(here.database, here.venues, [market_id], clock)
    if books.fetched:
        here.data_changed()
        return Response(books.shown[1:-1], media_type=JSON_TYPE)
    reason = books.failures[0]["reason"] if books.failures else "no_book"
    if reason == "unknown_market":
        raise MarketNotFound(market_id=market_id)
    raise (VenueFailed if reason.startswith("venue_") else NoBook)(market_id=market_id, reason=reason)


@router.get(
    "/markets/{market_id}/price-history",
    tags=["reads"],
    responses=answers(examples.HISTORY, 404),
    summary="Candles of the mid price",
)
def read_history(
    request: Request,
    here: Here,
    market_id: MarketId,
    period: Annotated[Literal["1m", "1h", "1d"], Query(description="Length of a candle.")] = "1h",
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> Response:
    """Open, high, low and close of the middle between bid and ask; no candle where one of them was missing. The last
    candle may still be open. `source` is `snapshots` (ours) or `venue` (taken over by a backfill)."""
    minutes = PERIODS[period]
    end = (until or clock()).astimezone(UTC)
    start = (since or end - HISTORY_DEFAULT[minutes]).astimezone(UTC)
    if start >= end:
        raise BadPeriod(since=start, until=end)
    with here.database.connection() as connection:
        stored = stored_markets(connection, [market_id])
        if not stored:
            raise MarketNotFound(market_id=market_id)
        found = candles.price_history(connection, stored[0].market_no, minutes, start, end, CANDLES_MAX)
    body = b'{"market_id":"%s","period":"%s","candles":%s}' % (market_id.encode(), period.encode(), found)
    return tagged_answer(request, body)


@router.post(
    "/markets/refresh-prices",
    tags=["commands"],
    responses=answers(examples.PRICES),
    summary="Best prices of up to 5,000 markets now",
)
def refresh_prices(here: Here, asked: Markets) -> Response:
    """Read from the venues in batches; what moved is stored. Markets without an answer are in `failures`, with why."""
    answer = refresh.refresh_prices(here.database, here.venues, _distinct(asked.market_ids), clock)
    here.data_changed()
    ingest.roll_candles(here.database, clock)
    return json_answer(answer)


@router.post(
    "/markets/books",
    tags=["commands"],
    responses=answers({"books": [examples.BOOK], "failures": examples.FAILURES}),
    summary="Books of up to 1,000 markets with their terms of trading, for execution",
)
def refresh_books(here: Here, asked: BookMarkets) -> Response:
    """Fresh from the venue, except those that we read less than `max_age_seconds` ago. Each comes with what trading on
    it has to know, read in the same moment; `status` says whether the market is still open."""
    age_max = timedelta(seconds=asked.max_age_seconds)
    books = refresh.refresh_books(here.database, here.venues, _distinct(asked.market_ids), clock, age_max)
    if books.fetched:
        here.data_changed()
    return Response(books.answer, media_type=JSON_TYPE)


@router.post(
    "/markets/trades",
    tags=["commands"],
    responses=answers(examples.TRADES),
    summary="What was traded on up to 500 markets after a moment",
)
def read_trades(here: Here, asked: TradedMarkets) -> Response:
    """Oldest first, without block trades, priced from the yes side. Polymarket shows a trade up to five minutes late
    and with whole seconds: ask again from an earlier moment and leave out the `trade_id`s that you know. A market in
    `failures` with `tape_too_long` has only its newest trades here."""
    since = asked.since.astimezone(UTC)
    return json_answer(refresh.trades_since(here.database, here.venues, _distinct(asked.market_ids), since))


@router.post(
    "/markets/refresh-resolutions",
    tags=["commands"],
    responses=answers(examples.RESOLUTIONS),
    summary="How these markets ended, with evidence",
)
def refresh_resolutions(here: Here, asked: Markets) -> Response:
    """`final` only by the venue's own final word, confirmed by a second source where the first one is not enough."""
    answer = refresh.refresh_resolutions(here.database, here.venues, _distinct(asked.market_ids), clock)
    here.data_changed()
    return json_answer(answer)


@router.post(
    "/markets/backfill-price-history",
    tags=["commands"],
    responses=answers(examples.FILLED),
    summary="Take over candles from the venues",
)
def backfill_history(here: Here, asked: HistoryMarkets) -> Response:
    since, until = asked.since.astimezone(UTC), asked.until.astimezone(UTC)
    if since >= until:
        raise BadPeriod(since=since, until=until)
    period = PERIODS[asked.period]
    return json_answer(
        refresh.backfill_history(here.database, here.venues, _distinct(asked.market_ids), period, since, until)
    )


def _distinct(market_ids: list[str]) -> list[str]:
    return list(dict.fromkeys(market_ids))
