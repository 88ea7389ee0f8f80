"""Rows of `betting_sessions`: made once for a model and an event, claimed for a while, ended once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from services.arena.domain.briefs import Quote
from services.arena.domain.completions import Message, Usage
from services.arena.domain.decisions import Decision
from shared.database import fetch_all
from shared.json_bytes import encoded

_MISSING = text("""
SELECT e.event_id, e.market_no, a.model_id, a.portfolio_id FROM arena_events e
CROSS JOIN ai_models a JOIN portfolios p USING (portfolio_id)
WHERE e.status = 'active' AND e.close_time > :now AND a.enabled AND p.status = 'active'
    AND NOT EXISTS (SELECT FROM betting_sessions s WHERE s.event_id = e.event_id AND s.model_id = a.model_id)
ORDER BY e.close_time, a.external_id
""")
_CREATE = text("""
INSERT INTO betting_sessions
    (session_id, event_id, model_id, portfolio_id, market_no, status, created_at, updated_at)
VALUES (:session_id, :event_id, :model_id, :portfolio_id, :market_no, 'pending', :now, :now)
ON CONFLICT (event_id, model_id) DO NOTHING
""")
_FACTS = """
s.session_id, s.claimed_by AS claim, s.event_id, s.model_id, s.portfolio_id, s.market_no, s.answer, a.external_id,
a.name, a.kind, a.openrouter_model, a.base_url, a.api_key_variable, a.sighted, e.close_time
"""
# The ensemble speaks when all others have ended.
_CLAIM = text(f"""
WITH claimed AS (
    UPDATE betting_sessions SET status = 'running', claimed_by = gen_random_uuid()::text, lease_until = :lease_until,
        started_at = :now, updated_at = :now
    WHERE session_id IN (
        SELECT s.session_id FROM betting_sessions s JOIN ai_models a USING (model_id)
        JOIN arena_events e USING (event_id) JOIN portfolios p ON p.portfolio_id = s.portfolio_id
        WHERE s.status = 'pending' AND a.enabled AND p.status = 'active' AND e.status = 'active'
            AND (a.kind = 'model' OR NOT EXISTS (
            SELECT FROM betting_sessions o JOIN ai_models m USING (model_id)
            WHERE o.event_id = s.event_id AND m.kind = 'model' AND o.status IN ('pending', 'running')))
        ORDER BY e.close_time, s.created_at, s.session_id LIMIT :limit
        FOR UPDATE OF s SKIP LOCKED FOR SHARE OF e SKIP LOCKED
    ) RETURNING *
)
SELECT {_FACTS} FROM claimed s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
ORDER BY e.close_time, s.created_at
""")
_RENEW = text("""
UPDATE betting_sessions SET lease_until = :lease_until, updated_at = :now
WHERE status = 'running' AND claimed_by = ANY(:claims)
""")
# Before the request left nothing can have been charged, so somebody runs it again.
_GIVE_BACK = text("""
UPDATE betting_sessions SET status = 'pending', claimed_by = NULL, lease_until = NULL, updated_at = :now
WHERE status = 'running' AND lease_until < :now AND asked_at IS NULL AND NOT claimed_by = ANY(:own)
""")
_TAKE_LOST = text(f"""
WITH claimed AS (
    UPDATE betting_sessions SET claimed_by = gen_random_uuid()::text, lease_until = :lease_until, updated_at = :now
    WHERE session_id IN (SELECT session_id FROM betting_sessions
        WHERE status = 'running' AND lease_until < :now AND asked_at IS NOT NULL
            AND NOT claimed_by = ANY(:own) FOR UPDATE SKIP LOCKED)
    RETURNING *
)
SELECT {_FACTS} FROM claimed s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
""")
_MINE = "WHERE session_id = :session_id AND status = 'running' AND claimed_by = :claim"
_ASKED = text(f"""
UPDATE betting_sessions SET asked_at = :now, updated_at = :now, prompt_version = :prompt_version,
    prompt = CAST(:prompt AS jsonb), quoted_at = :quoted_at, yes_bid = :yes_bid, yes_ask = :yes_ask,
    crowd_probability = :crowd_probability, book = CAST(:book AS jsonb) {_MINE} AND asked_at IS NULL
