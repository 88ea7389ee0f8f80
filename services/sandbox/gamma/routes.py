"""HTTP of Gamma: lists by cursor and by offset, single events and markets, tags and series."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.datastructures import QueryParams

from services.sandbox import cursors
from services.sandbox.answers import VenueError, raw
from services.sandbox.domain.chance import Floats, Ints
from services.sandbox.domain.identity import EventId, MarketId
from services.sandbox.domain.world import POLYMARKET
from services.sandbox.gamma import listing
from services.sandbox.gamma.board import Board, board_of, open_board, whole_board
from services.sandbox.gamma.event_rows import SERIES_ID_FIRST, all_tags, series_json, tag_json
from services.sandbox.pages import Page
from services.sandbox.resources import Sandbox

router = APIRouter(prefix="/gamma", tags=["gamma"])

Entity = Literal["events", "markets"]
Builder = Callable[[Sandbox, float], str]
SCHEMA = '"$schema":"https://gamma-api.polymarket.com/schemas/Keyset{}.json",'
OFFSET_MAX = 2000
DEPRECATED = {"deprecation": "true", "sunset": "Fri, 01 May 2026 00:00:00 GMT"}


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def _key(path: str, params: QueryParams) -> str:
    """Independent of the order in which a client writes its parameters."""
    return f"{path}?{sorted(params.multi_items())}"


def _cached(request: Request, build: Builder, headers: dict[str, str] | None = None) -> Response:
    """The same address gives the same bytes until the listing's clock moves on."""
    sandbox = sandbox_of(request)
    moment = sandbox.list_moment()
    key = _key(request.url.path, request.query_params)
    body = sandbox.list_page(key, moment, lambda: Page(build(sandbox, moment).encode())).body
    age = {"cache-control": f"public, max-age={sandbox.settings.sandbox_list_seconds}"}
    return raw(body, {**age, **(headers or {})})


def _board(sandbox: Sandbox, moment: float, asked: listing.Asked, closed: bool | None) -> Board:
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    if asked.named:
        return board_of(sandbox.identity, asked.events, moment, quantum, sandbox.decrees)
    make, key = (open_board, ("gamma", "open")) if closed is False else (whole_board, ("gamma", "whole"))
    return sandbox.boards.get(key, moment, lambda: make(sandbox.identity, moment, quantum, sandbox.decrees))


@dataclass(frozen=True)
class Selection:
    """What a list holds, in its order."""

    board: Board
    entity: Entity
    places: Ints
    values: Floats  # what it is ordered by, one for each place
    ids: Ints
    ascending: bool
    params: QueryParams

    def rows(self, first: int, limit: int) -> str:
        page = self.places[first : first + limit]
        if self.entity == "markets":
            written = self.board.market_rows(page, listing.boolean(self.params, "include_tag", False) is True)
        else:
            nested = listing.boolean(self.params, "include_markets", True) is not False
            written = self.board.event_rows(page.tolist(), nested)
        return ",".join(written)

    def first_after(self, cursor: str | None) -> int:
        after = cursors.decoded(cursor) if cursor else None
        if cursor and after is None:
            raise listing.invalid("invalid cursor")
        return cursors.page_start(self.values, self.ids, self.ascending, after)

    def cursor_after(self, place: int) -> str:
        return cursors.encoded((float(self.values[place]), int(self.ids[place])))


def _selected(sandbox: Sandbox, moment: float, params: QueryParams, entity: Entity) -> Selection:
    closed = listing.boolean(params, "closed", False)
    ascending = listing.boolean(params, "ascending", True) is not False
    of_markets = entity == "markets"
    asked = (listing.asked_markets if of_markets else listing.asked_events)(sandbox.identity, params)
    order = listing.order_of(params, listing.MARKET_ORDERS if of_markets else listing.EVENT_ORDERS)
    board = _board(sandbox, moment, asked, closed)
    if not len(board.events.slot) or params.getlist("version") == ["v2"]:  # this world knows protocol v1 alone
        nothing = np.empty(0, dtype=np.int64)
        return Selection(board, entity, nothing, nothing.astype(np.float64), nothing, ascending, params)
    if of_markets:
        places = np.flatnonzero(listing.market_flags(board, params, asked, closed))
        values, ids = listing.market_values(board, order), board.market_ids
    else:
        places = np.flatnonzero(listing.event_flags(board, params, closed))
        values, ids = listing.event_values(board, order), board.event_ids
    places = places[cursors.ordered(values[places], ids[places], ascending)]
    return Selection(board, entity, places, values[places], ids[places], ascending, params)


