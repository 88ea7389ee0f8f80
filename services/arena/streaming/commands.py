"""What a reader of the socket can say: subscribe, unsubscribe, ping."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from services.arena.streaming.problems import BadSubscription

EVENTS_MAX = 1_000  # that one reader looks at
ACTIONS = ("subscribe", "unsubscribe", "ping")


@dataclass(frozen=True, slots=True)
class Command:
    action: Literal["subscribe", "unsubscribe", "ping"]
    event_ids: frozenset[str] = frozenset()
    everything: bool = False


def command_of(said: str | bytes | None) -> Command:
    """Raises BadSubscription, whose sentence is the answer."""
    try:
        command = orjson.loads(said or b"")
    except orjson.JSONDecodeError:
        raise BadSubscription(reason="A command is a JSON object") from None
    if not isinstance(command, dict):
        raise BadSubscription(reason="A command is a JSON object")
    action = command.get("action")
    if action not in ACTIONS:
        raise BadSubscription(reason=f"The action has to be one of {', '.join(ACTIONS)}")
    if action == "ping":
        return Command("ping")
    everything = command.get("all", False)
    if not isinstance(everything, bool):
        raise BadSubscription(reason="all: has to be true or false")
    event_ids = _named(command)
    if not event_ids and not everything:
        raise BadSubscription(reason=f"Say what to {action} with event_id, event_ids or all")
    return Command(action, event_ids, everything)


def _named(command: Mapping[str, Any]) -> frozenset[str]:
    several = command.get("event_ids", [])
    if not isinstance(several, list):
        raise BadSubscription(reason="event_ids: has to be a list")
    return event_ids_of(several if command.get("event_id") is None else [command["event_id"], *several])


def event_ids_of(given: Iterable[Any]) -> frozenset[str]:
    found = set()
    for each in given:
        try:
            found.add(str(UUID(each)))
        except (ValueError, AttributeError, TypeError):
            raise BadSubscription(reason=f"event_id: {str(each)[:60]!r} is no UUID") from None
    if len(found) > EVENTS_MAX:
        raise BadSubscription(reason=f"event_ids: no more than {EVENTS_MAX:,} at a time")
    return frozenset(found)
