"""HTTP of Kalshi: series, events, markets and order books of the live tier."""

from collections.abc import Callable

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.datastructures import QueryParams

from services.sandbox import cursors
from services.sandbox.answers import raw
from services.sandbox.domain.books import Book, books_of
from services.sandbox.domain.catalogue import CATEGORIES, TEMPLATES
from services.sandbox.domain.chance import Flags, Ints
from services.sandbox.domain.figures import LONG
from services.sandbox.domain.identity import MarketId
from services.sandbox.domain.wording import series_title
from services.sandbox.domain.world import KALSHI
from services.sandbox.kalshi import listing
from services.sandbox.kalshi.board import Board, board_of, open_board, waiting_board, whole_board
from services.sandbox.kalshi.rows import series_row
from services.sandbox.pages import Page
from services.sandbox.resources import Sandbox

PREFIX = "/kalshi/trade-api/v2"
TICKERS_MAX = 100
NO_MARKETS = b'{"cursor":"","markets":[]}'
router = APIRouter(prefix=PREFIX, tags=["kalshi"])


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def key_of(path: str, params: QueryParams, stale: float = 0.0) -> str:
    """Independent of the order in which a client writes its parameters."""
    return f"{path}?{sorted(params.multi_items())}#{stale}"


def cached(request: Request, build: Callable[[Sandbox, float], str]) -> Response:
    """Answers change with the quotes and not between."""
    sandbox = sandbox_of(request)
    moment = sandbox.quote_moment()
    key = key_of(request.url.path, request.query_params, request.scope.get("sandbox_stale", 0.0))
    return raw(sandbox.quote_page(key, moment, lambda: Page(build(sandbox, moment).encode())).body)


def board_for(sandbox: Sandbox, moment: float, status: str) -> Board:
    """The smallest board that holds all markets of a status."""
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    make, key = whole_board, ("kalshi", "whole")
    if status in ("open", "paused"):
        make, key = open_board, ("kalshi", "open")
    elif status == "closed":
        make, key = waiting_board, ("kalshi", "waiting")
    return sandbox.boards.get(key, moment, lambda: make(sandbox.identity, moment, quantum, sandbox.decrees))


def board_of_markets(sandbox: Sandbox, moment: float, markets: list[MarketId]) -> Board:
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    return board_of(sandbox.identity, [market.event for market in markets], moment, quantum, sandbox.decrees)


def known_markets(sandbox: Sandbox, tickers: list[str]) -> list[MarketId]:
    found = (listing.market_of(sandbox.identity, ticker) for ticker in tickers)
    return list(dict.fromkeys(market for market in found if market is not None))


def paged(ids: Ints, places: Ints, limit: int, cursor: str | None) -> tuple[Ints, str]:
    """A page in the order of the ids, and the cursor after it: empty at the end."""
    after = cursors.decoded(cursor) if cursor else None
    if cursor and after is None:
        raise listing.bad_request("invalid cursor")
    order = np.argsort(ids[places], kind="stable")
    first = 0 if after is None else int(np.searchsorted(ids[places][order], after[1], side="right"))
    page = places[order[first : first + limit]]
    more = first + limit < len(places)
    return page, cursors.encoded((0.0, int(ids[page[-1]]))) if more else ""


@router.get("/markets", summary="Markets of the live tier")
async def markets(request: Request) -> Response:
    """Answers, and prepares the next page while the client reads this one."""
    sandbox, params, path = sandbox_of(request), request.query_params, request.url.path
    moment = sandbox.quote_moment()
    page = sandbox.quote_page(key_of(path, params), moment, lambda: markets_page(sandbox, moment, params))
    response = raw(page.body)
    if page.following is not None:
        response.background = BackgroundTask(_prepare, sandbox, path, params, page.following)
    return response


async def _prepare(sandbox: Sandbox, path: str, params: QueryParams, cursor: str) -> None:
    moment = sandbox.quote_moment()
    kept = [item for item in params.multi_items() if item[0] != "cursor"]
    coming = QueryParams([*kept, ("cursor", cursor)])
    key = key_of(path, coming)
    if not sandbox.pages.holds(key, moment):
        sandbox.quote_page(key, moment, lambda: markets_page(sandbox, moment, coming))


