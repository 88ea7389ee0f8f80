"""How far the collection has come: what tells a pool that it is out of date."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_STAMP = text("""
    SELECT (SELECT max(finished_at) FROM (SELECT finished_at FROM market_syncs ORDER BY started_at DESC LIMIT 5) s)
            AS markets_at,
        (SELECT max(finished_at) FROM (SELECT finished_at FROM event_syncs ORDER BY started_at DESC LIMIT 5) s)
            AS events_at,
        (SELECT rolled_to FROM tick_rolls) AS rolled_to,
        (SELECT max(greatest(proven_at, revoked_at)) FROM contract_pairs) AS pairs_at,
        (SELECT count(*) FROM contract_pairs WHERE revoked_at IS NULL) AS pairs,
        (SELECT min(started_at) FROM (SELECT started_at FROM market_syncs WHERE status = 'running'
            UNION ALL SELECT started_at FROM event_syncs WHERE status = 'running') s) AS running_since
""")


@dataclass(frozen=True, slots=True)
class Stamp:
    markets_at: datetime | None
    events_at: datetime | None
    rolled_to: datetime | None
    pairs_at: datetime | None
    pairs: int  # that stand
    running_since: datetime | None  # of the oldest sync that runs: what it has read may not be visible yet

    def tells(self) -> tuple[Any, ...]:
        """What makes a pool loaded before out of date."""
        return self.markets_at, self.events_at, self.rolled_to, self.pairs_at, self.pairs


def stamp(connection: Connection) -> Stamp:
    return Stamp(*connection.execute(_STAMP).one())