""")
_UNASKED = text(f"""
UPDATE betting_sessions SET status = 'pending', asked_at = NULL, claimed_by = NULL, lease_until = NULL,
    updated_at = :now {_MINE}
""")
_ANSWERED = text(f"UPDATE betting_sessions SET answer = :answer, updated_at = :now {_MINE}")
_COMPLETE = text(f"""
UPDATE betting_sessions SET status = 'completed', final_position = :position, probability = :probability,
    confidence_score = :confidence, max_price = :max_price,
    against_own_probability = CASE :position WHEN 'YES' THEN :probability < yes_ask
        WHEN 'NO' THEN :probability > yes_bid ELSE false END, reasoning_summary = :reason,
    answer = :answer, prompt_tokens = :prompt_tokens,
    completion_tokens = :completion_tokens, cost = :cost, latency_ms = :latency_ms, first_token_ms = :first_token_ms,
    model_version = :model_version, simulated = :simulated, claimed_by = NULL, lease_until = NULL,
    completed_at = :now, updated_at = :now {_MINE} AND EXISTS (
        SELECT FROM arena_events e JOIN markets m USING (market_no) WHERE e.event_id = betting_sessions.event_id
            AND e.status = 'active' AND e.close_time > :now AND m.status = 'open')
""")
_FAIL = text(f"""
UPDATE betting_sessions SET status = 'failed', failure = :failure, failure_detail = :detail,
    answer = coalesce(:answer, answer), prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens,
    cost = :cost, latency_ms = :latency_ms, first_token_ms = :first_token_ms, model_version = :model_version,
    simulated = :simulated, claimed_by = NULL, lease_until = NULL, completed_at = :now, updated_at = :now {_MINE}
""")
_CLOSE_PENDING = text("""
UPDATE betting_sessions s SET status = 'failed', failure = 'event_closed',
    failure_detail = 'betting on the event ended before the session began', completed_at = :now, updated_at = :now
FROM arena_events e WHERE e.event_id = s.event_id AND s.status = 'pending'
    AND (e.close_time <= :now OR e.status IN ('closed', 'settled', 'withdrawn'))
""")


NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A session that this process runs. The claim is new each time, so that whoever lost it cannot write any more."""

    session_id: UUID
    claim: str
    event_id: UUID
    model_id: UUID
    portfolio_id: int
    market_no: int
    answer: str | None
    external_id: str
    name: str
    kind: str
    openrouter_model: str
    base_url: str | None
    api_key_variable: str | None
    sighted: bool
    close_time: datetime


@dataclass(frozen=True, slots=True)
class Cost:
    """What a session used in all its calls, and how the answer came."""

    usage: Usage = NOTHING_USED
    latency_ms: int | None = None
    first_token_ms: int | None = None
    model_version: str | None = None
    simulated: bool | None = None


def create_missing(connection: Connection, now: datetime) -> int:
    """One for every model that may bet and every event that is open to bets."""
    rows = connection.execute(_MISSING, {"now": now}).mappings().all()
    if rows:
        connection.execute(_CREATE, [{**row, "session_id": uuid4(), "now": now} for row in rows])
    return len(rows)


def claim(connection: Connection, limit: int, lease_until: datetime, now: datetime) -> list[Claimed]:
    return fetch_all(connection, Claimed, _CLAIM, limit=limit, lease_until=lease_until, now=now)


def renew(connection: Connection, claims: Sequence[str], lease_until: datetime, now: datetime) -> None:
    connection.execute(_RENEW, {"claims": list(claims), "lease_until": lease_until, "now": now})


def take_lost(connection: Connection, own: Sequence[str], lease_until: datetime, now: datetime) -> list[Claimed]:
    """Sessions whose process is gone, and none of our `own` claims: those not asked yet are given back, the others are
    ours to end."""
    connection.execute(_GIVE_BACK, {"now": now, "own": list(own)})
    return fetch_all(connection, Claimed, _TAKE_LOST, own=list(own), lease_until=lease_until, now=now)


