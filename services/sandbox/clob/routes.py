"""HTTP of the CLOB: books and prices of tokens, markets by condition, price histories."""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response

from services.sandbox.answers import VenueError, raw, said
from services.sandbox.clob import histories
from services.sandbox.clob.market_rows import compact_row, market_rows
from services.sandbox.clob.rows import UNIT, Desk
from services.sandbox.domain.figures import HALVES, SHORT
from services.sandbox.domain.identity import MarketId
from services.sandbox.gamma.board import Board, board_of, whole_board
from services.sandbox.resources import Sandbox

router = APIRouter(prefix="/clob", tags=["clob"])

BATCH_MAX = 500
HISTORIES_MAX = 20
PAGE = 1000
NO_BOOK = VenueError(404, {"error": "No orderbook exists for the requested token id"})
Token = tuple[MarketId, int]


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def _desk(request: Request, wanted: list[MarketId]) -> Desk:
    sandbox = sandbox_of(request)
    moment = sandbox.quote_moment() - request.scope.get("sandbox_stale", 0.0)
    return Desk(sandbox.identity, wanted, moment, float(sandbox.settings.sandbox_quote_seconds), sandbox.decrees)


def _token(request: Request) -> Token:
    text = request.query_params.get("token_id", "")
    if not text.isdecimal() or not text.isascii() or len(text) > 80:
        raise VenueError(400, {"error": "Invalid token id"})
    found = sandbox_of(request).identity.token_market(text)
    if found is None:
        raise NO_BOOK
    return found


def _known(request: Request) -> tuple[Desk, int]:
    market, side = _token(request)
    desk = _desk(request, [market])
    if not desk.known[0]:
        raise NO_BOOK
    return desk, side


def _invalid() -> VenueError:
    return VenueError(400, {"error": "Invalid payload"})


async def _items(request: Request, most: int = BATCH_MAX) -> list[dict[str, Any]]:
    try:
        items = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise _invalid() from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _invalid()
    if len(items) > most:
        raise VenueError(400, {"error": "Payload exceeds the limit"})
    return items


def _tokens(request: Request, items: list[dict[str, Any]]) -> tuple[Desk, list[tuple[str, int, int, str]]]:
    """The desk of all markets asked for and, per item with a book: token, place, side, wanted side of the book."""
    identity = sandbox_of(request).identity
    places: dict[MarketId, int] = {}
    asked = []
    for item in items:
        text = item.get("token_id")
        found = identity.token_market(text) if isinstance(text, str) else None
        if found is not None:
            place = places.setdefault(found[0], len(places))
            asked.append((str(text), place, found[1], str(item.get("side", "")).upper()))
    desk = _desk(request, list(places))
    return desk, [entry for entry in asked if desk.known[entry[1]]]


@router.get("/book", summary="One book, best level last")
async def book(request: Request) -> Response:
    desk, side = _known(request)
    return raw(desk.book_row(0, side))


@router.post("/books", summary="Up to 500 books; those without one are left out, in an order of the venue's own")
async def books(request: Request) -> Response:
    desk, entries = _tokens(request, await _items(request))
    rows = {token: desk.book_row(place, side) for token, place, side, _ in entries}
    return raw(f"[{','.join(rows[token] for token in sorted(rows))}]")


@router.get("/books", summary="Refused, as at the venue")
@router.get("/prices", summary="Refused, as at the venue")
@router.get("/midpoints", summary="Refused, as at the venue")
@router.get("/spreads", summary="Refused, as at the venue")
@router.get("/last-trades-prices", summary="Refused, as at the venue")
async def plural() -> Response:
    raise _invalid()


@router.get("/price", summary="BUY: the best bid, SELL: the best ask")
async def price(request: Request) -> Response:
    wanted = request.query_params.get("side", "").upper()
    if wanted not in ("BUY", "SELL"):
        raise VenueError(400, {"error": "Invalid side"})
    desk, side = _known(request)
    best = desk.best(0, side)[0 if wanted == "BUY" else 1]
    if best is None:
        raise NO_BOOK
    return said({"price": SHORT[best]})


@router.post("/prices", summary="Best prices by token; without a side only SELL")
async def prices(request: Request) -> Response:
    desk, entries = _tokens(request, await _items(request))
    found: dict[str, dict[str, str]] = {}
    for token, place, side, wanted in entries:
        name = wanted if wanted in ("BUY", "SELL") else "SELL"
        best = desk.best(place, side)[0 if name == "BUY" else 1]
        if best is not None:
            found.setdefault(token, {})[name] = SHORT[best]
    return said(found)


def _middle(desk: Desk, place: int, side: int) -> str | None:
    bid, ask = desk.best(place, side)
    return None if bid is None or ask is None else HALVES[bid + ask]


def _spread(desk: Desk, place: int, side: int) -> str | None:
    bid, ask = desk.best(place, side)
    return None if bid is None or ask is None else SHORT[ask - bid]


def _single(request: Request, key: str, of: Callable[[Desk, int, int], str | None]) -> Response:
    desk, side = _known(request)
    value = of(desk, 0, side)
    if value is None:
        raise NO_BOOK
    return said({key: value})


async def _several(request: Request, of: Callable[[Desk, int, int], str | None]) -> Response:
    desk, entries = _tokens(request, await _items(request))
    found = {token: of(desk, place, side) for token, place, side, _ in entries}
    return said({token: value for token, value in found.items() if value is not None})


@router.get("/midpoint", summary="Half way between bid and ask")
async def midpoint(request: Request) -> Response:
    return _single(request, "mid", _middle)


