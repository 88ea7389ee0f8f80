"""Which event of the arena a market belongs to."""

from collections.abc import Collection

from sqlalchemy import Connection, text

_EVENTS = text("""
SELECT m.market_id, e.event_id::text AS event_id FROM markets m JOIN arena_events e ON e.market_no = m.market_no
WHERE m.market_id = ANY (:market_ids)
""")


def events_of_markets(connection: Connection, market_ids: Collection[str]) -> dict[str, str]:
    """By market; one that no event is about is left out."""
    rows = connection.execute(_EVENTS, {"market_ids": list(market_ids)})
    return {row.market_id: row.event_id for row in rows}
