"""Contracts of both venues that somebody has proven equal, and the questions among which others may be found."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.strategy.domain.lookalikes import Lookalike, Question
from services.strategy.domain.pool import Pair
from shared.database import copy_out

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


def open_questions(connection: Connection) -> Iterator[Question]:
    query = """SELECT market_no, platform = 'kalshi', translate(CASE
            WHEN group_title IS NULL OR position(lower(group_title) IN lower(question)) > 0 THEN question
            ELSE question || ' ' || group_title END,
            E'\\t\\n\\r\\\\', '    ')
        FROM markets WHERE status = 'open' AND NOT placeholder"""
    for line in copy_out(connection, query):
        number, kalshi, words = line.rstrip("\n").split("\t")
        yield Question(int(number), kalshi == "t", words)


def shown_lookalikes(connection: Connection, found: Sequence[Lookalike]) -> list[dict[str, Any]]:
    """With what a reader needs to find both; those that are a standing pair already are left out."""
    query = text("""
        SELECT a.market_id AS polymarket_id, a.question AS polymarket_question, a.closes_at AS polymarket_closes_at,
            b.market_id AS kalshi_id, b.question AS kalshi_question, b.closes_at AS kalshi_closes_at, s.place
        FROM unnest(CAST(:here AS int[]), CAST(:there AS int[])) WITH ORDINALITY s (here, there, place)
        JOIN markets a ON a.market_no = s.here JOIN markets b ON b.market_no = s.there
        WHERE NOT EXISTS (SELECT FROM contract_pairs p WHERE p.polymarket_no = s.here AND p.kalshi_no = s.there
            AND p.revoked_at IS NULL)
        ORDER BY s.place
    """)
    numbers = {"here": [each.polymarket_no for each in found], "there": [each.kalshi_no for each in found]}
    return [
        {"likeness": round(found[row["place"] - 1].likeness, 3)} | {name: row[name] for name in row if name != "place"}
        for row in connection.execute(query, numbers).mappings()
    ]