def _limit(params: QueryParams) -> int:
    limit = listing.integer(params, "limit", listing.LIMIT_DEFAULT)
    if limit < 0:
        raise listing.invalid("invalid limit")
    return min(limit, listing.LIMIT_MAX)


def _keyset_page(sandbox: Sandbox, moment: float, params: QueryParams, entity: Entity) -> Page:
    limit = max(_limit(params), 1)
    cursor = params.get("after_cursor")
    unpaged = QueryParams([item for item in params.multi_items() if item[0] != "after_cursor"])
    selection = sandbox.boards.get(
        ("gamma", entity, _key("", unpaged)), moment, lambda: _selected(sandbox, moment, unpaged, entity)
    )
    first = selection.first_after(cursor)
    following = None
    if first + limit < len(selection.places):
        following = selection.cursor_after(first + limit - 1)
    ending = f',"next_cursor":"{following}"' if following else ""
    schema = SCHEMA.format(entity.capitalize())
    body = f'{{{schema}"{entity}":[{selection.rows(first, limit)}]{ending}}}'
    return Page(body.encode(), following)


def _keyset(request: Request, entity: Entity) -> Response:
    """Answers, and prepares the next page while the client reads this one."""
    sandbox, params = sandbox_of(request), request.query_params
    if "offset" in params:
        raise listing.invalid("offset is not supported, use after_cursor")
    moment = sandbox.list_moment()
    key = _key(request.url.path, params)
    page = sandbox.list_page(key, moment, lambda: _keyset_page(sandbox, moment, params, entity))
    response = raw(page.body, {"cache-control": f"public, max-age={sandbox.settings.sandbox_list_seconds}"})
    if page.following is not None:
        response.background = BackgroundTask(_prepare, sandbox, request.url.path, params, entity, page.following)
    return response


async def _prepare(sandbox: Sandbox, path: str, params: QueryParams, entity: Entity, cursor: str) -> None:
    moment = sandbox.list_moment()
    kept = [item for item in params.multi_items() if item[0] != "after_cursor"]
    coming = QueryParams([*kept, ("after_cursor", cursor)])
    key = _key(path, coming)
    if not sandbox.pages.holds(key, moment):
        sandbox.list_page(key, moment, lambda: _keyset_page(sandbox, moment, coming, entity))


def _offset(request: Request, entity: Entity) -> Response:
    params = request.query_params
    offset = listing.integer(params, "offset", 0)
    if not 0 <= offset <= OFFSET_MAX:
        raise listing.invalid(f"offset too large, use /{entity}/keyset for deeper pagination")
    limit = _limit(params)

    def build(sandbox: Sandbox, moment: float) -> str:
        return f"[{_selected(sandbox, moment, params, entity).rows(offset, limit)}]"

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
    params = request.query_params
    offset, limit = listing.integer(params, "offset", 0), _limit(params)

    def build(sandbox: Sandbox, moment: float) -> str:
        selection = _selected(sandbox, moment, params, "events")
        more = "true" if offset + limit < len(selection.places) else "false"
        counted = f'{{"hasMore":{more},"totalResults":{len(selection.places)}}}'
        return f'{{"data":[{selection.rows(offset, limit)}],"pagination":{counted}}}'

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
    offset, limit = listing.integer(request.query_params, "offset", 0), _limit(request.query_params)
    return _cached(request, lambda *_: f"[{','.join(tag_json(*tag) for tag in all_tags()[offset : offset + limit])}]")


@router.get("/series", summary="Series by offset")
async def series(request: Request) -> Response:
    offset, limit = listing.integer(request.query_params, "offset", 0), min(_limit(request.query_params), 50)

    def build(sandbox: Sandbox, moment: float) -> str:
        own = [item for item in sandbox.world.series if item.venue == POLYMARKET]
        return f"[{','.join(series_json(item, moment) for item in own[offset : offset + limit])}]"

    return _cached(request, build)


@router.get("/series/{series_id}", summary="One series")
async def one_series(request: Request, series_id: str) -> Response:
    number = _number(series_id) - SERIES_ID_FIRST
    world = sandbox_of(request).world
    if not (0 <= number < len(world.series) and world.series[number].venue == POLYMARKET):
        raise _missing("id")
    return _cached(request, lambda _, moment: series_json(world.series[number], moment))


@router.get("/status", summary="Whether Gamma works")
async def status() -> Response:
    return Response("OK", media_type="text/plain")
