"""Rows of `settlement_notes`, and what a settlement is looked at with."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from shared.database import fetch_all

# What was paid by, where somebody held it; else what the venue says of the market.
_SETTLED = text("""
SELECT e.market_no, coalesce(p.result, m.outcome) AS outcome, coalesce(p.version, 1) AS version,
    CASE WHEN p.version IS NULL THEN m.payout_yes ELSE p.payout_yes END AS payout_yes,
    concat_ws(E'\\n', p.source, coalesce(p.evidence, m.resolution_evidence)::text,
        'The venue settled it at ' || coalesce(p.venue_settled_at, m.settled_at)::text) AS evidence,
    (SELECT s.summary_text FROM event_summaries s WHERE s.event_id = e.event_id) AS summary
FROM arena_events e JOIN markets m USING (market_no)
LEFT JOIN LATERAL (SELECT version, result, payout_yes, source, evidence, venue_settled_at FROM market_settlements p
    WHERE p.market_no = e.market_no ORDER BY p.version DESC LIMIT 1) p ON true
WHERE e.event_id = :event_id AND e.status = 'settled' AND (p.version IS NOT NULL
        OR m.status = 'final' AND m.outcome IS NOT NULL)
    AND NOT EXISTS (SELECT FROM settlement_notes n
        WHERE n.event_id = e.event_id AND n.version >= coalesce(p.version, 1))
""")
_STORE = text("""
INSERT INTO settlement_notes (event_id, version, outcome, validated, validation_notes, agent_model, alarm, created_at)
VALUES (:event_id, :version, :outcome, :validated, :validation_notes, :agent_model, :alarm, :now)
ON CONFLICT (event_id, version) DO NOTHING
""")


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement that nobody has looked at yet."""

    market_no: int
    outcome: str
    version: int
    payout_yes: Decimal | None
    evidence: str
    summary: str | None


@dataclass(frozen=True, slots=True)
class Note:
    validated: bool | None
    validation_notes: str
    agent_model: str | None

    @property
    def alarm(self) -> bool:
        return self.validated is False


def unlooked(connection: Connection, event_id: UUID) -> Settled | None:
    rows = fetch_all(connection, Settled, _SETTLED, event_id=event_id)
    return rows[0] if rows else None


def store_note(connection: Connection, event_id: UUID, settled: Settled, note: Note, now: datetime) -> bool:
    """Whether it is the first note on this version."""
    values = {
        "event_id": event_id,
        "version": settled.version,
        "outcome": settled.outcome,
        "validated": note.validated,
        "validation_notes": note.validation_notes,
        "agent_model": note.agent_model,
        "alarm": note.alarm,
        "now": now,
    }
    return connection.execute(_STORE, values).rowcount == 1
