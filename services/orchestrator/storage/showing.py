"""What the arena's home page shows beside the board: curves, who thinks now, events with stances, settlements."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import jiter
from sqlalchemy import Connection, text

TAIL = 420  # characters of what a model is writing
PIECES = 60  # in which they came

_NOW = "(p.current_balance + p.liquidation_value - p.owed) / p.initial_balance - 1"
# Each step of the grid takes the last point before it that is not too old, so the cost goes with what is drawn and not
# with what is stored. The last step is the present, as the board has it.
_CURVES = text(f"""
WITH steps AS (
    SELECT number, CAST(:until AS timestamptz) - (:points - number) * CAST(:step AS interval) AS at
    FROM generate_series(1, :points - 1) AS number
)
SELECT p.portfolio_id, p.name, p.strategy_type, a.color, round(({_NOW}) * 100, 4) AS now,
    array(SELECT (SELECT round((e.equity / p.initial_balance - 1) * 100, 4) FROM equity_points e
            WHERE e.portfolio_id = p.portfolio_id AND e.taken_at <= s.at AND e.taken_at > s.at - CAST(:old AS interval)
            ORDER BY e.taken_at DESC LIMIT 1)
        FROM steps s ORDER BY s.number) AS before
FROM portfolios p LEFT JOIN ai_models a USING (portfolio_id)
WHERE p.status <> 'closed' AND (CAST(:ids AS integer[]) IS NULL OR p.portfolio_id = ANY(:ids))
ORDER BY p.portfolio_id
""")
_THINKING = text("""
SELECT s.session_id::text AS session_id, s.event_id::text AS event_id, s.portfolio_id, a.name, a.color, a.avatar,
    e.question, s.started_at, t.tail
FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
LEFT JOIN LATERAL (
    SELECT right(string_agg(last.content, '' ORDER BY last.sequence_number), :tail) AS tail FROM (
        SELECT m.content, m.sequence_number FROM session_messages m
        WHERE m.session_id = s.session_id AND m.message_type = 'reasoning'
        ORDER BY m.sequence_number DESC LIMIT :pieces) last
) t ON true
WHERE s.status = 'running' ORDER BY s.started_at DESC NULLS LAST, s.session_id LIMIT :limit
""")
_EVENTS = text("""
SELECT e.event_id::text AS event_id, m.platform, e.question, e.category, e.status, e.outcome, e.current_price,
    e.close_time,
    coalesce((SELECT json_agg(json_build_object('name', a.name, 'portfolio_id', s.portfolio_id, 'color', a.color,
            'status', s.status, 'position', s.final_position, 'probability', s.probability, 'failure', s.failure)
            ORDER BY s.probability NULLS LAST, a.name)
        FROM betting_sessions s JOIN ai_models a USING (model_id) WHERE s.event_id = e.event_id), '[]')::text AS stances
FROM arena_events e JOIN markets m USING (market_no)
WHERE e.status IN ('approved', 'active', 'closed') OR (e.status = 'settled' AND e.updated_at >= :since)
ORDER BY array_position(ARRAY['active', 'approved', 'closed', 'settled'], e.status), e.created_at DESC, e.close_time,
    e.event_id LIMIT :limit
""")
_EVENTS_COUNTED = text("SELECT count(*) FROM arena_events WHERE status IN ('approved', 'active', 'closed')")
_SETTLEMENTS = text("""
SELECT s.settlement_id, s.portfolio_id, p.name, s.version, s.outcome, s.quantity, s.cost, s.gross, s.amount, s.standing,
    s.settled_at, m.market_id, m.question, e.event_id::text AS event_id, f.result
FROM settlements s JOIN portfolios p USING (portfolio_id) JOIN markets m USING (market_no)
LEFT JOIN arena_events e USING (market_no)
LEFT JOIN market_settlements f ON f.market_no = s.market_no AND f.version = s.version
ORDER BY s.settlement_id DESC LIMIT :limit
""")
_STATE = text("""
SELECT (SELECT count(*) FROM circuit_breaker_events WHERE resolved_at IS NULL) AS breakers,
    (SELECT count(*) FROM system_health WHERE status <> 'healthy') AS ill,
    (SELECT count(*) FROM system_health WHERE component <> 'audit') AS services,
    last.status, last.started_at, last.finished_at
FROM (SELECT 1) one LEFT JOIN (
    SELECT status, started_at, finished_at FROM trading_cycles ORDER BY started_at DESC LIMIT 1) last ON true
""")
_CLOSED = text("""
SELECT count(*) AS closed, trim_scale(coalesce(sum(realized_pnl + unrealized_pnl), 0)) AS closed_pnl
FROM portfolios WHERE status = 'closed'
""")
_LEADING = text(f"""
(SELECT p.portfolio_id FROM portfolios p WHERE p.status <> 'closed' AND p.strategy_type <> 'baseline'
    ORDER BY {_NOW} DESC, p.portfolio_id LIMIT :limit)
UNION ALL
(SELECT p.portfolio_id FROM portfolios p WHERE p.status <> 'closed' AND p.strategy_type = 'baseline'
    ORDER BY {_NOW} DESC, p.portfolio_id LIMIT 1)
""")
_FIRST = text("SELECT min(created_at) FROM portfolios WHERE status <> 'closed'")


def curves(
    connection: Connection,
    until: datetime,
    step: timedelta,
    points: int,
    old: timedelta,
    portfolio_ids: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """Growth since the deposit in percent, of all portfolios or of some: `points` values each, none where no point is
    younger than `old`."""
    ids = None if portfolio_ids is None else list(portfolio_ids)
    values = {"until": until, "step": step, "points": points, "old": old, "ids": ids}
    return [dict(row) for row in connection.execute(_CURVES, values).mappings()]


def first_moment(connection: Connection) -> datetime | None:
    """When the oldest portfolio that takes part was made."""
    found: datetime | None = connection.execute(_FIRST).scalar()
    return found


def thinking(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Sessions in which a model writes now, with the end of what it has written."""
    values = {"limit": limit, "tail": TAIL, "pieces": PIECES}
    return [dict(row) for row in connection.execute(_THINKING, values).mappings()]


def events_with_stances(connection: Connection, today: date, limit: int) -> list[dict[str, Any]]:
    """Those that are open or wait for their result, and those that were settled today."""
    rows = connection.execute(_EVENTS, {"since": today, "limit": limit}).mappings()
    return [{**row, "stances": jiter.from_json(row["stances"].encode(), float_mode="decimal")} for row in rows]


def events_going_on(connection: Connection) -> int:
    return int(connection.execute(_EVENTS_COUNTED).scalar_one())


def newest_settlements(connection: Connection, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_SETTLEMENTS, {"limit": limit}).mappings()]


def state_of_operations(connection: Connection) -> dict[str, Any]:
    return dict(connection.execute(_STATE).mappings().one())


def closed_portfolios(connection: Connection) -> dict[str, Any]:
    """How many take part no more, and what they came to together."""
    return dict(connection.execute(_CLOSED).mappings().one())


def leading(connection: Connection, limit: int) -> list[int]:
    """Whose account has grown most, and the best null entrant beside them."""
    return list(connection.execute(_LEADING, {"limit": limit}).scalars())
