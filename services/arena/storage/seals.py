"""SQL of the chain of sealed forecasts: its end, its next link, and its links beside the sessions they seal."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from services.arena.domain.seals import FIRST_HASH, Forecast, Link, book_sha256, prompt_sha256, text_sha256
from services.arena.storage.reading import Page, number_after, page_of

# Beside each link what the session's own row says now, and the first moment at which the outcome was known.
_LINKS = text("""
SELECT f.seal_no, f.session_id, f.document, f.previous_hash, f.hash, f.sealed_at, s.status, s.event_id, m.market_id,
    a.external_id AS model, s.portfolio_id, s.final_position AS position, s.probability,
    s.confidence_score AS confidence, s.max_price, s.reasoning_summary AS reason, s.yes_bid, s.yes_ask, s.quoted_at,
    s.crowd_probability, s.book::text AS book, s.prompt, s.answer, s.prompt_version, s.model_version,
    s.completed_at AS decided_at,
    least(CASE WHEN m.status = 'final' THEN m.settled_at END, w.recorded_at) AS known_at
FROM sealed_forecasts f JOIN betting_sessions s USING (session_id) JOIN ai_models a USING (model_id)
JOIN markets m ON m.market_no = s.market_no
LEFT JOIN market_settlements w ON w.market_no = s.market_no AND w.version = 1
WHERE f.seal_no > :after ORDER BY f.seal_no LIMIT :limit
""")
_UNSEALED = text("""
SELECT s.session_id, count(*) OVER () AS total FROM betting_sessions s
WHERE s.status = 'completed' AND NOT EXISTS (SELECT FROM sealed_forecasts f WHERE f.session_id = s.session_id)
ORDER BY s.completed_at, s.session_id LIMIT :limit
""")


def lock_end(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last link. Until the transaction ends nobody else can append one."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('arena: sealed forecasts'))"))
    query = text("SELECT seal_no, hash FROM sealed_forecasts ORDER BY seal_no DESC LIMIT 1")
    last = connection.execute(query).first()
    return (last.seal_no, last.hash) if last else (0, FIRST_HASH)


def append_link(connection: Connection, link: Link) -> None:
    query = text("""
        INSERT INTO sealed_forecasts (seal_no, session_id, document, previous_hash, hash, sealed_at)
        VALUES (:seal_no, :session_id, :document, :previous_hash, :hash, :sealed_at)
    """)
    connection.execute(
        query,
        {
            "seal_no": link.seal_no,
            "session_id": link.session_id,
            "document": link.document,
            "previous_hash": link.previous_hash,
            "hash": link.hash,
            "sealed_at": link.sealed_at,
        },
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """A link, and the forecast that its session's row holds now."""

    link: Link
    forecast: Forecast
    status: str
    crowd: Decimal | None  # as the row says; it is the mid of the sealed quote
    known_at: datetime | None  # when the outcome was known, at the venue or to us


def links_after(connection: Connection, seal_no: int, limit: int) -> list[Sealed]:
    rows = connection.execute(_LINKS, {"after": seal_no, "limit": limit}).mappings()
    return [_sealed(row) for row in rows]


def unsealed_sessions(connection: Connection, limit: int) -> tuple[int, list[UUID]]:
    """How many decisions there are without a seal, and the first of them."""
    rows = connection.execute(_UNSEALED, {"limit": limit}).all()
    return (rows[0].total if rows else 0), [row.session_id for row in rows]


def forecasts_page(connection: Connection, cursor: str | None, limit: int) -> Page:
    """The chain, newest link first, each with the very text that was hashed."""
    values: dict[str, object] = {}
    if cursor is not None:
        values["before"] = number_after(cursor, "forecasts")
    query = f"""
        SELECT to_json(shape)::text AS body, shape.seal_no AS key_1 FROM (
            SELECT seal_no, session_id, hash, previous_hash, document, sealed_at FROM sealed_forecasts
            {"WHERE seal_no < :before" if cursor is not None else ""} ORDER BY seal_no DESC LIMIT :limit + 1
        ) shape ORDER BY shape.seal_no DESC
    """
    return page_of(connection, "forecasts", query, values, limit)


def _sealed(row: RowMapping) -> Sealed:
    link = Link(**{field.name: row[field.name] for field in fields(Link)})
    taken: dict[str, Any] = {field.name: row[field.name] for field in fields(Forecast) if field.name in row}
    taken |= {
        "book_sha256": book_sha256(row["book"]),
        "prompt_sha256": prompt_sha256(row["prompt"]),
        "answer_sha256": text_sha256(row["answer"]),
    }
    return Sealed(link, Forecast(**taken), row["status"], row["crowd_probability"], row["known_at"])
