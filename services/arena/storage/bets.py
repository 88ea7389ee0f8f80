"""Positions on their way to bets: unplaced ones, the purse that pays for them, and what became of their signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from services.arena.domain.decisions import Decision
from services.arena.domain.stakes import Undecided
from shared.database import fetch_all

_WAITING = """
s.status = 'completed' AND s.final_position IN ('YES', 'NO') AND s.signal_id IS NULL AND s.no_bet IS NULL
    AND (CAST(:portfolio_ids AS integer[]) IS NULL OR s.portfolio_id = ANY(:portfolio_ids))
"""
# One after the other for each portfolio, in the order of their numbers: two stakes never come from the same dollars.
_LOCK = text(f"""
SELECT pg_advisory_xact_lock(hashtext('coliseum.stakes'), portfolio_id) FROM (
    SELECT DISTINCT s.portfolio_id FROM betting_sessions s WHERE {_WAITING} ORDER BY 1) waiting
""")
_UNPLACED = text(f"""
SELECT s.session_id, s.portfolio_id, s.market_no, s.final_position, s.probability, s.confidence_score, s.max_price,
    s.reasoning_summary, s.yes_bid, s.yes_ask, e.close_time
FROM betting_sessions s JOIN arena_events e USING (event_id)
WHERE {_WAITING}
ORDER BY s.portfolio_id, s.completed_at, s.session_id
FOR UPDATE OF s
""")
# What earlier signals ask for and nobody has acted on yet is not there to be staked again.
_PURSES = text("""
SELECT p.portfolio_id, p.strategy_config::text AS config, p.current_balance - p.reserved_balance - coalesce((
    SELECT sum(s.amount) FROM trading_signals s WHERE s.portfolio_id = p.portfolio_id AND NOT s.executed
        AND s.expires_at > now() AND NOT EXISTS (SELECT FROM decisions d WHERE d.signal_id = s.signal_id)), 0) AS free
FROM portfolios p WHERE p.portfolio_id = ANY(:portfolio_ids)
""")
_PLACED = text("""
UPDATE betting_sessions s SET signal_id = n.signal_id, bet_amount = n.amount, updated_at = :now
FROM unnest(CAST(:session_ids AS uuid[]), CAST(:signal_ids AS bigint[]), CAST(:amounts AS numeric[]))
    n (session_id, signal_id, amount)
WHERE s.session_id = n.session_id
""")
_NOT_PLACED = text("""
UPDATE betting_sessions s SET no_bet = n.reason, bet_told_at = :now, updated_at = :now
FROM unnest(CAST(:session_ids AS uuid[]), CAST(:reasons AS text[])) n (session_id, reason)
WHERE s.session_id = n.session_id
""")
_UNTOLD = text("""
SELECT s.session_id, s.event_id, s.market_no, s.portfolio_id, a.external_id AS model, g.action, d.outcome AS why,
    t.quantity, t.price, t.paid
FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN trading_signals g USING (signal_id)
JOIN decisions d USING (signal_id)
LEFT JOIN LATERAL (
    SELECT sum(quantity) AS quantity, round(sum(cost) / sum(quantity), 6) AS price, sum(cost + fee) AS paid
    FROM trades WHERE portfolio_id = s.portfolio_id AND market_no = s.market_no AND decision_id = d.decision_id
    HAVING count(*) > 0
) t ON true
WHERE s.bet_told_at IS NULL AND s.status = 'completed' AND s.signal_id IS NOT NULL
FOR UPDATE OF s SKIP LOCKED
""")


@dataclass(frozen=True, slots=True)
class Purse:
    portfolio_id: int
    config: str
    free: Decimal


@dataclass(frozen=True, slots=True)
class ActedOn:
    """A bet whose signal was decided: bought, or skipped with a reason code."""

    session_id: UUID
    event_id: UUID
    market_no: int
    portfolio_id: int
    model: str
    action: str
    why: str
    quantity: Decimal | None
    price: Decimal | None
    paid: Decimal | None


def unplaced_positions(connection: Connection, portfolio_ids: Sequence[int] | None) -> list[Undecided]:
    """Locked, with their portfolios' stakes, until the transaction ends."""
    values = {"portfolio_ids": None if portfolio_ids is None else list(portfolio_ids)}
    connection.execute(_LOCK, values)
    return [
        Undecided(
            row.session_id,
            row.portfolio_id,
            row.market_no,
            Decision(row.final_position, row.probability, row.confidence_score, row.reasoning_summary, row.max_price),
            row.yes_bid,
            row.yes_ask,
            row.close_time,
        )
        for row in connection.execute(_UNPLACED, values)
    ]


def purses(connection: Connection, portfolio_ids: Sequence[int]) -> dict[int, Purse]:
    rows = fetch_all(connection, Purse, _PURSES, portfolio_ids=list(portfolio_ids))
    return {purse.portfolio_id: purse for purse in rows}


def mark_placed(
    connection: Connection,
    placed: Sequence[tuple[UUID, int, Decimal | None]],
    not_placed: Sequence[tuple[UUID, str]],
    now: datetime,
) -> None:
    if placed:
        session_ids, signal_ids, amounts = (list(column) for column in zip(*placed, strict=True))
        values = {"session_ids": session_ids, "signal_ids": signal_ids, "amounts": amounts, "now": now}
        connection.execute(_PLACED, values)
    if not_placed:
        session_ids, reasons = (list(column) for column in zip(*not_placed, strict=True))
        connection.execute(_NOT_PLACED, {"session_ids": session_ids, "reasons": reasons, "now": now})


def untold_bets(connection: Connection) -> list[ActedOn]:
    return fetch_all(connection, ActedOn, _UNTOLD)


def mark_told(connection: Connection, session_ids: Sequence[UUID], now: datetime) -> None:
    query = text("UPDATE betting_sessions SET bet_told_at = :now, updated_at = :now WHERE session_id = ANY(:ids)")
    connection.execute(query, {"ids": list(session_ids), "now": now})
