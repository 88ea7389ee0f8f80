"""What the live feed sends: an entry becomes bytes once, for everyone who reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.feed import Entry
from shared.json_bytes import encoded
from shared.lines import text_frame

HEARTBEAT = "heartbeat"
# Kinds that are called otherwise on the feed.
NAMES = {"trade": "bet"}
# Whoever reads the feed hears of these, whatever event they look at.
FOR_ALL = frozenset({"cycle", "event", "alarm", "breaker"})


@dataclass
class Frame:
    type: str
    cursor: str
    event_id: str | None
    text: bytes  # the JSON, in one line
    entry: Entry | None = None  # None: it is of this moment, and in no history

    @cached_property
    def wire(self) -> bytes:
        """As it travels on a socket."""
        return text_frame(self.text)

    @cached_property
    def event(self) -> bytes:
        """As a server-sent event; a heartbeat is a comment that moves the reader's last id."""
        if self.type == HEARTBEAT:
            return b": heartbeat\nid: %b\n\n" % self.cursor.encode()
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self.cursor.encode(), self.type.encode(), self.text)

    def at(self, cursor: str) -> "Frame":
        """The same for a reader who has to go on from somewhere else."""
        text = self.text.replace(self.cursor.encode(), cursor.encode(), 1)
        return Frame(self.type, cursor, self.event_id, text, self.entry)


def frame_of(entry: Entry, event_id: str | None) -> Frame:
    cursor, name = entry.cursor, NAMES.get(entry.kind, entry.kind)
    head = {
        "type": name,
        "cursor": cursor,
        "at": entry.created_at,
        "event_id": event_id,
        "market_id": entry.market_id,
        "portfolio_id": entry.portfolio_id,
    }
    text = encoded({**head, **entry.payload, **head})
    return Frame(name, cursor, event_id, text, entry)


def frame_now(name: str, cursor: str, at: datetime, facts: Mapping[str, Any]) -> Frame:
    """A frame of this moment: welcome, heartbeat, viewers and answers to commands."""
    text = encoded({"type": name, "cursor": cursor, "at": at, **facts})
    return Frame(name, cursor, facts.get("event_id"), text)


def is_for(frame_type: str, event_id: str | None, everything: bool, event_ids: set[str]) -> bool:
    return everything or frame_type in FOR_ALL or event_id in event_ids
