"""The last book of each market, and the keys by which venues know our markets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from shared.copy_text import copied_json, copied_row
from shared.database import copy_rows, fetch_all
from shared.venues.records import Book, Platform
from shared.venues.venue import MarketKey

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_books (
    market_id text, venue_time timestamptz, bids jsonb, asks jsonb
) ON COMMIT DELETE ROWS
"""
_UPSERT = """
INSERT INTO order_books (market_no, quoted_at, venue_time, bids, asks)
SELECT m.market_no, :received_at, s.venue_time, s.bids, s.asks FROM staged_books s JOIN markets m USING (market_id)
ON CONFLICT (market_no) DO UPDATE SET quoted_at = excluded.quoted_at, venue_time = excluded.venue_time,
    bids = excluded.bids, asks = excluded.asks
WHERE order_books.quoted_at < excluded.quoted_at
    -- a book from further ahead was stored before the clock went backwards
    OR order_books.quoted_at > excluded.quoted_at + interval '1 minute'
"""
_KEYS = """
SELECT m.market_no, m.market_id, m.platform, m.external_id, m.condition_id, m.status, m.settled_at,
    o.token_id AS yes_token_id, substr(e.series_id, length(m.platform) + 2) AS series_external_id,
    substr(m.event_id, length(m.platform) + 2) AS event_external_id
FROM markets m
LEFT JOIN market_outcomes o ON o.market_no = m.market_no AND o.side = 'yes'
LEFT JOIN events e ON e.event_id = m.event_id
WHERE {which}
"""


@dataclass(frozen=True, slots=True)
class StoredMarket:
    """A market of ours, and the names its venue has for it."""

    market_no: int
    market_id: str
    platform: Platform
    external_id: str
    condition_id: str | None
    status: str
    settled_at: datetime | None
    yes_token_id: str | None
    series_external_id: str | None
    event_external_id: str | None

    @property
    def key(self) -> MarketKey:
        return MarketKey(
            external_id=self.external_id,
            condition_id=self.condition_id,
            yes_token_id=self.yes_token_id,
            series_external_id=self.series_external_id,
            event_external_id=self.event_external_id,
            settled_at=self.settled_at,
        )


def stored_markets(connection: Connection, market_ids: Sequence[str]) -> list[StoredMarket]:
    return fetch_all(
        connection, StoredMarket, text(_KEYS.format(which="m.market_id = ANY(:ids)")), ids=list(market_ids)
    )


def stored_by_external_id(connection: Connection, platform: str, external_ids: Sequence[str]) -> list[StoredMarket]:
    ids = [f"{platform}:{external_id}" for external_id in external_ids]
    return stored_markets(connection, ids)


def write_books(connection: Connection, books: Sequence[Book], received_at: datetime) -> None:
    connection.execute(text(_STAGE))
    columns = ("market_id", "venue_time", "bids", "asks")
    copy_rows(connection, "staged_books", columns, [_line(book) for book in books])
    connection.execute(text(_UPSERT), {"received_at": received_at})


def fresh_books(connection: Connection, market_ids: Sequence[str], age_max: timedelta, now: datetime) -> set[str]:
    """The markets of which we hold a book that is younger. One from as far ahead is no younger than one as old."""
    query = text("""
        SELECT m.market_id FROM markets m JOIN order_books b USING (market_no)
        WHERE m.market_id = ANY(:ids) AND b.quoted_at > :earliest AND b.quoted_at < :latest
    """)
    bounds = {"earliest": now - age_max, "latest": now + age_max}
    return set(connection.execute(query, {"ids": list(market_ids), **bounds}).scalars())


def _line(book: Book) -> str:
    market_id = f"{book.platform}:{book.external_id}"
    return copied_row((market_id, book.venue_time, copied_json(book.bids), copied_json(book.asks)))