@router.post("/midpoints", summary="Midpoints by token")
async def midpoints(request: Request) -> Response:
    return await _several(request, _middle)


@router.get("/spread", summary="Ask minus bid")
async def spread(request: Request) -> Response:
    return _single(request, "spread", _spread)


@router.post("/spreads", summary="Spreads by token")
async def spreads(request: Request) -> Response:
    return await _several(request, _spread)


@router.get("/last-trade-price", summary="The last trade; without a side there was none")
async def last_trade_price(request: Request) -> Response:
    desk, side = _known(request)
    return said(desk.last_trade(0, side))


@router.post("/last-trades-prices", summary="Last trades, sparse")
async def last_trades_prices(request: Request) -> Response:
    desk, entries = _tokens(request, await _items(request))
    traded = [(token, place, side) for token, place, side, _ in entries if desk.last[place]]
    return said([{"token_id": token, **desk.last_trade(place, side)} for token, place, side in traded])


@router.get("/tick-size", summary="The step of prices now")
async def tick_size(request: Request) -> Response:
    desk, _ = _known(request)
    return said({"minimum_tick_size": desk.ticks[0] / UNIT})


@router.get("/neg-risk", summary="Whether the token belongs to a one-winner event")
async def neg_risk(request: Request) -> Response:
    market, _ = _token(request)
    return said({"neg_risk": _desk(request, [market]).neg_risk(0)})


@router.get("/fee-rate", summary="A legacy figure that is no fee")
async def fee_rate(request: Request) -> Response:
    _token(request)
    return said({"base_fee": 1000})


@router.get("/time", summary="Unix seconds")
async def time(request: Request) -> Response:
    return said(int(sandbox_of(request).clock()))


@router.get("/ok", summary="Whether the CLOB works")
async def ok() -> Response:
    return said("OK")


def _market_board(request: Request, condition: str) -> tuple[Board, int]:
    sandbox = sandbox_of(request)
    market = sandbox.identity.condition_market(condition)
    missing = VenueError(404, {"error": "market not found"})
    if market is None:
        raise missing
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    board = board_of(sandbox.identity, [market.event], sandbox.quote_moment(), quantum, sandbox.decrees)
    if not len(board.events.slot):
        raise missing
    return board, market.index


@router.get("/clob-markets/{condition_id}", summary="Tokens, tick, minimum and fee of one market")
async def clob_market(request: Request, condition_id: str) -> Response:
    board, index = _market_board(request, condition_id)
    return raw(compact_row(board.identity, board.shared(0), board.facts(np.array([index]))[0]))


@router.get("/markets", summary="All markets there were, a thousand a page")
async def markets(request: Request) -> Response:
    cursor = request.query_params.get("next_cursor") or "MA=="
    sandbox = sandbox_of(request)
    moment = sandbox.list_moment()
    quantum = float(sandbox.settings.sandbox_quote_seconds)

    def whole() -> Board:
        return whole_board(sandbox.identity, moment, quantum, sandbox.decrees)

    try:
        offset = int(b64decode(cursor, validate=True))
    except (Error, ValueError):
        raise VenueError(400, {"error": "Invalid cursor"}) from None
    board = sandbox.boards.get(("gamma", "whole"), moment, whole)
    if not 0 <= offset <= len(board.markets):
        raise VenueError(400, {"error": "Invalid cursor"})
    places = np.arange(offset, min(offset + PAGE, len(board.markets)))
    following = offset + PAGE
    last = following >= len(board.markets)
    mark = "LTE=" if last else b64encode(str(following).encode()).decode()
    rows = market_rows(board, places)
    return raw(f'{{"data":[{",".join(rows)}],"next_cursor":"{mark}","limit":{PAGE},"count":{len(rows)}}}')


@router.get("/markets/{condition_id}", summary="One market with its winner")
async def market(request: Request, condition_id: str) -> Response:
    board, index = _market_board(request, condition_id)
    return raw(market_rows(board, np.array([index]))[0])


@router.get("/prices-history", summary="Midpoints of one token")
async def prices_history(request: Request) -> Response:
    token = request.query_params.get("market")
    if not token:
        raise histories.refused("the 'market' (asset id) is mandatory")
    window = histories.Window(request.query_params, sandbox_of(request).clock(), ("startTs", "endTs"))
    return said({"history": _history(request, token, window)})


@router.post("/batch-prices-history", summary="Midpoints of up to 20 tokens")
async def batch_prices_history(request: Request) -> Response:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise _invalid() from None
    tokens = body.get("markets") if isinstance(body, dict) else None
    if not isinstance(tokens, list) or not tokens:
        raise histories.refused("the 'markets' (asset ids) are mandatory")
    if len(tokens) > HISTORIES_MAX:
        raise VenueError(400, {"error": "Payload exceeds the limit"})
    texts = {name: str(value) for name, value in body.items() if name != "markets" and value is not None}
    window = histories.Window(texts, sandbox_of(request).clock(), ("start_ts", "end_ts"))
    return said({"history": {str(token): _history(request, str(token), window) for token in tokens}})


def _history(request: Request, token: str, window: histories.Window) -> list[dict[str, float]]:
    """Unknown tokens have an empty history."""
    sandbox = sandbox_of(request)
    found = sandbox.identity.token_market(token)
    if found is None:
        return []
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    points = histories.points_of(sandbox.identity, *found, window, sandbox.clock(), quantum)
    return [{"t": stamp, "p": value} for stamp, value in points]
