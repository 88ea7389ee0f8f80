"""What the arena's page shows beside the board: the events with each model's stance, and what was decided last."""

from typing import Any

from sqlalchemy import Connection, text

_EVENTS = text("""
SELECT e.event_id, e.question, e.title, e.category, e.status, e.current_price, e.close_time, e.outcome, m.market_id,
    coalesce((SELECT json_agg(json_build_object('session_id', s.session_id, 'name', a.name, 'status', s.status,
        'position', s.final_position, 'probability', s.probability::text, 'failure', s.failure) ORDER BY a.name)
        FROM betting_sessions s JOIN ai_models a USING (model_id) WHERE s.event_id = e.event_id), '[]') AS stances
FROM arena_events e JOIN markets m USING (market_no) WHERE e.status <> 'withdrawn'
ORDER BY e.created_at DESC, e.close_time LIMIT :limit
""")
_DECISIONS = text("""
SELECT s.session_id, a.name, a.avatar, e.question, s.status, s.final_position, s.probability, s.confidence_score,
    s.reasoning_summary, s.failure, s.failure_detail, s.bet_amount, s.no_bet, s.completed_at
FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
WHERE s.completed_at IS NOT NULL ORDER BY s.completed_at DESC LIMIT :limit
""")
_MODELS = text("""
SELECT a.name, a.external_id, a.openrouter_model, a.enabled, a.disabled_reason, a.simulated, a.portfolio_id, a.kind,
    (SELECT count(*) FROM betting_sessions s WHERE s.model_id = a.model_id) AS sessions,
    (SELECT count(*) FROM betting_sessions s WHERE s.model_id = a.model_id AND s.status = 'failed') AS failed,
    (SELECT coalesce(sum(coalesce(c.cost, c.reserved)), 0) FROM model_calls c WHERE c.model_id = a.model_id) AS cost
FROM ai_models a ORDER BY a.created_at, a.name
""")
_SIMULATED = text("SELECT simulated FROM platforms UNION ALL SELECT simulated FROM ai_models WHERE kind = 'model'")


def newest_events(connection: Connection, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_EVENTS, {"limit": limit}).mappings()]


def last_decisions(connection: Connection, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_DECISIONS, {"limit": limit}).mappings()]


def every_model(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_MODELS).mappings()]


def simulated(connection: Connection) -> list[bool | None]:
    return list(connection.execute(_SIMULATED).scalars())
