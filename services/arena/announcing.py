"""What the arena tells the feed of its events, in the transaction of the change."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.arena.storage.events import Event
from shared.feed import NewEntry, append_entries


def announce(connection: Connection, events: Sequence[Event], now: datetime) -> None:
    """Their new state; who has committed it calls `wake`."""
    append_entries(
        connection,
        [
            NewEntry(
                "event",
                {
                    "event_id": event.event_id,
                    "market_id": event.market_id,
                    "status": event.status,
                    "title": event.title,
                    "question": event.question,
                    "close_time": event.close_time,
                    "price": event.current_price,
                    "outcome": event.outcome,
                },
                market_no=event.market_no,
            )
            for event in events
        ],
        now,
    )
