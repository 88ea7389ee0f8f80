"""What readers see of a session: its decision, its cost, its bet, its seal, and every word of it."""

from uuid import UUID

from sqlalchemy import Connection

from services.arena.storage.reading import Page, json_of, moment_after, number_after, page_of
from services.arena.storage.reading_bets import bets_where

_SHAPE = """
s.session_id AS id, s.session_id, s.event_id, s.model_id, a.external_id AS model, a.name AS model_name,
s.portfolio_id, m.market_id, s.status, s.final_position, trim_scale(s.bet_amount) AS bet_amount,
trim_scale(s.probability) AS probability, trim_scale(s.confidence_score) AS confidence_score,
trim_scale(s.max_price) AS max_price, s.against_own_probability, s.reasoning_summary, s.no_bet, s.failure,
s.failure_detail, s.quoted_at, trim_scale(s.yes_bid) AS yes_bid, trim_scale(s.yes_ask) AS yes_ask,
trim_scale(s.crowd_probability) AS crowd_probability, s.signal_id, s.prompt_tokens, s.completion_tokens,
trim_scale(s.cost) AS cost, s.latency_ms, s.first_token_ms, s.model_version, s.simulated, f.seal_no,
f.hash AS seal_hash,
s.started_at, s.completed_at, s.created_at, s.updated_at
"""
_FROM = """
betting_sessions s JOIN ai_models a USING (model_id) JOIN markets m USING (market_no)
LEFT JOIN sealed_forecasts f USING (session_id)
"""
_SEAL = """
CASE WHEN f.seal_no IS NOT NULL THEN json_build_object('seal_no', f.seal_no, 'hash', f.hash,
    'previous_hash', f.previous_hash, 'sealed_at', f.sealed_at) END
"""
_DECISION = """
(SELECT json_build_object('decision_id', d.decision_id, 'outcome', d.outcome, 'detail', d.detail,
    'decided_at', d.decided_at) FROM decisions d WHERE d.signal_id = s.signal_id)
"""
_TRADES = """
(SELECT coalesce(json_agg(json_build_object('trade_id', t.trade_id, 'decision_id', t.decision_id,
    'portfolio_id', t.portfolio_id, 'market_id', m.market_id, 'action', t.action, 'quantity', trim_scale(t.quantity),
    'price', trim_scale(t.price), 'cost', trim_scale(t.cost), 'fee', trim_scale(t.fee), 'levels', t.levels,
    'mid_price', trim_scale(t.mid_price), 'execution_cost', trim_scale(t.execution_cost),
    'fee_schedule', t.fee_schedule, 'book', t.book, 'executed_at', t.executed_at) ORDER BY t.trade_id), '[]')
    FROM decisions d JOIN trades t ON t.portfolio_id = s.portfolio_id AND t.market_no = s.market_no
        AND t.decision_id = d.decision_id WHERE d.signal_id = s.signal_id)
"""
_CALLS = """
(SELECT coalesce(json_agg(json_build_object('purpose', c.purpose, 'provider_model', c.provider_model,
    'status', c.status, 'reserved', trim_scale(c.reserved), 'cost', trim_scale(c.cost), 'cost_source', c.cost_source,
    'prompt_tokens', c.prompt_tokens, 'completion_tokens', c.completion_tokens, 'latency_ms', c.latency_ms,
    'http_status', c.http_status, 'failure', c.failure, 'started_at', c.started_at, 'finished_at', c.finished_at)
    ORDER BY c.started_at), '[]') FROM model_calls c WHERE c.session_id = s.session_id)
"""
_MESSAGE = """
md5(g.session_id::text || ':' || g.sequence_number)::uuid AS id, g.session_id, g.message_type, g.content,
g.action_type, trim_scale(g.action_amount) AS action_amount, trim_scale(g.action_shares) AS action_shares,
trim_scale(g.action_price) AS action_price, g.sequence_number, g.created_at
"""
# A run of reasoning ends where something else is said; `sequence_number` is that of its last piece, so that a reader
# goes on from there.
_JOINED = """
SELECT session_id, message_type, string_agg(content, '' ORDER BY sequence_number) AS content,
    max(action_type) AS action_type, max(action_amount) AS action_amount, max(action_shares) AS action_shares,
    max(action_price) AS action_price, max(sequence_number) AS sequence_number, max(created_at) AS created_at
FROM (
    SELECT *, sum((message_type <> 'reasoning')::integer) OVER (ORDER BY sequence_number) AS run
    FROM session_messages WHERE session_id = :session_id AND sequence_number > :after
) pieces
GROUP BY session_id, run, message_type, CASE WHEN message_type <> 'reasoning' THEN sequence_number END
"""


def event_sessions_page(connection: Connection, event_id: UUID, cursor: str | None, limit: int) -> Page:
    """Newest first."""
    values: dict[str, object] = {"event_id": event_id}
    after = ""
    if cursor is not None:
        values["created_at"], values["session_id"] = moment_after(cursor, "sessions")
        after = "AND (s.created_at, s.session_id) < (:created_at, :session_id)"
    query = f"""
        SELECT to_json(shape)::text AS body, s.created_at::text AS key_1, s.session_id::text AS key_2
        FROM {_FROM} CROSS JOIN LATERAL (SELECT {_SHAPE}) shape WHERE s.event_id = :event_id {after}
        ORDER BY s.created_at DESC, s.session_id DESC LIMIT :limit + 1
    """
    return page_of(connection, "sessions", query, values, limit)


def session_json(connection: Connection, session_id: UUID, *, prompt: bool) -> bytes | None:
    """Everything that is stored of a session; the prompt, which is long, where it is asked for."""
    query = f"""
        SELECT to_json(shape)::text FROM (
            SELECT {_SHAPE}, (SELECT string_agg(g.content, '' ORDER BY g.sequence_number) FROM session_messages g
                    WHERE g.session_id = s.session_id AND g.message_type = 'reasoning') AS reasoning,
                (SELECT count(*) FROM session_messages g WHERE g.session_id = s.session_id) AS messages,
                s.answer, s.prompt_version, {"s.prompt," if prompt else ""} s.book, s.asked_at, s.claimed_by,
                s.lease_until, s.generation_id, {_CALLS} AS calls, {_DECISION} AS decision, {_SEAL} AS seal,
                (SELECT to_json(bet) FROM ({bets_where("s.session_id = :session_id")}) bet
                    ORDER BY bet.bet_id LIMIT 1) AS bet, {_TRADES} AS trades
            FROM {_FROM} WHERE s.session_id = :session_id) shape
    """
    return json_of(connection, query, session_id=session_id)


def session_exists(connection: Connection, session_id: UUID) -> bool:
    query = "SELECT 'yes' FROM betting_sessions WHERE session_id = :session_id"
    return json_of(connection, query, session_id=session_id) is not None


def messages_page(
    connection: Connection, session_id: UUID, after: int, cursor: str | None, limit: int, *, joined: bool
) -> Page:
    """In the order in which they were said, after a sequence number."""
    if cursor is not None:
        after = max(after, number_after(cursor, "messages"))
    pieces = _JOINED if joined else "SELECT * FROM session_messages WHERE session_id = :session_id"
    query = f"""
        SELECT to_json(shape)::text AS body, g.sequence_number AS key_1
        FROM ({pieces}) g CROSS JOIN LATERAL (SELECT {_MESSAGE}) shape
        WHERE g.sequence_number > :after ORDER BY g.sequence_number LIMIT :limit + 1
    """
    return page_of(connection, "messages", query, {"session_id": session_id, "after": after}, limit)
