"""What changed between two versions of a market's facts, as people read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NAMES: Mapping[str, str] = {
    "question": "question",
    "group_title": "label",
    "status": "state",
    "venue_status": "the venue's state",
    "accepting_orders": "takes orders",
    "outcome": "outcome",
    "payout_yes": "payout of yes",
    "tick_size": "tick",
    "price_bands": "price grid",
    "min_size": "minimum size",
    "fee": "fee terms",
    "order_delay_seconds": "delay of orders",
    "opens_at": "opens",
    "closes_at": "closes",
    "resolves_at": "resolves",
    "settled_at": "settled",
    "resolution_source": "source of the resolution",
    "rules": "rules",
    "event_id": "event",
}


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """From when on these facts held, and what they changed; none: nothing that we show."""

    since: datetime
    changes: Sequence[Change]
    first: bool


def versions_of(rows: Sequence[Mapping[str, Any]], whole: bool) -> list[Version]:
    """Newest first, as they came. `whole`: the last of them is the market's first."""
    found = []
    for at, row in enumerate(rows):
        older = rows[at + 1] if at + 1 < len(rows) else None
        if older is None and not whole:
            break
        found.append(Version(row["valid_from"], _changes(older, row) if older else [], older is None))
    return found


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    return [
        Change(words, _said(before[name]), _said(after[name]))
        for name, words in NAMES.items()
        if before[name] != after[name]
    ]


def _said(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    return str(value)
