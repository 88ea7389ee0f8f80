"""HTTP of Gamma: lists by cursor and by offset, single events and markets, tags and series."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from fastapi import APIRouter, Request, Response

from services.sandbox import cursors
from services.sandbox.answers import VenueError, raw
from services.sandbox.domain.chance import Ints
from services.sandbox.domain.identity import EventId, MarketId
from services.sandbox.domain.world import POLYMARKET
from services.sandbox.gamma import listing
from services.sandbox.gamma.board import Board, board_of, open_board, whole_board
from services.sandbox.gamma.event_rows import all_tags, series_json, tag_json
from services.sandbox.resources import Sandbox

router = APIRouter(prefix="/gamma", tags=["gamma"])

Entity = Literal["events", "markets"]
SCHEMA = '"$schema":"https://gamma-api.polymarket.com/schemas/Keyset{}.json",'
OFFSET_MAX = 2000
DEPRECATED = {"deprecation": "true", "sunset": "Fri, 01 May 2026 00:00:00 GMT"}


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def _cached(
    request: Request, build: Callable[[Sandbox, float], str], headers: dict[str, str] | None = None
) -> Response:
    """The same address gives the same bytes until the listing's clock moves on."""
    sandbox = sandbox_of(request)
    moment = sandbox.list_moment()
    key = f"{request.url.path}?{request.url.query}"
    body = sandbox.pages.get(key, moment, lambda: build(sandbox, moment).encode())
    age = {"cache-control": f"public, max-age={sandbox.settings.sandbox_list_seconds}"}
    return raw(body, {**age, **(headers or {})})


def _board(sandbox: Sandbox, moment: float, asked: listing.Asked, closed: bool | None) -> Board:
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    if asked.named:
        return board_of(sandbox.identity, asked.events, moment, quantum, sandbox.decrees)
    make, key = (open_board, "gamma open") if closed is False else (whole_board, "gamma whole")
    return sandbox.boards.get(key, moment, lambda: make(sandbox.identity, moment, quantum, sandbox.decrees))


def _selected(
    sandbox: Sandbox, moment: float, request: Request, entity: Entity
) -> tuple[Board, Ints, np.ndarray, bool]:  # type: ignore[type-arg]
    params = request.query_params
    closed = listing.boolean(params, "closed", False)
    ascending = listing.boolean(params, "ascending", True) is not False
    if entity == "markets":
        asked = listing.asked_markets(sandbox.identity, params)
        order = listing.order_of(params, listing.MARKET_ORDERS)
        board = _board(sandbox, moment, asked, closed)
        if not len(board.events.slot):
            return board, np.empty(0, dtype=np.int64), np.empty(0), ascending
        places = np.flatnonzero(listing.market_flags(board, params, asked, closed))
        values = listing.market_values(board, order)
    else:
        asked = listing.asked_events(sandbox.identity, params)
        order = listing.order_of(params, listing.EVENT_ORDERS)
        board = _board(sandbox, moment, asked, closed)
        if not len(board.events.slot):
            return board, np.empty(0, dtype=np.int64), np.empty(0), ascending
        places = np.flatnonzero(listing.event_flags(board, params, closed))
        values = listing.event_values(board, order)
    if params.getlist("version") == ["v2"]:
        places = places[:0]  # every market of this world is of protocol v1
    return board, places, values, ascending


def _rows(board: Board, places: Ints, request: Request, entity: Entity) -> list[str]:
    params = request.query_params
    if entity == "markets":
        return board.market_rows(places, listing.boolean(params, "include_tag", False) is True)
    return board.event_rows(places.tolist(), listing.boolean(params, "include_markets", True) is not False)


def _limit(request: Request) -> int:
    limit = listing.integer(request.query_params, "limit", listing.LIMIT_DEFAULT)
    if limit < 0:
        raise listing.invalid("invalid limit")
    return min(limit, listing.LIMIT_MAX)


def _keyset(request: Request, entity: Entity) -> Response:
    if "offset" in request.query_params:
        raise listing.invalid("offset is not supported, use after_cursor")
    limit = max(_limit(request), 1)
    cursor = request.query_params.get("after_cursor")
    after = cursors.decoded(cursor) if cursor else None
    if cursor and after is None:
        raise listing.invalid("invalid cursor")

    def build(sandbox: Sandbox, moment: float) -> str:
        board, places, values, ascending = _selected(sandbox, moment, request, entity)
        ids = board.market_ids if entity == "markets" else board.event_ids
        order = cursors.ordered(values[places], ids[places], ascending) if len(places) else places
        first = cursors.page_start(values[places], ids[places], order, ascending, after) if len(places) else 0
        page = places[order[first : first + limit]]
        following = ""
        if first + limit < len(places):
            last = int(page[-1])
            following = f',"next_cursor":"{cursors.encoded((float(values[last]), int(ids[last])))}"'
        schema = SCHEMA.format(entity.capitalize())
        return f'{{{schema}"{entity}":[{",".join(_rows(board, page, request, entity))}]{following}}}'

    return _cached(request, build)


