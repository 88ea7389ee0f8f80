"""What the arena answers as a controller: portfolios of models, sessions not counted yet, and stored answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import jiter
from sqlalchemy import Connection, text

from shared.database import fetch_all

_UNCOUNTED = text("""
SELECT s.session_id, s.portfolio_id, CASE WHEN s.status = 'failed' THEN 'session_failed'
    WHEN s.final_position = 'ABSTAIN' THEN 'model_abstained' ELSE s.no_bet END AS abstention
FROM betting_sessions s
WHERE s.generation_id IS NULL AND s.status IN ('completed', 'failed') AND s.portfolio_id = ANY(:portfolio_ids)
ORDER BY s.portfolio_id, s.completed_at FOR UPDATE OF s
""")
# Bets that were placed when their session ended belong to the answer that counts the session.
_ANSWERS = text("""
SELECT g.portfolio_id, g.cycle_id, g.markets_considered, g.markets_matched, g.abstentions, coalesce((
    SELECT json_agg(json_build_object('signal_id', x.signal_id, 'portfolio_id', x.portfolio_id, 'cycle_id', x.cycle_id,
        'market_id', m.market_id, 'action', x.action, 'amount', x.amount, 'quantity', x.quantity,
        'limit_price', x.limit_price, 'order', x.order_kind, 'confidence', x.confidence, 'probability', x.probability,
        'group_id', x.group_id, 'reason', x.reason, 'strategy_type', x.strategy_type, 'created_at', x.created_at,
        'expires_at', x.expires_at, 'executed', x.executed) ORDER BY x.signal_id)
    FROM trading_signals x JOIN markets m USING (market_no) WHERE x.generation_id = g.generation_id
        OR x.signal_id IN (SELECT s.signal_id FROM betting_sessions s WHERE s.generation_id = g.generation_id)
    ), '[]')::text AS signals, ARRAY(
    SELECT DISTINCT a.external_id || ' ' || s.failure || ': ' || s.failure_detail FROM betting_sessions s
    JOIN ai_models a USING (model_id) WHERE s.generation_id = g.generation_id AND s.failure IS NOT NULL LIMIT 3
    ) AS failures
FROM signal_generations g WHERE g.generation_id = ANY(:generation_ids)
""")
_COUNTED = text("""
UPDATE betting_sessions s SET generation_id = n.generation_id, updated_at = :now
FROM unnest(CAST(:session_ids AS uuid[]), CAST(:generation_ids AS bigint[])) n (session_id, generation_id)
WHERE s.session_id = n.session_id
""")


@dataclass(frozen=True, slots=True)
class Portfolio:
    portfolio_id: int
    strategy_type: str
    status: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A session that has ended and stands in no answer yet."""

    session_id: UUID
    portfolio_id: int
    abstention: str | None  # why there is no bet; None: there is one, or will be


def portfolios(connection: Connection, portfolio_ids: Sequence[int]) -> dict[int, Portfolio]:
    query = text("SELECT portfolio_id, strategy_type, status FROM portfolios WHERE portfolio_id = ANY(:ids)")
    return {each.portfolio_id: each for each in fetch_all(connection, Portfolio, query, ids=list(portfolio_ids))}


def active_ids(connection: Connection) -> list[int]:
    query = text(
        "SELECT portfolio_id FROM portfolios WHERE strategy_type = 'ai_model' AND status = 'active' ORDER BY 1"
    )
    return list(connection.execute(query).scalars())


def uncounted_sessions(connection: Connection, portfolio_ids: Sequence[int]) -> dict[int, list[Counted]]:
    found: dict[int, list[Counted]] = {}
    for session in fetch_all(connection, Counted, _UNCOUNTED, portfolio_ids=list(portfolio_ids)):
        found.setdefault(session.portfolio_id, []).append(session)
    return found


def newest_generations(connection: Connection, portfolio_ids: Sequence[int]) -> dict[int, int]:
    query = text("""
        SELECT portfolio_id, max(generation_id) AS generation_id FROM signal_generations
        WHERE portfolio_id = ANY(:ids) GROUP BY portfolio_id
    """)
    return {row.portfolio_id: row.generation_id for row in connection.execute(query, {"ids": list(portfolio_ids)})}


def mark_counted(connection: Connection, counted: Sequence[tuple[UUID, int]], now: datetime) -> None:
    if counted:
        session_ids, generation_ids = (list(column) for column in zip(*counted, strict=True))
        values = {"session_ids": session_ids, "generation_ids": generation_ids, "now": now}
        connection.execute(_COUNTED, values)


def generations(connection: Connection, generation_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Stored answers by portfolio."""
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(_ANSWERS, {"generation_ids": list(generation_ids)}).mappings():
        signals = jiter.from_json(row["signals"].encode(), float_mode="decimal")
        found[row["portfolio_id"]] = {
            **{name: row[name] for name in ("portfolio_id", "cycle_id", "markets_considered", "markets_matched")},
            "signals_generated": len(signals),
            "signals": signals,
            "abstentions": row["abstentions"],
            "failures": row["failures"],
        }
    return found


def market_ids(connection: Connection, market_nos: Sequence[int]) -> dict[int, str]:
    query = text("SELECT market_no, market_id FROM markets WHERE market_no = ANY(:market_nos)")
    rows = connection.execute(query, {"market_nos": list(market_nos)})
    return {row.market_no: row.market_id for row in rows}
