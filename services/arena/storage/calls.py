"""Rows of `model_calls`: what was reserved before a request left, and what it was charged in the end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from services.arena.domain.budgets import Budgets, CostSource, Spent
from services.arena.domain.completions import CallFailure, Completion
from shared.database import Database

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('coliseum.model_calls'))")
_SPENT = text("""
SELECT coalesce(sum(coalesce(cost, reserved)) FILTER (WHERE session_id = :session_id), 0) AS session,
    coalesce(sum(coalesce(cost, reserved)) FILTER (WHERE model_id = :model_id AND started_at >= :midnight), 0)
        AS model_today,
    coalesce(sum(coalesce(cost, reserved)) FILTER (WHERE started_at >= :midnight), 0) AS today
FROM model_calls WHERE started_at >= :since
""")
_RESERVE = text("""
INSERT INTO model_calls (call_id, purpose, model_id, session_id, event_id, provider_model, status, reserved, started_at)
VALUES (:call_id, :purpose, :model_id, :session_id, :event_id, :provider_model, 'reserved', :reserved, :now)
""")
_CHARGE = text("""
UPDATE model_calls SET status = :status, cost = :cost, cost_source = :cost_source, prompt_tokens = :prompt_tokens,
    completion_tokens = :completion_tokens, latency_ms = :latency_ms, http_status = :http_status, failure = :failure,
    finished_at = :now
WHERE call_id = :call_id AND status = 'reserved'
""")
# What a process that died has asked for may have been charged in full.
_ABANDONED = text("""
UPDATE model_calls SET status = 'failed', cost = reserved, cost_source = 'estimate', failure = 'interrupted',
    finished_at = :now
WHERE status = 'reserved' AND started_at < :before
""")
SESSION_DAYS = timedelta(days=2)  # a session is over long before


@dataclass(frozen=True, slots=True)
class NewCall:
    call_id: UUID
    purpose: str
    model_id: UUID | None
    session_id: UUID | None
    event_id: UUID | None
    provider_model: str
    reserved: Decimal


def reserve(database: Database, call: NewCall, budgets: Budgets, now: datetime) -> str | None:
    """Writes the reservation, or says why there is none. One at a time, so that two calls never share one dollar."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with database.transaction() as connection:
        connection.execute(_LOCK)
        row = connection.execute(
            _SPENT,
            {
                "session_id": call.session_id,
                "model_id": call.model_id,
                "midnight": midnight,
                "since": min(midnight, now - SESSION_DAYS) if call.session_id else midnight,
            },
        ).one()
        spent = Spent(row.session, row.model_today, row.today)
        refusal = budgets.refusal(
            spent, call.reserved, of_session=call.session_id is not None, of_model=call.model_id is not None
        )
        if refusal is None:
            connection.execute(
                _RESERVE,
                {
                    "call_id": call.call_id,
                    "purpose": call.purpose,
                    "model_id": call.model_id,
                    "session_id": call.session_id,
                    "event_id": call.event_id,
                    "provider_model": call.provider_model,
                    "reserved": call.reserved,
                    "now": now,
                },
            )
        return refusal


def charge(
    connection: Connection,
    call_id: UUID,
    answer: Completion | CallFailure,
    cost: Decimal,
    source: CostSource,
    now: datetime,
) -> None:
    failed = isinstance(answer, CallFailure)
    connection.execute(
        _CHARGE,
        {
            "call_id": call_id,
            "status": "failed" if failed else "done",
            "cost": cost,
            "cost_source": source,
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
            "latency_ms": answer.latency_ms,
            "http_status": answer.http_status if isinstance(answer, CallFailure) else 200,
            "failure": answer.code if isinstance(answer, CallFailure) else None,
            "now": now,
        },
    )


def close_abandoned(connection: Connection, before: datetime, now: datetime) -> int:
    """Reservations of requests that nobody waits for any more count as spent."""
    return connection.execute(_ABANDONED, {"before": before, "now": now}).rowcount