def markets_page(sandbox: Sandbox, moment: float, params: QueryParams) -> Page:
    status = listing.status_of(params, listing.STATUSES)
    span = listing.span_of(params, status)
    limit = listing.limit_of(params, 100, 1000)
    mve = params.get("mve_filter")
    if mve not in (None, "", "exclude", "only"):
        raise listing.bad_request("invalid mve_filter")
    if span is not None and span.family == "updated" and (params.get("tickers") or params.get("event_ticker")):
        raise listing.bad_request("min_updated_ts cannot be combined with other filters")
    if mve == "only":  # this world has no combinations
        return Page(NO_MARKETS)
    board, flags = _markets_asked(sandbox, moment, params, status)
    if not len(board.events.slot):
        return Page(NO_MARKETS)
    flags = flags & board.listed & listing.spanned(board, span)
    flags &= listing.chosen_series(board, params)[board.markets.row]
    if status:
        flags &= board.having(status)
    page, cursor = paged(board.market_ids, np.flatnonzero(flags), limit, params.get("cursor"))
    body = f'{{"cursor":"{cursor}","markets":[{",".join(board.market_rows(page))}]}}'
    return Page(body.encode(), cursor or None)


def _markets_asked(sandbox: Sandbox, moment: float, params: QueryParams, status: str) -> tuple[Board, Flags]:
    tickers = params.get("tickers")
    if not tickers:
        board = _board_of_event(sandbox, moment, params.get("event_ticker"), status)
        return board, np.ones(len(board.markets) if len(board.events.slot) else 0, dtype=np.bool_)
    wanted = known_markets(sandbox, tickers.split(","))
    board = board_of_markets(sandbox, moment, wanted)
    flags = np.zeros(len(board.markets) if len(board.events.slot) else 0, dtype=np.bool_)
    if len(flags):
        flags[listing.places_of(board, wanted)] = True
    return board, flags


def _board_of_event(sandbox: Sandbox, moment: float, ticker: str | None, status: str) -> Board:
    if not ticker:
        return board_for(sandbox, moment, status)
    event = listing.event_of(sandbox.identity, ticker)
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    return board_of(sandbox.identity, [event] if event else [], moment, quantum, sandbox.decrees)


@router.get("/events", summary="Events, with their markets on request")
async def events(request: Request) -> Response:
    params = request.query_params
    status = listing.status_of(params, listing.EVENT_STATUSES)
    limit = listing.limit_of(params, 200, 200)
    nested = listing.flag(params, "with_nested_markets")
    closes = listing.integer(params, "min_close_ts")
    updated = listing.integer(params, "min_updated_ts")

    def build(sandbox: Sandbox, moment: float) -> str:
        tickers = params.get("tickers")
        if tickers:
            found = [listing.event_of(sandbox.identity, ticker) for ticker in tickers.split(",")]
            quantum = float(sandbox.settings.sandbox_quote_seconds)
            known = [event for event in found if event is not None]
            board = board_of(sandbox.identity, known, moment, quantum, sandbox.decrees)
        else:
            board = board_for(sandbox, moment, status)
        if not len(board.events.slot):
            return '{"cursor":"","events":[]}'
        flags: Flags = listing.chosen_series(board, params)
        if status:
            flags = flags & board.any_of(board.having(status))
        if closes is not None:
            flags = flags & board.any_of(board.close_times >= closes)
        if updated is not None:
            flags = flags & board.any_of(board.updated_times >= updated)
        page, cursor = paged(board.event_ids, np.flatnonzero(flags), limit, params.get("cursor"))
        milestones = ',"milestones":[]' if listing.flag(params, "with_milestones") else ""
        rows = ",".join(board.event_rows(page.tolist(), nested))
        return f'{{"cursor":"{cursor}","events":[{rows}]{milestones}}}'

    return cached(request, build)


@router.get("/events/{event_ticker}", summary="One event")
async def event(request: Request, event_ticker: str) -> Response:
    params = request.query_params
    nested, bare = listing.flag(params, "with_nested_markets"), listing.flag(params, "exclude_markets")
    if nested and bare:
        raise listing.bad_request("with_nested_markets and exclude_markets are mutually exclusive")

    def build(sandbox: Sandbox, moment: float) -> str:
        board = _board_of_event(sandbox, moment, event_ticker, "")
        if not len(board.events.slot):
            raise listing.not_found()
        [row] = board.event_rows([0], nested)
        if nested or bare:
            return f'{{"event":{row}}}'
        rows = board.market_rows(np.flatnonzero(board.listed))
        return f'{{"event":{row},"markets":[{",".join(rows)}]}}'

    return cached(request, build)


def one_market(sandbox: Sandbox, moment: float, ticker: str) -> tuple[Board, int]:
    """A market of the live tier, or the venue's 404."""
    market = listing.market_of(sandbox.identity, ticker)
    if market is None:
        raise listing.not_found()
    board = board_of_markets(sandbox, moment, [market])
    if not len(board.events.slot) or not bool(board.listed[market.index]):
        raise listing.not_found()
    return board, market.index


