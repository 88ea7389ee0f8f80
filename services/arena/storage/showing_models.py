"""What the page of a model shows: its entry, its counts and its sessions."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_MODEL = text("""
SELECT a.model_id, a.external_id, a.name, a.kind, a.openrouter_model, a.base_url, a.color, a.sighted, a.twin_of,
    a.prompt_price, a.completion_price, a.enabled, a.disabled_reason, a.removed, a.simulated, a.checked_at,
    a.portfolio_id, a.created_at, p.status AS portfolio_status,
    (SELECT array_agg(t.external_id ORDER BY t.external_id) FROM ai_models t WHERE t.twin_of = a.external_id) AS twins
FROM ai_models a LEFT JOIN portfolios p USING (portfolio_id) WHERE a.model_id = :model_id
""")
_COUNTS = text("""
SELECT count(*) AS sessions, count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE final_position = 'ABSTAIN') AS abstained,
    sum(cost) AS cost, sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) AS latency_ms
FROM betting_sessions WHERE model_id = :model_id
""")
_FAILURES = text("""
SELECT failure, count(*) AS times, (array_agg(failure_detail ORDER BY session_id DESC))[1] AS last_detail
FROM betting_sessions WHERE model_id = :model_id AND status = 'failed'
GROUP BY failure ORDER BY 2 DESC, 1
""")
_SESSIONS = text("""
SELECT s.session_id, s.event_id, e.question, m.settled_at AS venue_settled_at,
    CASE WHEN m.status = 'final' THEN coalesce(m.outcome, e.outcome) ELSE e.outcome END AS outcome,
    s.status, s.failure, s.final_position, s.probability,
    s.confidence_score, (s.yes_bid + s.yes_ask) / 2 AS crowd, s.bet_amount, s.no_bet, s.cost, s.completed_at,
    s.created_at
FROM betting_sessions s JOIN arena_events e USING (event_id) JOIN markets m ON m.market_no = e.market_no
WHERE s.model_id = :model_id
ORDER BY s.created_at DESC, s.session_id DESC LIMIT :limit
""")


def model_shown(connection: Connection, model_id: UUID) -> dict[str, Any]:
    return dict(connection.execute(_MODEL, {"model_id": model_id}).mappings().one())


def counts_shown(connection: Connection, model_id: UUID) -> dict[str, Any]:
    counts = dict(connection.execute(_COUNTS, {"model_id": model_id}).mappings().one())
    return counts | {
        "failures": [dict(row) for row in connection.execute(_FAILURES, {"model_id": model_id}).mappings()]
    }


def sessions_of(connection: Connection, model_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    rows = connection.execute(_SESSIONS, {"model_id": model_id, "limit": limit}).mappings()
    return [dict(row) for row in rows]
