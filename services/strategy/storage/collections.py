"""When collections of all markets ended: what was heard between two of them is of a few markets alone."""

import numpy as np
from sqlalchemy import Connection, text

from services.strategy.domain.columns import Ints
from services.strategy.domain.rhythm import ENDS_MAX, minutes_between

# A collection takes minutes; the bound on its start is for the index.
_ENDED = text("""
    SELECT extract(epoch FROM finished_at)::int8 FROM market_syncs
    WHERE status IN ('success', 'partial') AND finished_at >= to_timestamp(:since)
        AND started_at >= to_timestamp(:since) - interval '1 day'
    ORDER BY finished_at
""")
_LAST_ENDED = text("""
    SELECT extract(epoch FROM finished_at)::int8 FROM market_syncs
    WHERE status IN ('success', 'partial') ORDER BY started_at DESC LIMIT :count
""")


def collected_at(connection: Connection, since: int) -> Ints:
    """Unix seconds, oldest first."""
    return np.array(connection.execute(_ENDED, {"since": since}).scalars().all(), dtype=np.int64)


def rhythm(connection: Connection) -> int | None:
    """Minutes from one collection to the next, as the last ones came; none: there were too few."""
    ends = connection.execute(_LAST_ENDED, {"count": ENDS_MAX}).scalars().all()
    return minutes_between(sorted(ends))
