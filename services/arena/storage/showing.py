"""What the arena's first page shows beside the board: events with each model's stance, decisions, models and money."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

_EVENTS = text("""
SELECT e.event_id, e.question, e.category, e.status, e.current_price, e.close_time, e.outcome, m.market_id, m.platform,
    coalesce((SELECT json_agg(json_build_object('session_id', s.session_id, 'name', a.name, 'status', s.status,
        'position', s.final_position, 'probability', s.probability::text, 'failure', s.failure,
        'portfolio_id', s.portfolio_id, 'color', a.color) ORDER BY s.probability, a.name)
        FROM betting_sessions s JOIN ai_models a USING (model_id) WHERE s.event_id = e.event_id), '[]') AS stances
FROM arena_events e JOIN markets m USING (market_no) WHERE e.status <> 'withdrawn'
ORDER BY e.created_at DESC, e.close_time LIMIT :limit
""")
_DECISIONS = text("""
SELECT s.session_id, s.event_id, s.portfolio_id, a.name, a.color, a.kind, e.question, m.platform, s.status,
    s.final_position, s.probability, s.confidence_score, s.reasoning_summary, s.failure, s.failure_detail, s.bet_amount,
    s.no_bet, s.completed_at
FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
JOIN markets m ON m.market_no = s.market_no
WHERE s.completed_at IS NOT NULL ORDER BY s.completed_at DESC LIMIT :limit
""")
_MODELS = text("""
SELECT a.name, a.external_id, a.openrouter_model, a.enabled, a.disabled_reason, a.simulated, a.portfolio_id, a.kind,
    a.sighted, a.twin_of, a.color, a.removed
FROM ai_models a ORDER BY a.removed, a.kind = 'ensemble', a.created_at, a.name
""")
_SPENT = text("SELECT coalesce(sum(coalesce(cost, reserved)), 0) FROM model_calls WHERE started_at >= :midnight")
_RUNNING = text("SELECT count(*) FROM betting_sessions WHERE status = 'running'")


def newest_events(connection: Connection, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_EVENTS, {"limit": limit}).mappings()]


def last_decisions(connection: Connection, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_DECISIONS, {"limit": limit}).mappings()]


def every_model(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_MODELS).mappings()]


def spent_today(connection: Connection, now: datetime) -> Decimal:
    """Dollars of this UTC day, with what is reserved by calls under way."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Decimal(connection.execute(_SPENT, {"midnight": midnight}).scalar_one())


def on_air(connection: Connection) -> int:
    return int(connection.execute(_RUNNING).scalar_one())
