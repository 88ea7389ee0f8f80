"""Rows of `session_messages`, appended in the pieces in which they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from shared.copy_text import copied_row
from shared.database import copy_rows

_COLUMNS = (
    "session_id",
    "sequence_number",
    "message_type",
    "content",
    "action_type",
    "action_amount",
    "action_shares",
    "action_price",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class NewMessage:
    session_id: UUID
    sequence_number: int
    message_type: str
    content: str
    action_type: str | None = None
    action_amount: Decimal | None = None
    action_shares: Decimal | None = None
    action_price: Decimal | None = None


def append_messages(connection: Connection, rows: Sequence[NewMessage], now: datetime) -> None:
    lines = [
        copied_row(
            (
                str(row.session_id),
                row.sequence_number,
                row.message_type,
                row.content.replace("\x00", ""),
                row.action_type,
                row.action_amount,
                row.action_shares,
                row.action_price,
                now,
            )
        )
        for row in rows
    ]
    copy_rows(connection, "session_messages", _COLUMNS, lines)


def last_numbers(connection: Connection, session_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Of the last message of each session; one that has none yet is left out."""
    query = text("""
        SELECT id, (SELECT max(m.sequence_number) FROM session_messages m WHERE m.session_id = id) AS number
        FROM unnest(CAST(:session_ids AS uuid[])) id
    """)
    rows = connection.execute(query, {"session_ids": list(session_ids)})
    return {row.id: row.number for row in rows if row.number is not None}


def join_pieces(connection: Connection, before: datetime, since: datetime | None = None) -> int:
    """Of sessions that ended before a moment (and not before `since`), pieces of reasoning that follow each other
    become one row, with the number and the time of the last of them; answers how many rows went."""
    query = text("""
        WITH pieces AS (
            SELECT g.session_id, g.sequence_number, g.message_type, g.content,
                sum((g.message_type <> 'reasoning')::integer) OVER session AS run
            FROM session_messages g JOIN betting_sessions s USING (session_id)
            WHERE s.status IN ('completed', 'failed') AND s.completed_at < :before
                AND s.completed_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
            WINDOW session AS (PARTITION BY g.session_id ORDER BY g.sequence_number)
        ), runs AS (
            SELECT session_id, string_agg(content, '' ORDER BY sequence_number) AS content,
                min(sequence_number) AS first, max(sequence_number) AS last
            FROM pieces WHERE message_type = 'reasoning' GROUP BY session_id, run HAVING count(*) > 1
        ), written AS (
            UPDATE session_messages g SET content = r.content FROM runs r
            WHERE g.session_id = r.session_id AND g.sequence_number = r.last
        )
        DELETE FROM session_messages g USING runs r
        WHERE g.session_id = r.session_id AND g.sequence_number >= r.first AND g.sequence_number < r.last
    """)
    return connection.execute(query, {"before": before, "since": since}).rowcount