def mark_asked(
    connection: Connection,
    session_id: UUID,
    claim: str,
    prompt_version: str | None,
    prompt: Sequence[Message] | None,
    quote: Quote,
    now: datetime,
) -> bool:
    """Whether the session is still ours and was not asked before; if not, the request must not leave."""
    said = None if prompt is None else [{"role": each.role, "content": each.content} for each in prompt]
    values = {
        "session_id": session_id,
        "claim": claim,
        "prompt_version": prompt_version,
        "prompt": None if said is None else encoded(said).decode(),
        "quoted_at": quote.quoted_at,
        "yes_bid": quote.yes_bid,
        "yes_ask": quote.yes_ask,
        "crowd_probability": quote.mid,
        "book": encoded({"bids": quote.bids, "asks": quote.asks}).decode(),
        "now": now,
    }
    return connection.execute(_ASKED, values).rowcount == 1


def store_answer(connection: Connection, session_id: UUID, claim: str, answer: str, now: datetime) -> None:
    """Before anything is asked again, so that what was paid for is never lost."""
    values = {"session_id": session_id, "claim": claim, "answer": answer, "now": now}
    connection.execute(_ANSWERED, values)


def give_back(connection: Connection, session_id: UUID, claim: str, now: datetime) -> None:
    """A session of which nothing was charged, for the next process."""
    connection.execute(_UNASKED, {"session_id": session_id, "claim": claim, "now": now})


def complete(
    connection: Connection,
    session_id: UUID,
    claim: str,
    decision: Decision,
    answer: str | None,
    cost: Cost,
    now: datetime,
) -> bool:
    """False where it was taken away, or where the event is not open to bets any more."""
    values: Mapping[str, Any] = {
        "session_id": session_id,
        "claim": claim,
        "position": decision.position,
        "probability": decision.probability,
        "confidence": decision.confidence,
        "max_price": decision.max_price,
        "reason": decision.reason,
        "answer": answer,
        **_spent(cost),
        "now": now,
    }
    return connection.execute(_COMPLETE, values).rowcount == 1


def fail(
    connection: Connection,
    session_id: UUID,
    claim: str,
    failure: str,
    detail: str,
    answer: str | None,
    cost: Cost,
    now: datetime,
) -> bool:
    values = {
        "session_id": session_id,
        "claim": claim,
        "failure": failure,
        "detail": detail[:1_000],
        "answer": answer,
        **_spent(cost),
        "now": now,
    }
    return connection.execute(_FAIL, values).rowcount == 1


def _spent(cost: Cost) -> dict[str, Any]:
    return {
        "prompt_tokens": cost.usage.prompt_tokens,
        "completion_tokens": cost.usage.completion_tokens,
        "cost": cost.usage.cost,
        "latency_ms": cost.latency_ms,
        "first_token_ms": cost.first_token_ms,
        "model_version": cost.model_version,
        "simulated": cost.simulated,
    }


def close_pending(connection: Connection, now: datetime) -> int:
    return connection.execute(_CLOSE_PENDING, {"now": now}).rowcount


def cost_of(connection: Connection, session_id: UUID) -> Usage:
    """Of all its calls together; one that was never answered may have been charged all that was reserved for it. Tokens
    are none where the provider counted none: `least` would take the bound for them."""
    query = text("""
        SELECT sum(coalesce(cost, reserved)) AS cost,
            CASE WHEN count(prompt_tokens) > 0 THEN least(sum(prompt_tokens), 2147483647) END::integer
                AS prompt_tokens,
            CASE WHEN count(completion_tokens) > 0 THEN least(sum(completion_tokens), 2147483647) END::integer
                AS completion_tokens
        FROM model_calls WHERE session_id = :session_id
    """)
    row = connection.execute(query, {"session_id": session_id}).one()
    return Usage(row.prompt_tokens, row.completion_tokens, Decimal(row.cost or 0))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model was asked, as it is stored."""

    prompt: Sequence[Mapping[str, Any]] | None
    prompt_version: str | None
    yes_bid: Decimal | None
    yes_ask: Decimal | None
    quoted_at: datetime | None
    book: str | None


def asked_of(connection: Connection, session_id: UUID) -> Asked:
    query = text("""
        SELECT prompt, prompt_version, yes_bid, yes_ask, quoted_at, book::text AS book FROM betting_sessions
        WHERE session_id = :session_id
    """)
    return fetch_all(connection, Asked, query, session_id=session_id)[0]
