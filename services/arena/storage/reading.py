"""How readers get rows: JSON that Postgres makes, so that a row is turned into bytes once, a page at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.cursors import UnknownCursor, cursor_of, key_of

Page = tuple[bytes, str | None]

NUMBER_MAX = 2**31  # of what lists are paged by


def page_of(
    connection: Connection,
    plural: str,
    query: str,
    values: Mapping[str, Any],
    limit: int,
) -> Page:
    """A JSON array, and where the next page begins. The query answers `body` and the parts of the sort key, of which
    the first is called `key_1`, and asks for `:limit` + 1 rows."""
    rows = connection.execute(text(query), {**values, "limit": limit}).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    key = [] if last is None else [part for name, part in last.items() if name.startswith("key_")]
    body = ",".join([row["body"] for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(plural, *key) if last else None


def number_after(cursor: str, plural: str) -> int:
    """The number in a cursor of this list."""
    name, number = key_of(cursor, str, int)
    if name != plural or not 0 <= int(number) < NUMBER_MAX:
        raise UnknownCursor(cursor=cursor[:80])
    return int(number)


def word_after(cursor: str, plural: str) -> str:
    """The word in a cursor of this list."""
    name, word = key_of(cursor, str, str)
    if name != plural or "\x00" in str(word):
        raise UnknownCursor(cursor=cursor[:80])
    return str(word)


def moment_after(cursor: str, plural: str) -> tuple[datetime, UUID]:
    """The moment and the id in a cursor of this list."""
    name, moment, number = key_of(cursor, str, str, str)
    try:
        if name != plural:
            raise ValueError("of another list")
        return datetime.fromisoformat(str(moment)), UUID(str(number))
    except ValueError as error:
        raise UnknownCursor(cursor=cursor[:80]) from error


def json_of(connection: Connection, query: str, **values: Any) -> bytes | None:
    """The one JSON document that a query answers."""
    found = connection.execute(text(query), values).scalar()
    return found.encode() if found is not None else None


def model_number(connection: Connection, given: str) -> UUID | None:
    """The model with this external id, or with this number of its own."""
    query = text("""
        SELECT model_id FROM ai_models WHERE external_id = :given OR model_id = CAST(:number AS uuid)
        ORDER BY external_id <> :given LIMIT 1
    """)
    try:
        number = str(UUID(given))
    except ValueError:
        number = None
    found: UUID | None = connection.execute(query, {"given": given, "number": number}).scalar()
    return found
