"""Reads for /metrics: orders that wait for a price."""

from sqlalchemy import Connection, text

_WAITING = text("SELECT count(*) FROM resting_orders WHERE status = 'open'")


def waiting_orders(connection: Connection) -> int:
    return int(connection.execute(_WAITING).scalar_one())