def _offset(request: Request, entity: Entity) -> Response:
    offset = listing.integer(request.query_params, "offset", 0)
    if offset > OFFSET_MAX:
        raise listing.invalid(f"offset too large, use /{entity}/keyset for deeper pagination")
    limit = _limit(request)

    def build(sandbox: Sandbox, moment: float) -> str:
        board, places, values, ascending = _selected(sandbox, moment, request, entity)
        ids = board.market_ids if entity == "markets" else board.event_ids
        order = cursors.ordered(values[places], ids[places], ascending) if len(places) else places
        page = places[order[offset : offset + limit]]
        return f"[{','.join(_rows(board, page, request, entity))}]"

    return _cached(request, build, DEPRECATED)


@router.get("/events/keyset", summary="Events by cursor")
async def events_keyset(request: Request) -> Response:
    return _keyset(request, "events")


@router.get("/markets/keyset", summary="Markets by cursor")
async def markets_keyset(request: Request) -> Response:
    return _keyset(request, "markets")


@router.get("/events", summary="Events by offset (deprecated at the venue)")
async def events(request: Request) -> Response:
    return _offset(request, "events")


@router.get("/markets", summary="Markets by offset (deprecated at the venue)")
async def markets(request: Request) -> Response:
    return _offset(request, "markets")


@router.get("/events/pagination", summary="Events with a count")
async def events_pagination(request: Request) -> Response:
    offset = listing.integer(request.query_params, "offset", 0)
    limit = _limit(request)

    def build(sandbox: Sandbox, moment: float) -> str:
        board, places, _, _ = _selected(sandbox, moment, request, "events")
        rows = ",".join(_rows(board, places[offset : offset + limit], request, "events"))
        more = "true" if offset + limit < len(places) else "false"
        return f'{{"data":[{rows}],"pagination":{{"hasMore":{more},"totalResults":{len(places)}}}}}'

    return _cached(request, build)


def _missing(what: str) -> VenueError:
    return VenueError(404, {"type": "not found error", "error": f"{what} not found"})


def _one_event(request: Request, event: EventId | None, what: str, slug: str | None = None) -> Response:
    def build(sandbox: Sandbox, moment: float) -> str:
        if event is None:
            raise _missing(what)
        board = _board(sandbox, moment, listing.Asked((event,), frozenset(), True), None)
        if not len(board.events.slot):
            raise _missing(what)
        [row] = board.event_rows([0])
        if slug is not None and f'"slug":"{slug}"' not in row[:2000]:
            raise _missing(what)
        return row

    return _cached(request, build)


def _one_market(request: Request, market: MarketId | None, what: str, slug: str | None = None) -> Response:
    def build(sandbox: Sandbox, moment: float) -> str:
        if market is None:
            raise _missing(what)
        board = _board(sandbox, moment, listing.Asked((market.event,), frozenset({market}), True), None)
        if not len(board.events.slot):
            raise _missing(what)
        with_tags = listing.boolean(request.query_params, "include_tag", False) is True
        [row] = board.market_rows(np.array([market.index]), with_tags)
        if slug is not None and f'"slug":"{slug}"' not in row[:2000]:
            raise _missing(what)
        return row

    return _cached(request, build)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise listing.invalid("invalid integer")
    return int(text)


@router.get("/events/slug/{slug}", summary="One event by slug")
async def event_by_slug(request: Request, slug: str) -> Response:
    return _one_event(request, listing.event_of_slug(sandbox_of(request).identity, slug), "slug", slug)


@router.get("/markets/slug/{slug}", summary="One market by slug")
async def market_by_slug(request: Request, slug: str) -> Response:
    return _one_market(request, listing.market_of_slug(sandbox_of(request).identity, slug), "slug", slug)


@router.get("/events/{event_id}", summary="One event by id, closed or not")
async def event(request: Request, event_id: str) -> Response:
    return _one_event(request, sandbox_of(request).identity.event(_number(event_id)), "id")


@router.get("/markets/{market_id}", summary="One market by id, closed or not")
async def market(request: Request, market_id: str) -> Response:
    return _one_market(request, sandbox_of(request).identity.market(_number(market_id)), "id")


@router.get("/tags", summary="Tags by offset")
async def tags(request: Request) -> Response:
    offset, limit = listing.integer(request.query_params, "offset", 0), _limit(request)
    return _cached(request, lambda *_: f"[{','.join(tag_json(*tag) for tag in all_tags()[offset : offset + limit])}]")


@router.get("/series", summary="Series by offset")
async def series(request: Request) -> Response:
    offset, limit = listing.integer(request.query_params, "offset", 0), min(_limit(request), 50)

    def build(sandbox: Sandbox, moment: float) -> str:
        own = [item for item in sandbox.world.series if item.venue == POLYMARKET]
        return f"[{','.join(series_json(item, moment) for item in own[offset : offset + limit])}]"

    return _cached(request, build)


@router.get("/series/{series_id}", summary="One series")
async def one_series(request: Request, series_id: str) -> Response:
    number = _number(series_id) - listing.SERIES_ID_FIRST
    world = sandbox_of(request).world
    if not (0 <= number < len(world.series) and world.series[number].venue == POLYMARKET):
        raise _missing("id")
    return _cached(request, lambda _, moment: series_json(world.series[number], moment))


@router.get("/status", summary="Whether Gamma works")
async def status() -> Response:
    return Response("OK", media_type="text/plain")
