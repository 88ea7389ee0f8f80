"""Kalshi's filters: the words, the ranges that exclude each other, and its refusals."""

import re
from dataclasses import dataclass

import numpy as np
from starlette.datastructures import QueryParams

from services.sandbox.answers import VenueError
from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import EventId, Identity, MarketId
from services.sandbox.kalshi.board import Board
from services.sandbox.kalshi.rows import market_ticker, shared_of

STATUSES = frozenset({"unopened", "open", "paused", "closed", "settled"})
EVENT_STATUSES = frozenset({"unopened", "open", "closed", "settled"})
FAMILIES: dict[str, frozenset[str]] = {
    "created": frozenset({"unopened", "open", ""}),
    "close": frozenset({"closed", ""}),
    "settled": frozenset({"settled", ""}),
    "updated": frozenset({""}),
}


def bad_request(details: str) -> VenueError:
    return VenueError(400, {"error": {"code": "bad_request", "message": "bad request", "details": details}})


def not_found(details: str = "") -> VenueError:
    body = {"code": "not_found", "message": "not found"}
    return VenueError(404, {"error": {**body, "details": details} if details else body})


def integer(params: QueryParams, name: str, default: int | None = None) -> int | None:
    text = params.get(name)
    if not text:
        return default
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise bad_request(f"invalid {name}")
    return int(text)


def limit_of(params: QueryParams, default: int, most: int) -> int:
    limit = integer(params, "limit", default)
    if limit is None or not 0 <= limit <= most:
        raise bad_request("invalid limit")
    return limit or default


def flag(params: QueryParams, name: str) -> bool:
    text = params.get(name, "").lower()
    if text not in ("", "true", "false", "1", "0"):
        raise bad_request(f"invalid {name}")
    return text in ("true", "1")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of moments of one family."""

    family: str
    low: float | None
    high: float | None


def span_of(params: QueryParams, status: str) -> Span | None:
    spans = []
    for family, statuses in FAMILIES.items():
        low, high = integer(params, f"min_{family}_ts"), integer(params, f"max_{family}_ts")
        if low is not None or high is not None:
            if status not in statuses:
                raise bad_request(f"{family} timestamp filters cannot be combined with status {status}")
            spans.append(Span(family, low, high))
    if len(spans) > 1:
        raise bad_request("timestamp filters are mutually exclusive")
    return spans[0] if spans else None


def status_of(params: QueryParams, known: frozenset[str]) -> str:
    status = params.get("status") or ""
    if status and status not in known:
        raise bad_request("invalid status filter")
    return status


def event_of(identity: Identity, ticker: str) -> EventId | None:
    """The event whose ticker this is, letter by letter."""
    event = identity.ticker_event(ticker)
    return event if event is not None and shared_of(identity, event).ticker == ticker else None


def market_of(identity: Identity, ticker: str) -> MarketId | None:
    event = identity.ticker_event(ticker.rpartition("-")[0])
    if event is None:
        return None
    shared = shared_of(identity, event)
    for index in range(len(shared.text.legs)):
        if market_ticker(shared, index) == ticker:
            return MarketId(event.slot, event.generation, index)
    return None


def spanned(board: Board, span: Span | None) -> Flags:
    if span is None:
        return np.ones(len(board.markets), dtype=np.bool_)
    row = board.markets.row
    moments: dict[str, Floats] = {
        "created": (board.events.start[row] - 300).astype(np.float64),
        "close": board.close_times,
        "settled": np.where(board.settled, board.column("final_at"), np.inf),
        "updated": board.updated_times,
    }
    values = moments[span.family]
    flags = np.isfinite(values)
    if span.low is not None:
        flags &= values >= span.low
    if span.high is not None:
        flags &= values <= span.high
    return flags


def chosen_series(board: Board, params: QueryParams, name: str = "series_ticker") -> Flags:
    """Per event."""
    wanted = params.get(name)
    if not wanted:
        return np.ones(len(board.events.slot), dtype=np.bool_)
    series = board.identity.world.series
    numbers = [item.number for item in series if item.ticker in wanted.split(",")]
    result: Flags = np.isin(board.identity.world.series_of[board.events.slot], numbers)
    return result


def places_of(board: Board, markets: list[MarketId]) -> Ints:
    numbers = [board.identity.market_number(m.slot, m.generation, m.index) for m in markets]
    return np.flatnonzero(np.isin(board.market_ids, np.array(numbers, dtype=np.int64)))
