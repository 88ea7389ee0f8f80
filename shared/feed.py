"""The feed: entries written in the transaction of their fact, one wake for many, and a reader that misses none."""

# Identities commit out of order, so no number tells what is new. A snapshot of Postgres does: it names the transactions
# that it sees. A reader goes from the snapshot it has read to the present one and takes what the transactions between
# them wrote, however their numbers lie. So nothing is lost or repeated, and nobody waits for a slow writer.

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import jiter
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from shared.copy_text import copied_json, copied_row
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.database import Database, copy_rows
from shared.errors import Problem

Kind = Literal[
    "trade", "order", "settlement", "cycle", "breaker", "message", "decision", "price_update", "event", "alarm"
]

CHANNEL = "coliseum_feed"
PAGE = 1_000
SNAPSHOT = re.compile(r"^(\d{1,19}):(\d{1,19}):[\d,]*$")

_COLUMNS = ("kind", "portfolio_id", "market_no", "payload", "created_at")
# By the index of transactions alone: whoever is up to date looks at what is new, however much there is.
_ADDED = """
WITH present AS (SELECT coalesce({target}, pg_current_snapshot()::text) AS snapshot),
candidates AS MATERIALIZED (
    SELECT entry_id, transaction_id, kind, portfolio_id, market_no, payload, created_at
    FROM feed_entries WHERE transaction_id >= pg_snapshot_xmin(CAST({seen} AS pg_snapshot))
), added AS (
    SELECT * FROM candidates c, present
    WHERE NOT pg_visible_in_snapshot(c.transaction_id, CAST({seen} AS pg_snapshot))
        AND pg_visible_in_snapshot(c.transaction_id, CAST(present.snapshot AS pg_snapshot)) AND c.entry_id > {after}
    ORDER BY c.entry_id LIMIT {limit}
)
SELECT present.snapshot, a.entry_id, a.transaction_id::text AS transaction_id, a.kind, a.portfolio_id,
    (SELECT m.market_id FROM markets m WHERE m.market_no = a.market_no) AS market_id, a.payload::text AS payload,
    a.created_at
FROM present LEFT JOIN added a ON true ORDER BY a.entry_id
"""
_READ = text(_ADDED.format(seen=":seen", target="CAST(:target AS text)", after=":after", limit=":limit"))
_PREPARE = text(
    f"PREPARE feed_reading (text, text, bigint, bigint) AS "
    f"{_ADDED.format(seen='$1', target='$2', after='$3', limit='$4')}"
)
_READ_PREPARED = text("EXECUTE feed_reading (:seen, :target, :after, :limit)")
_BEHIND = text("""
SELECT count(*) FROM (
    SELECT 1 FROM feed_entries
    WHERE transaction_id >= pg_snapshot_xmin(CAST(:seen AS pg_snapshot))
        AND NOT pg_visible_in_snapshot(transaction_id, CAST(:seen AS pg_snapshot))
        AND (entry_id > :after OR NOT pg_visible_in_snapshot(transaction_id, CAST(:target AS pg_snapshot)))
    LIMIT :most
) behind
""")
_FORGET = text("""
WITH gone AS (
    DELETE FROM feed_entries WHERE created_at < :before RETURNING entry_id, transaction_id
), last AS (
    SELECT transaction_id, (SELECT max(entry_id) FROM gone) AS entry_id FROM gone
    ORDER BY transaction_id DESC LIMIT 1
), remembered AS (
    INSERT INTO feed_forgotten (one, transaction_id, entry_id, created_before)
    SELECT 1, transaction_id, entry_id, :before FROM last
    ON CONFLICT (one) DO UPDATE SET
        transaction_id = greatest(feed_forgotten.transaction_id, excluded.transaction_id),
        entry_id = greatest(feed_forgotten.entry_id, excluded.entry_id),
        created_before = greatest(feed_forgotten.created_before, excluded.created_before)
)
SELECT count(*) FROM gone
""")
# Whatever a snapshot began before is seen by it. Of a page that was told in part, also what stands before its last.
_LOST = text("""
SELECT created_before FROM feed_forgotten
WHERE transaction_id >= pg_snapshot_xmin(CAST(:seen AS pg_snapshot))
    AND (transaction_id >= pg_snapshot_xmin(CAST(:target AS pg_snapshot)) OR entry_id > :after)
""")


class EntriesForgotten(Problem):
    """Entries after this cursor are forgotten; read the lists anew, and then the feed without a cursor."""

    status = 410


