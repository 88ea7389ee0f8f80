"""What stands in the tables: rows as they are, where they lie, and what they say apart from times and numbers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from shared.database import Database

# Without candles: which ones there are depends on the minute in which a test happens to run.
DATA_TABLES = (
    "platforms",
    "series",
    "events",
    "markets",
    "market_outcomes",
    "market_rules",
    "market_versions",
    "market_snapshots",
    "order_books",
)

# When something was written, and the numbers that Postgres gave out: two syncs of the same listing differ in them.
_ACCIDENTAL = frozenset(
    {"market_no", "created_at", "updated_at", "valid_from", "valid_to", "quoted_at", "opened_at", "rolled_to"}
)


def select(database: Database, query: str, **values: Any) -> list[dict[str, Any]]:
    with database.connection() as connection:
        return [dict(row) for row in connection.execute(text(query), values).mappings()]


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    return select(database, f"SELECT * FROM {table}")


def count(database: Database, table: str) -> int:
    return int(select(database, f"SELECT count(*) AS n FROM {table}")[0]["n"])


def market(database: Database, market_id: str) -> dict[str, Any]:
    [found] = select(database, "SELECT * FROM markets WHERE market_id = :id", id=market_id)
    return found


def versions(database: Database, market_id: str) -> list[dict[str, Any]]:
    return select(
        database,
        "SELECT v.* FROM market_versions v JOIN markets USING (market_no) WHERE market_id = :id ORDER BY v.valid_from",
        id=market_id,
    )


def snapshots(database: Database, market_id: str) -> list[dict[str, Any]]:
    return select(
        database,
        "SELECT s.* FROM market_snapshots s JOIN markets USING (market_no) WHERE market_id = :id ORDER BY s.quoted_at",
        id=market_id,
    )


def places(database: Database) -> Mapping[str, list[tuple[str, str, str]]]:
    """Where each row lies and which transaction wrote it: a row that was written again has another place."""
    return {
        table: [
            (row["part"], row["ctid"], row["xmin"])
            for row in select(
                database, f"SELECT tableoid::regclass::text AS part, ctid::text, xmin::text FROM {table} ORDER BY 1, 2"
            )
        ]
        for table in DATA_TABLES
    }


def content(database: Database) -> Mapping[str, list[str]]:
    """All that the tables say, with market numbers as market ids, without times of writing; in a stable order."""
    names = {row["market_no"]: row["market_id"] for row in rows(database, "markets")}
    said: dict[str, list[str]] = {}
    for table in DATA_TABLES:
        lines = []
        for row in rows(database, table):
            kept = {name: _plain(value) for name, value in row.items() if name not in _ACCIDENTAL}
            lines.append(repr((names.get(row.get("market_no")), sorted(kept.items()))))
        said[table] = sorted(lines)
    return said


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
