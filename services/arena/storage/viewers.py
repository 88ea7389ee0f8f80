"""Who looks at which event: each replica says it for itself, and all read the sums."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

SEEN = timedelta(seconds=30)  # a replica that has said nothing for so long counts for nothing
KEPT = timedelta(minutes=10)

_SAY = text("""
INSERT INTO viewer_counts (replica, event_id, viewers, seen_at)
SELECT :replica, said.event_id, said.viewers, :now
FROM unnest(CAST(:event_ids AS uuid[]), CAST(:viewers AS integer[])) AS said (event_id, viewers)
ON CONFLICT (replica, event_id) DO UPDATE SET viewers = excluded.viewers, seen_at = excluded.seen_at
""")
_FORGET = text("""
DELETE FROM viewer_counts WHERE (replica, event_id) IN (
    SELECT replica, event_id FROM viewer_counts
    WHERE seen_at < :long_ago OR (replica = :replica AND event_id <> ALL (CAST(:event_ids AS uuid[])))
    FOR UPDATE SKIP LOCKED
)
""")
_SUMS = """
SELECT event_id, sum(viewers) AS viewers FROM viewer_counts WHERE seen_at > :since AND viewers > 0{these}
GROUP BY event_id
"""
_ALL = text(_SUMS.format(these=""))
_THESE = text(_SUMS.format(these=" AND event_id = ANY (CAST(:event_ids AS uuid[]))"))


def say_viewers(connection: Connection, replica: UUID, counts: Mapping[UUID, int], now: datetime) -> None:
    """All that look at something through this replica now."""
    event_ids = [str(event_id) for event_id in counts]
    if counts:
        values = {"replica": replica, "event_ids": event_ids, "viewers": list(counts.values()), "now": now}
        connection.execute(_SAY, values)
    connection.execute(_FORGET, {"replica": replica, "event_ids": event_ids, "long_ago": now - KEPT})


def viewers_of(connection: Connection, event_ids: Iterable[UUID] | None, now: datetime) -> dict[UUID, int]:
    """Over all replicas; an event at which nobody looks is left out. None: every event."""
    values = {"since": now - SEEN}
    if event_ids is None:
        rows = connection.execute(_ALL, values)
    else:
        rows = connection.execute(_THESE, {**values, "event_ids": [str(event_id) for event_id in event_ids]})
    return {row.event_id: int(row.viewers) for row in rows}
