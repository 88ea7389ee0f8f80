"""Reads for /metrics: when a cycle of all portfolios last came to an end that counts."""

from datetime import datetime

from sqlalchemy import Connection, text

_LAST_END = text("""
SELECT finished_at FROM trading_cycles WHERE kind = 'all' AND status IN ('success', 'partial')
ORDER BY started_at DESC LIMIT 1
""")


def last_cycle_end(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(_LAST_END).scalar()
    return found
