"""Parameters, refusals and envelopes of the Data API."""

from uuid import UUID

from starlette.datastructures import QueryParams

from services.sandbox import cursors
from services.sandbox.answers import VenueError
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.identity import EventId, Identity, MarketId

LIMIT_MAX, LIMIT_DEFAULT = 1000, 100
LIST_MAX = 20


def refused(reason: str, parameter: str | None = None) -> VenueError:
    trace = UUID(int=(scalar_hash(len(reason), len(parameter or "")) << 64) + 1)
    body = {"error": reason, "code": "invalid_request", "retryable": False, "trace_id": str(trace)}
    return VenueError(400, {**body, "parameter": parameter} if parameter else body)


def integer(params: QueryParams, name: str, default: int | None = None) -> int | None:
    text = params.get(name)
    if text is None or text == "":
        return default
    if not text.lstrip("-").isdecimal() or len(text) > 15:
        raise refused(f"{name} must be an integer", name)
    return int(text)


def limit_of(params: QueryParams, most: int = LIMIT_MAX) -> int:
    """Above the maximum is an error here, not a clamp."""
    limit = integer(params, "limit", LIMIT_DEFAULT) or LIMIT_DEFAULT
    if not 1 <= limit <= most:
        raise refused(f"limit must be between 1 and {most}", "limit")
    if "offset" in params:
        raise refused("offset is not supported; use cursor", "offset")
    return limit


def listed(params: QueryParams, name: str, most: int = LIST_MAX) -> list[str]:
    """A comma list."""
    values = [value for value in (params.get(name) or "").split(",") if value]
    if len(values) > most:
        raise refused(f"{name}: at most {most} values", name)
    return values


def markets_asked(identity: Identity, params: QueryParams) -> tuple[list[MarketId], bool]:
    """The markets of `condition` or `event_id`, and whether one of them was given."""
    conditions, events = listed(params, "condition"), listed(params, "event_id")
    if conditions and events:
        raise refused("condition and event_id exclude each other", "event_id")
    found = [identity.condition_market(text) for text in conditions]
    for text in events:
        found += _of_event(identity, identity.event(int(text)) if text.isdecimal() and len(text) < 19 else None)
    return list(dict.fromkeys(market for market in found if market is not None)), bool(conditions or events)


def _of_event(identity: Identity, event: EventId | None) -> list[MarketId | None]:
    if event is None:
        return []
    legs = int(identity.world.legs[event.slot])
    return [MarketId(event.slot, event.generation, index) for index in range(legs)]


def pagination(limit: int, following: cursors.Place | None) -> dict[str, object]:
    envelope: dict[str, object] = {"limit": limit, "offset": 0, "has_more": following is not None}
    if following is not None:
        envelope["next_cursor"] = cursors.encoded(following)
    return envelope


def cursor_of(params: QueryParams) -> cursors.Place | None:
    text = params.get("cursor")
    place = cursors.decoded(text) if text else None
    if text and place is None:
        raise refused("cursor is not valid", "cursor")
    return place
