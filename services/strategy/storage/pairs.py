"""Contracts of both venues that somebody has proven equal, and the questions among which others may be found."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.strategy.domain.lookalikes import Question
from services.strategy.domain.pool import Pair

_SHAPE = """
    SELECT p.pair_id, a.market_id AS polymarket_id, a.question AS polymarket_question, b.market_id AS kalshi_id,
        b.question AS kalshi_question, p.inverted, p.evidence, p.proven_by, p.proven_at, p.revoked_at, p.revoked_why,
        a.status AS polymarket_status, b.status AS kalshi_status
    FROM contract_pairs p JOIN markets a ON a.market_no = p.polymarket_no JOIN markets b ON b.market_no = p.kalshi_no
"""


def standing_pairs(connection: Connection) -> tuple[Pair, ...]:
    """Those that may be traded: not revoked, and both markets open."""
    query = text("""
        SELECT p.pair_id, p.polymarket_no, p.kalshi_no, p.inverted FROM contract_pairs p
        JOIN markets a ON a.market_no = p.polymarket_no AND a.status = 'open'
        JOIN markets b ON b.market_no = p.kalshi_no AND b.status = 'open'
        WHERE p.revoked_at IS NULL ORDER BY p.pair_id
    """)
    return tuple([Pair(*row) for row in connection.execute(query)])


def pairs_page(connection: Connection, after: int, limit: int, standing: bool | None) -> list[dict[str, Any]]:
    which = {None: "", True: "AND p.revoked_at IS NULL", False: "AND p.revoked_at IS NOT NULL"}[standing]
    query = text(f"{_SHAPE} WHERE p.pair_id > :after {which} ORDER BY p.pair_id LIMIT :limit")
    return [dict(row) for row in connection.execute(query, {"after": after, "limit": limit}).mappings()]


def pair(connection: Connection, pair_id: int) -> dict[str, Any] | None:
    row = connection.execute(text(f"{_SHAPE} WHERE p.pair_id = :pair_id"), {"pair_id": pair_id}).mappings().first()
    return dict(row) if row else None


def prove_pair(
    connection: Connection, polymarket_no: int, kalshi_no: int, inverted: bool, evidence: str, by: str, now: datetime
) -> int | None:
    """Answers its number; None where the two are a standing pair already."""
    query = text("""
        INSERT INTO contract_pairs (polymarket_no, kalshi_no, inverted, evidence, proven_by, proven_at)
        VALUES (:polymarket_no, :kalshi_no, :inverted, :evidence, :by, :now)
        ON CONFLICT (polymarket_no, kalshi_no) WHERE revoked_at IS NULL DO NOTHING RETURNING pair_id
    """)
    values = {"polymarket_no": polymarket_no, "kalshi_no": kalshi_no, "inverted": inverted}
    found = connection.execute(query, {**values, "evidence": evidence, "by": by, "now": now}).scalar()
    return None if found is None else int(found)


def revoke_pair(connection: Connection, pair_id: int, why: str, now: datetime) -> bool:
    query = text("""UPDATE contract_pairs SET revoked_at = :now, revoked_why = :why
        WHERE pair_id = :pair_id AND revoked_at IS NULL""")
    return connection.execute(query, {"pair_id": pair_id, "why": why, "now": now}).rowcount > 0


def market_no_of(connection: Connection, market_id: str) -> int | None:
    query = text("SELECT market_no FROM markets WHERE market_id = :market_id")
    return connection.execute(query, {"market_id": market_id}).scalar()


def pairs_changed_at(connection: Connection) -> datetime | None:
    query = text("SELECT max(greatest(proven_at, revoked_at)) FROM contract_pairs")
    found: datetime | None = connection.execute(query).scalar()
    return found


def open_questions(connection: Connection) -> list[Question]:
    query = text("""
        SELECT m.market_no, m.market_id, m.platform, m.question, coalesce(m.group_title, '') AS label, m.closes_at
        FROM markets m WHERE m.status = 'open' AND NOT m.placeholder ORDER BY m.market_no
    """)
    return [Question(*row) for row in connection.execute(query)]