@router.get("/markets/orderbooks", summary="Several order books; repeat `tickers`")
async def orderbooks(request: Request) -> Response:
    tickers = request.query_params.getlist("tickers")
    if not 1 <= len(tickers) <= TICKERS_MAX:
        raise listing.bad_request("tickers: between 1 and 100 values")

    def build(sandbox: Sandbox, moment: float) -> str:
        wanted = {ticker: listing.market_of(sandbox.identity, ticker) for ticker in tickers}
        moved = moment - request.scope.get("sandbox_stale", 0.0)
        board = board_of_markets(sandbox, moved, [market for market in wanted.values() if market is not None])
        books = (
            dict(zip(board.market_ids.tolist(), books_of(board.tally.quotes), strict=True))
            if len(board.events.slot)
            else {}
        )
        rows = []
        for ticker, market in wanted.items():
            found = None
            if market is not None:
                found = books.get(sandbox.identity.market_number(market.slot, market.generation, market.index))
            # A ticker that is none, a comma list for one, is answered with an empty book under its own name.
            rows.append(f'{{"orderbook_fp":{book_json(found or Book((), ()))},"ticker":"{_clean(ticker)}"}}')
        return f'{{"orderbooks":[{",".join(rows)}]}}'

    return cached(request, build)


def _clean(ticker: str) -> str:
    return "".join(letter for letter in ticker if letter.isalnum() or letter in "-.,_")[:2000]


@router.get("/markets/{ticker}", summary="One market of the live tier")
async def market(request: Request, ticker: str) -> Response:
    def build(sandbox: Sandbox, moment: float) -> str:
        board, index = one_market(sandbox, moment, ticker)
        [row] = board.market_rows(np.array([index]))
        return f'{{"market":{row}}}'

    return cached(request, build)


@router.get("/markets/{ticker}/orderbook", summary="One order book: bids of both sides, best last")
async def orderbook(request: Request, ticker: str) -> Response:
    depth = listing.integer(request.query_params, "depth", 0) or 0
    if not 0 <= depth <= 100:
        raise listing.bad_request("invalid depth")

    def build(sandbox: Sandbox, moment: float) -> str:
        board, index = one_market(sandbox, moment - request.scope.get("sandbox_stale", 0.0), ticker)
        return f'{{"orderbook_fp":{book_json(books_of(board.tally.quotes)[index], depth)}}}'

    return cached(request, build)


def book_json(book: Book, depth: int = 0) -> str:
    """The asks of yes are the bids of no at one minus the price."""
    yes = [(price, size) for price, size in book.bids[: depth or None]]
    no = [(10_000 - price, size) for price, size in book.asks[: depth or None]]
    return f'{{"no_dollars":[{_side(no)}],"yes_dollars":[{_side(yes)}]}}'


def _side(levels: list[tuple[int, float]]) -> str:
    return ",".join(f'["{LONG[price]}","{size:.2f}"]' for price, size in reversed(levels))


@router.get("/series", summary="All series in one answer")
async def series(request: Request) -> Response:
    params = request.query_params
    category, tags = params.get("category"), set(filter(None, (params.get("tags") or "").split(",")))
    with_volume = listing.flag(params, "include_volume")

    def build(sandbox: Sandbox, _: float) -> str:
        rows = []
        for item in sandbox.world.series:
            fits = category in (None, "", CATEGORIES[item.template.category].kalshi)
            if item.venue == KALSHI and fits and (not tags or item.template.kalshi_tag in tags):
                rows.append(series_row(sandbox.world, item, series_title(item), _volume(item.number, with_volume)))
        return f'{{"series":[{",".join(rows)}]}}'

    return cached(request, build)


def _volume(number: int, wanted: bool) -> str | None:
    return f"{(number * 7919 % 1000) * 1234.5:.2f}" if wanted else None


@router.get("/series/fee_changes", summary="Announced changes of fees")
async def fee_changes(request: Request) -> Response:
    return cached(request, lambda *_: '{"series_fee_change_arr":[]}')


@router.get("/series/{series_ticker}", summary="One series")
async def one_series(request: Request, series_ticker: str) -> Response:
    world = sandbox_of(request).world
    found = next((s for s in world.series if s.ticker == series_ticker and s.venue == KALSHI), None)
    if found is None:
        raise listing.not_found()
    with_volume = listing.flag(request.query_params, "include_volume")
    row = series_row(world, found, series_title(found), _volume(found.number, with_volume))
    return raw(f'{{"series":{row}}}')


@router.get("/search/tags_by_categories", summary="Tags by category; null where a category has none")
async def tags_by_categories(request: Request) -> Response:
    found: dict[str, set[str]] = {}
    for template in TEMPLATES:
        found.setdefault(CATEGORIES[template.category].kalshi, set()).add(template.kalshi_tag)
    listed = {name: sorted(tags) for name, tags in sorted(found.items())}
    return raw(_dumped({"tags_by_categories": {**listed, "Companies": None, "Social": None}}))


def _dumped(value: object) -> bytes:
    return orjson.dumps(value)
