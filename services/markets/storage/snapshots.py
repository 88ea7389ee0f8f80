"""Quotes: the fresh ones on their markets, and each change as a snapshot in the partition of its month."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from shared.copy_text import copied_row
from shared.database import copy_rows
from shared.venues.records import Quote

_STAGE_QUOTES = """
CREATE TEMP TABLE IF NOT EXISTS staged_quotes (
    market_id text, yes_bid numeric, yes_ask numeric, yes_bid_size numeric, yes_ask_size numeric, last_price numeric
) ON COMMIT DELETE ROWS
"""
_APPEND_MOVED = """
INSERT INTO market_snapshots (quoted_at, market_no, yes_bid, yes_ask, yes_bid_size, yes_ask_size)
SELECT :received_at, m.market_no, s.yes_bid, s.yes_ask, s.yes_bid_size, s.yes_ask_size
FROM staged_quotes s JOIN markets m USING (market_id)
WHERE (m.yes_bid, m.yes_ask, m.yes_bid_size, m.yes_ask_size)
    IS DISTINCT FROM (s.yes_bid, s.yes_ask, s.yes_bid_size, s.yes_ask_size)
"""
# Without its hash the row counts as changed at the next sync, whose listing may say what it said before.
_UPDATE_QUOTES = """
UPDATE markets m SET yes_bid = s.yes_bid, yes_ask = s.yes_ask, yes_bid_size = s.yes_bid_size,
    yes_ask_size = s.yes_ask_size, last_price = coalesce(s.last_price, m.last_price),
    quoted_at = :received_at, quote_source = 'book', updated_at = :received_at,
    content_hash = CASE WHEN (m.yes_bid, m.yes_ask, m.yes_bid_size, m.yes_ask_size)
        IS DISTINCT FROM (s.yes_bid, s.yes_ask, s.yes_bid_size, s.yes_ask_size) THEN '\\x' ELSE m.content_hash END
FROM staged_quotes s WHERE m.market_id = s.market_id
"""


def ensure_partition(connection: Connection, now: datetime) -> None:
    """The months of `now` and of the day after, so that midnight finds its partition."""
    for year, month in {(now.year, now.month), _month_after(now.year, now.month)}:
        name = f"market_snapshots_{year}_{month:02}"
        if connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar() is None:
            start = datetime(year, month, 1, tzinfo=UTC)
            end = datetime(*_month_after(year, month), 1, tzinfo=UTC)
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('market_snapshots'))"))
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF market_snapshots "
                    f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
                )
            )


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def write_quotes(connection: Connection, quotes: Mapping[str, Quote], received_at: datetime) -> int:
    """Fresh quotes by market id; answers how many of them moved."""
    ensure_partition(connection, received_at)
    connection.execute(text(_STAGE_QUOTES))
    lines = [
        copied_row((market_id, q.yes_bid, q.yes_ask, q.yes_bid_size, q.yes_ask_size, q.last_price))
        for market_id, q in quotes.items()
    ]
    columns = ("market_id", "yes_bid", "yes_ask", "yes_bid_size", "yes_ask_size", "last_price")
    copy_rows(connection, "staged_quotes", columns, lines)
    moved = connection.execute(text(_APPEND_MOVED), {"received_at": received_at}).rowcount
    connection.execute(text(_UPDATE_QUOTES), {"received_at": received_at})
    return moved