@dataclass(frozen=True, slots=True)
class NewEntry:
    kind: Kind
    payload: Mapping[str, Any]
    portfolio_id: int | None = None
    market_no: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    entry_id: int
    transaction_id: int
    kind: str
    portfolio_id: int | None
    market_id: str | None
    payload: Mapping[str, Any]
    created_at: datetime
    between: tuple[str, str]  # the snapshots of which the first does not see it, and the second does

    @property
    def cursor(self) -> str:
        """Right behind this entry, for a reader that was given all before it."""
        return cursor_of(*self.between, self.entry_id)


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries, and the cursor behind the last of them."""

    entries: Sequence[Entry]
    cursor: str
    more: bool  # whether there was more than the limit


@dataclass(frozen=True, slots=True)
class Seen:
    """What a snapshot sees: everything that began before its end and was not still under way."""

    snapshot: str
    end: int
    under_way: frozenset[int]

    @classmethod
    def by(cls, snapshot: str) -> "Seen":
        _, end, under_way = snapshot.split(":")
        return cls(snapshot, int(end), frozenset(int(number) for number in under_way.split(",") if number))

    def holds(self, transaction_id: int) -> bool:
        return transaction_id < self.end and transaction_id not in self.under_way

    def covers(self, other: "Seen") -> bool:
        """Whether it was taken no earlier: of two snapshots one sees all that the other one sees."""
        return self.end >= other.end and {each for each in self.under_way if each < other.end} <= other.under_way


def append_entries(connection: Connection, entries: Sequence[NewEntry], now: datetime) -> None:
    """In the transaction of the facts; who has committed them calls `wake` once."""
    if entries:
        lines = [
            copied_row((entry.kind, entry.portfolio_id, entry.market_no, copied_json(entry.payload), now))
            for entry in entries
        ]
        copy_rows(connection, "feed_entries", _COLUMNS, lines)


def wake(database: Database) -> None:
    """Tells all listeners that something was committed: once for a request or a batch, and never within the
    transaction of a fact, because a notification makes its transaction wait in line with all others that have one."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"NOTIFY {CHANNEL}"))


def forget_entries(connection: Connection, before: datetime) -> int:
    """Entries announce facts that stand elsewhere, so old ones may go; how far they went is remembered with them."""
    return int(connection.execute(_FORGET, {"before": before}).scalar_one())


def present_cursor(connection: Connection) -> str:
    """Behind everything that is committed now."""
    snapshot = connection.execute(text("SELECT pg_current_snapshot()::text")).scalar_one()
    return cursor_of(snapshot, "", 0)


def prepare_reading(connection: Connection) -> None:
    """For a session that reads after every wake: planning takes longer than reading."""
    connection.execute(text("SET enable_seqscan = off"))
    connection.execute(text("SET plan_cache_mode = force_generic_plan"))
    connection.execute(_PREPARE)


def entries_after(connection: Connection, cursor: str, limit: int = PAGE, *, prepared: bool = False) -> Batch:
    """What was committed after the cursor, each entry once. A cursor keeps its meaning however long it is kept; where
    entries behind it were forgotten, EntriesForgotten is raised. A prepared session, which is up to date, asks nothing
    of that."""
    seen, target, after = _read_cursor(cursor)
    try:
        values = {"seen": seen, "target": target or None, "after": after, "limit": limit + 1}
        rows = connection.execute(_READ_PREPARED if prepared else _READ, values).all()
    except DataError as error:
        raise UnknownCursor(cursor=cursor[:80]) from error
    snapshot = str(rows[0].snapshot)
    if _end_of(seen) > _end_of(snapshot):  # of this database before it was restored, or of another one
        raise UnknownCursor(cursor=cursor[:80])
    if not prepared:  # after the reading, so that what was forgotten before it is known by now
        _refuse_gap(connection, seen, target, after)
    entries = [_entry(row, (seen, snapshot)) for row in rows[:limit] if row.entry_id is not None]
    if len(rows) > limit:
        return Batch(entries, cursor_of(seen, snapshot, entries[-1].entry_id), more=True)
    return Batch(entries, cursor_of(snapshot, "", 0), more=bool(target))


def entries_behind(connection: Connection, cursor: str, most: int) -> int:
    """How many entries are there after the cursor; counts no further than `most`."""
    seen, target, after = _read_cursor(cursor)
    values = {"seen": seen, "target": target or seen, "after": after, "most": most}
    return int(connection.execute(_BEHIND, values).scalar_one())


def seen_by(cursor: str) -> Seen:
    """What whoever stands at the end of a batch has been given, for telling what comes in another way as well."""
    return Seen.by(_read_cursor(cursor)[0])


def _refuse_gap(connection: Connection, seen: str, target: str, after: int) -> None:
    values = {"seen": seen, "target": target or seen, "after": after}
    if (before := connection.execute(_LOST, values).scalar()) is not None:
        raise EntriesForgotten(forgotten_before=before)


def _read_cursor(cursor: str) -> tuple[str, str, int]:
    seen, target, after = key_of(cursor, str, str, int)
    seen, target = str(seen), str(target)
    if not SNAPSHOT.match(seen) or (target and not SNAPSHOT.match(target)):
        raise UnknownCursor(cursor=cursor[:80])
    return seen, target, int(after)


def _end_of(snapshot: str) -> int:
    """The first transaction that had not begun."""
    return int(snapshot.split(":")[1])


def _entry(row: Any, between: tuple[str, str]) -> Entry:
    return Entry(
        row.entry_id,
        int(row.transaction_id),
        row.kind,
        row.portfolio_id,
        row.market_id,
        _read(row.payload),
        row.created_at,
        between,
    )


def _read(payload: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = jiter.from_json(payload.encode(), float_mode="decimal")
    return read
