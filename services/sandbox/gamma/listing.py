"""Gamma's filters and orders. What it does not know it ignores without a word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from starlette.datastructures import QueryParams

from services.sandbox.answers import VenueError
from services.sandbox.domain.catalogue import CATEGORIES
from services.sandbox.domain.chance import Flags, Floats
from services.sandbox.domain.identity import EventId, Identity, MarketId
from services.sandbox.domain.occurrences import Events
from services.sandbox.domain.timeline import DISPUTED, FINAL, PROPOSED, nominal_ends
from services.sandbox.gamma.board import Board
from services.sandbox.gamma.event_rows import SERIES_ID_FIRST, tags_of
from services.sandbox.gamma.rows import SILENT_RESOLUTION_SHARE

LIMIT_MAX, LIMIT_DEFAULT = 100, 20
SLUG = re.compile(r"-(\d{1,6})-(\d{1,9})(?:-m(\d{1,2}))?$")
MARKET_ORDERS = frozenset({"id", "volumeNum", "liquidityNum", "volume24hr", "startDate", "endDate", "createdAt"})
EVENT_ORDERS = frozenset({"id", "volume", "liquidity", "volume24hr", "startDate", "endDate", "createdAt"})


def invalid(reason: str) -> VenueError:
    return VenueError(422, {"type": "validation error", "error": reason})


def integer(params: QueryParams, name: str, default: int) -> int:
    text = params.get(name)
    if text is None or text == "":
        return default
    if not re.fullmatch(r"-?\d{1,12}", text):
        raise invalid("invalid integer")
    return int(text)


def boolean(params: QueryParams, name: str, default: bool | None) -> bool | None:
    text = params.get(name, "").lower()
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    if text:
        raise invalid("invalid boolean")
    return default


def decimal(params: QueryParams, name: str) -> float | None:
    text = params.get(name)
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise invalid("invalid number") from None


def moment(params: QueryParams, name: str) -> float | None:
    text = params.get(name)
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("invalid timestamp") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class Asked:
    """The things a request names one by one; `named` says whether it named any."""

    events: tuple[EventId, ...]
    markets: frozenset[MarketId]
    named: bool


def asked_markets(identity: Identity, params: QueryParams) -> Asked:
    """By id, condition, token and slug; each further filter narrows the first."""
    filters: list[set[MarketId]] = []
    if params.getlist("id"):
        filters.append(_known(identity.market(_number(text)) for text in params.getlist("id")))
    conditions = params.getlist("condition_ids")
    if len(conditions) > 100:
        raise invalid("condition_ids: at most 100 values")
    if conditions:
        filters.append(_known(identity.condition_market(text) for text in conditions))
    if params.getlist("clob_token_ids"):
        pairs = (identity.token_market(text) for text in params.getlist("clob_token_ids"))
        filters.append({pair[0] for pair in pairs if pair is not None})
    if params.getlist("slug"):
        filters.append(_known(market_of_slug(identity, text) for text in params.getlist("slug")))
    if not filters:
        return Asked((), frozenset(), False)
    markets = frozenset(set.intersection(*filters))
    return Asked(tuple(market.event for market in markets), markets, True)


def asked_events(identity: Identity, params: QueryParams) -> Asked:
    filters: list[set[EventId]] = []
    if params.getlist("id"):
        filters.append({e for e in (identity.event(_number(text)) for text in params.getlist("id")) if e})
    if params.getlist("slug"):
        filters.append({e for e in (event_of_slug(identity, text) for text in params.getlist("slug")) if e})
    return Asked(tuple(set.intersection(*filters)) if filters else (), frozenset(), bool(filters))


def _known(found: Iterable[MarketId | None]) -> set[MarketId]:
    return {market for market in found if market is not None}


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        raise invalid("invalid integer")
    return int(text)


def _slugged(identity: Identity, slug: str) -> tuple[EventId, int | None] | None:
    match = SLUG.search(slug)
    if match is None or int(match[1]) >= identity.world.slots:
        return None
    return EventId(int(match[1]), int(match[2])), int(match[3]) if match[3] else None


def event_of_slug(identity: Identity, slug: str) -> EventId | None:
    found = _slugged(identity, slug)
    return found[0] if found is not None and found[1] is None else None


def market_of_slug(identity: Identity, slug: str) -> MarketId | None:
    found = _slugged(identity, slug)
    if found is None:
        return None
    event, index = found
    size = int(identity.world.size[event.slot])
    if (index is None) != (size == 1) or (index or 0) >= size:
        return None
    return MarketId(event.slot, event.generation, index or 0)


def _between(values: Floats, low: float | None, high: float | None) -> Flags:
    flags = np.ones(len(values), dtype=np.bool_)
    if low is not None:
        flags &= values >= low
    if high is not None:
        flags &= values <= high
    return flags


def tagged(events: Events, tag_ids: list[str]) -> Flags:
    """Events whose series carries one of the tags."""
    if not tag_ids:
        return np.ones(len(events.slot), dtype=np.bool_)
    wanted = set(tag_ids)
    series = events.world.series
    carrying = np.array(
        [
            not wanted.isdisjoint(tag for tag, _ in tags_of(CATEGORIES[item.template.category], item.template))
            for item in series
        ]
    )
    result: Flags = carrying[events.world.series_of[events.slot]]
    return result


def shared_filters(board: Board, params: QueryParams) -> Flags:
    """What events and markets are filtered by alike, per event."""
    events = board.events
    flags = tagged(events, params.getlist("tag_id"))
    series = integer(params, "series_id", -1)
    if series >= 0:
        flags = flags & (events.world.series_of[events.slot] == series - SERIES_ID_FIRST)
    start = events.start.astype(np.float64)
    flags = flags & _between(start, moment(params, "start_date_min"), moment(params, "start_date_max"))
    ends = nominal_ends(events).astype(np.float64)
    return flags & _between(ends, moment(params, "end_date_min"), moment(params, "end_date_max"))


def market_flags(board: Board, params: QueryParams, asked: Asked, closed: bool | None) -> Flags:
    markets = board.markets
    flags = shared_filters(board, params)[markets.row] & ~markets.unnamed
    if closed is not None:
        flags = flags & (board.closed == closed)
    flags &= _between(
        board.column("liquidity"), decimal(params, "liquidity_num_min"), decimal(params, "liquidity_num_max")
    )
    flags &= _between(board.column("volume"), decimal(params, "volume_num_min"), decimal(params, "volume_num_max"))
    status = params.get("uma_resolution_status")
    if status:
        flags &= _resolving(board, status)
    if asked.named:
        numbers = {board.identity.market_number(m.slot, m.generation, m.index) for m in asked.markets}
        flags &= np.isin(board.market_ids, np.array(sorted(numbers), dtype=np.int64))
    return flags


def _resolving(board: Board, status: str) -> Flags:
    """Markets that show this word; none for a word that Gamma never shows."""
    stage = board.column("stage")
    silent = board.column("chance") < SILENT_RESOLUTION_SHARE
    shown: dict[str, Flags] = {
        "proposed": (stage >= PROPOSED) & (stage < FINAL) & (stage != DISPUTED),
        "disputed": stage == DISPUTED,
        "resolved": (stage == FINAL) & ~silent,
    }
    return shown.get(status, np.zeros(len(stage), dtype=np.bool_))


def event_flags(board: Board, params: QueryParams, closed: bool | None) -> Flags:
    flags = shared_filters(board, params)
    if closed is not None:
        flags = flags & (board.event_closed == closed)
    liquidity = decimal(params, "liquidity_min"), decimal(params, "liquidity_max")
    if liquidity != (None, None):
        flags &= _between(board.sum_of("liquidity"), *liquidity)
    volume = decimal(params, "volume_min"), decimal(params, "volume_max")
    if volume != (None, None):
        flags &= _between(board.sum_of("volume"), *volume)
    return flags


def order_of(params: QueryParams, known: frozenset[str]) -> str:
    order = params.get("order") or "id"
    if order not in known:
        raise invalid("order fields are not valid")
    return order


COLUMNS = {
    "volumeNum": "volume",
    "volume": "volume",
    "liquidityNum": "liquidity",
    "liquidity": "liquidity",
    "volume24hr": "volume_day",
}


def market_values(board: Board, order: str) -> Floats:
    if order in COLUMNS:
        return board.column(COLUMNS[order])
    if order == "endDate":
        return board.column("nominal_end").astype(np.float64)
    return board.market_ids.astype(np.float64) if order == "id" else board.column("start").astype(np.float64)


def event_values(board: Board, order: str) -> Floats:
    if order in COLUMNS:
        return board.sum_of(COLUMNS[order])
    if order == "endDate":
        return nominal_ends(board.events).astype(np.float64)
    return board.event_ids.astype(np.float64) if order == "id" else board.events.start.astype(np.float64)
