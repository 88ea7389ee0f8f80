"""What the page of a session shows: everything that was asked, said, charged, decided, sealed and bought."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.arena.storage.reading_bets import bets_where

_SESSION = text("""
SELECT s.session_id, s.event_id, s.portfolio_id, a.name, a.external_id, a.color, a.kind, a.sighted, a.twin_of,
    e.question, e.status AS event_status, e.close_time, e.settlement_time,
    CASE WHEN m.status = 'final' THEN coalesce(m.outcome, e.outcome) ELSE e.outcome END AS outcome,
    m.settled_at AS venue_settled_at, m.market_id, s.status, s.failure,
    s.failure_detail,
    s.prompt_version, s.prompt, s.answer, s.final_position, s.probability, s.confidence_score, s.max_price,
    s.against_own_probability, s.reasoning_summary, s.bet_amount, s.no_bet, s.signal_id, s.yes_bid, s.yes_ask,
    s.quoted_at, s.prompt_tokens, s.completion_tokens, s.cost, s.latency_ms, s.first_token_ms, s.model_version,
    s.simulated, s.asked_at, s.started_at, s.completed_at, f.seal_no, f.hash, f.previous_hash, f.document, f.sealed_at,
    d.outcome AS decision, d.detail AS decision_detail, d.decided_at
FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
JOIN markets m ON m.market_no = s.market_no LEFT JOIN sealed_forecasts f USING (session_id)
LEFT JOIN decisions d ON d.signal_id = s.signal_id WHERE s.session_id = :session_id
""")
# Pieces of reasoning that follow each other are one message, as old as its last piece.
_MESSAGES = text("""
SELECT message_type, string_agg(content, '' ORDER BY sequence_number) AS content, max(action_amount) AS action_amount,
    max(action_shares) AS action_shares, max(action_price) AS action_price, min(created_at) AS began_at,
    max(created_at) AS created_at
FROM (
    SELECT sequence_number, message_type, content, action_amount, action_shares, action_price, created_at,
        sum((message_type <> 'reasoning')::integer) OVER (ORDER BY sequence_number) AS run
    FROM session_messages WHERE session_id = :session_id
) pieces
GROUP BY run, message_type, CASE WHEN message_type <> 'reasoning' THEN sequence_number END
ORDER BY max(sequence_number)
""")
_CALLS = text("""
SELECT purpose, provider_model, status, reserved, cost, cost_source, prompt_tokens, completion_tokens, latency_ms,
    http_status, failure, started_at
FROM model_calls WHERE session_id = :session_id ORDER BY started_at
""")
_BETS = text(f"""
SELECT bet_id, position, amount, price, shares, fee, execution_cost, pnl, settled, ended, created_at
FROM ({bets_where("s.session_id = :session_id")}) bet ORDER BY bet_id
""")


def session_shown(connection: Connection, session_id: UUID) -> dict[str, Any] | None:
    values = {"session_id": session_id}
    row = connection.execute(_SESSION, values).mappings().first()
    if row is None:
        return None
    return dict(row) | {
        "messages": [dict(each) for each in connection.execute(_MESSAGES, values).mappings()],
        "calls": [dict(each) for each in connection.execute(_CALLS, values).mappings()],
        "bets": [dict(each) for each in connection.execute(_BETS, values).mappings()],
    }
