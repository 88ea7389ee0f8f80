"""Rows of `arena_events` and `event_selections`: candidates, choices, and the way of an event to its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from services.arena.domain.selecting import Candidate
from shared.database import fetch_all
from shared.json_bytes import encoded

CANDIDATES_MAX = 1_000

_FACTS = """
m.market_no, m.market_id, m.platform, m.event_id AS venue_event_id, coalesce(v.title, m.question) AS title,
m.question, v.category, coalesce(m.yes_bid, 0) AS yes_bid, coalesce(m.yes_ask, 1) AS yes_ask, m.liquidity,
m.volume_24h, m.closes_at
"""
_CANDIDATES = text(f"""
SELECT {_FACTS} FROM markets m LEFT JOIN events v ON v.event_id = m.event_id
WHERE m.status = 'open' AND NOT m.placeholder AND m.closes_at > :from_ AND m.closes_at <= :until
    AND m.yes_bid IS NOT NULL AND m.yes_ask IS NOT NULL AND m.accepting_orders IS NOT FALSE
    AND NOT EXISTS (SELECT FROM arena_events e WHERE e.market_no = m.market_no)
ORDER BY m.volume_24h DESC NULLS LAST, m.market_no LIMIT {CANDIDATES_MAX}
""")
_NAMED = text(f"""
SELECT {_FACTS}, m.status, m.closes_at IS NOT NULL AS dated,
    (SELECT e.event_id FROM arena_events e WHERE e.market_no = m.market_no) AS already
FROM markets m LEFT JOIN events v ON v.event_id = m.event_id WHERE m.market_id = :market_id
""")
_SELECT_ONCE = text("""
INSERT INTO event_selections (slot_at, selected_at, candidates, chosen) VALUES (:slot_at, :now, :candidates, :chosen)
ON CONFLICT (slot_at) DO NOTHING
""")
_ADD = text("""
INSERT INTO arena_events (event_id, market_no, status, origin, selection_date, title, question, category, chosen_for,
    current_price, priced_at, close_time, approved_at, created_at, updated_at)
VALUES (:event_id, :market_no, :status, :origin, :selection_date, :title, :question, :category,
    CAST(:chosen_for AS jsonb), :current_price, :now, :close_time, :approved_at, :now, :now)
ON CONFLICT (market_no) DO NOTHING
""")
_ROW = """
e.event_id, e.market_no, m.market_id, e.status, e.title, e.question, e.close_time, e.current_price, e.outcome
"""


@dataclass(frozen=True, slots=True)
class Event:
    event_id: UUID
    market_no: int
    market_id: str
    status: str
    title: str
    question: str
    close_time: datetime
    current_price: Decimal | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """A market that somebody asks for by its id."""

    candidate: Candidate
    status: str
    already: UUID | None  # the event that it is already


def candidates(connection: Connection, from_: datetime, until: datetime) -> list[Candidate]:
    """Quoted on both sides, closing in that time, and not met before; the most traded ones."""
    return fetch_all(connection, Candidate, _CANDIDATES, from_=from_, until=until)


def named_market(connection: Connection, market_id: str) -> Named | None:
    row = connection.execute(_NAMED, {"market_id": market_id}).mappings().first()
    if row is None or not row["dated"]:
        return None
    facts = {name: row[name] for name in Candidate.__dataclass_fields__}
    return Named(Candidate(**facts), row["status"], row["already"])


def open_candidates(connection: Connection) -> list[Candidate]:
    """The markets of events that are not over, as if they stood for choice: new ones should be of other kinds."""
    query = text(f"""
        SELECT {_FACTS} FROM markets m LEFT JOIN events v ON v.event_id = m.event_id
        JOIN arena_events e USING (market_no)
        WHERE e.status IN ('pending', 'approved', 'active', 'closed') AND m.closes_at IS NOT NULL
    """)
    return [Candidate(**row) for row in connection.execute(query).mappings()]


def is_selected(connection: Connection, slot_at: datetime) -> bool:
    query = text("SELECT EXISTS (SELECT FROM event_selections WHERE slot_at = :slot_at)")
    return bool(connection.execute(query, {"slot_at": slot_at}).scalar_one())


def note_selection(connection: Connection, slot_at: datetime, seen: int, chosen: int, now: datetime) -> bool:
    """False where somebody else has selected for this period."""
    values = {"slot_at": slot_at, "candidates": seen, "chosen": chosen, "now": now}
    return connection.execute(_SELECT_ONCE, values).rowcount == 1


def add_events(
    connection: Connection, picked: Sequence[Candidate], origin: str, *, approved: bool, now: datetime
) -> list[UUID]:
    """Their ids; a market that has become an event in the meantime is left out."""
    added: list[UUID] = []
    for candidate in picked:
        values: Mapping[str, Any] = {
            "event_id": uuid4(),
            "market_no": candidate.market_no,
            "status": "approved" if approved else "pending",
            "origin": origin,
            "selection_date": now.date(),
            "title": candidate.title,
            "question": candidate.question,
            "category": candidate.category,
            "chosen_for": encoded(candidate.reasons()).decode(),
            "current_price": candidate.mid,
            "close_time": candidate.closes_at,
            "approved_at": now if approved else None,
            "now": now,
        }
        if connection.execute(_ADD, values).rowcount:
            added.append(values["event_id"])
    return added


def events_of(connection: Connection, event_ids: Sequence[UUID]) -> list[Event]:
    query = text(f"""
        SELECT {_ROW} FROM arena_events e JOIN markets m USING (market_no) WHERE e.event_id = ANY(:event_ids)
        ORDER BY e.created_at, e.event_id
    """)
    return fetch_all(connection, Event, query, event_ids=list(event_ids))


def events_in(connection: Connection, *statuses: str) -> list[Event]:
    query = text(f"""
        SELECT {_ROW} FROM arena_events e JOIN markets m USING (market_no) WHERE e.status = ANY(:statuses)
        ORDER BY e.close_time, e.event_id
    """)
    return fetch_all(connection, Event, query, statuses=list(statuses))


def approve(connection: Connection, event_ids: Sequence[UUID] | None, now: datetime) -> list[UUID]:
    """These, or all that are pending; answers those that were."""
    query = text("""
        UPDATE arena_events SET status = 'approved', approved_at = :now, updated_at = :now
        WHERE status = 'pending' AND (CAST(:event_ids AS uuid[]) IS NULL OR event_id = ANY(:event_ids))
        RETURNING event_id
    """)
    values = {"event_ids": None if event_ids is None else list(event_ids), "now": now}
    return list(connection.execute(query, values).scalars())


def without_summary(connection: Connection, now: datetime) -> list[UUID]:
    """Events that wait for their summary: pending ones too, so that whoever approves them can read it."""
    query = text("""
        SELECT event_id FROM arena_events e WHERE status IN ('pending', 'approved') AND close_time > :now
            AND NOT EXISTS (SELECT FROM event_summaries s WHERE s.event_id = e.event_id)
        ORDER BY close_time
    """)
    return list(connection.execute(query, {"now": now}).scalars())


def activate_ready(connection: Connection, now: datetime) -> list[Event]:
    query = text(f"""
        WITH ready AS (
            UPDATE arena_events e SET status = 'active', activated_at = :now, updated_at = :now
            WHERE status = 'approved' AND close_time > :now
                AND EXISTS (SELECT FROM event_summaries s WHERE s.event_id = e.event_id)
            RETURNING *
        )
        SELECT {_ROW} FROM ready e JOIN markets m USING (market_no) ORDER BY e.close_time
    """)
    return fetch_all(connection, Event, query, now=now)


def close_due(connection: Connection, now: datetime) -> list[Event]:
    """Betting ends at the close time, or when the venue closes the market before it."""
    query = text(f"""
        WITH due AS (
            UPDATE arena_events e SET status = CASE WHEN e.status = 'active' THEN 'closed' ELSE 'withdrawn' END,
                closed_at = :now, updated_at = :now,
                note = CASE WHEN e.status = 'active' THEN e.note ELSE 'it closed before it was opened to the models' END
            FROM markets m WHERE m.market_no = e.market_no AND e.status IN ('pending', 'approved', 'active')
                AND (e.close_time <= :now OR m.status <> 'open')
            RETURNING e.*
        )
        SELECT {_ROW} FROM due e JOIN markets m USING (market_no) ORDER BY e.close_time
    """)
    return fetch_all(connection, Event, query, now=now)


def settle_final(connection: Connection, now: datetime) -> list[Event]:
    """Closed events whose market is final: by the venue's own word, as the markets service has it."""
    query = text(f"""
        WITH final AS (
            UPDATE arena_events e SET status = 'settled', outcome = m.outcome, updated_at = :now,
                settlement_time = coalesce(m.settled_at, :now)
            FROM markets m WHERE m.market_no = e.market_no AND e.status = 'closed' AND m.status = 'final'
                AND m.outcome IS NOT NULL
            RETURNING e.*
        )
        SELECT {_ROW} FROM final e JOIN markets m USING (market_no) ORDER BY e.close_time
    """)
    return fetch_all(connection, Event, query, now=now)


def correct_settled(connection: Connection, now: datetime) -> list[Event]:
    """Settled events whose venue has changed its word."""
    query = text(f"""
        WITH corrected AS (
            UPDATE arena_events e SET outcome = m.outcome, updated_at = :now,
                settlement_time = coalesce(m.settled_at, :now), note = 'the venue has corrected its result'
            FROM markets m WHERE m.market_no = e.market_no AND e.status = 'settled' AND m.status = 'final'
                AND m.outcome IS NOT NULL AND m.outcome <> e.outcome
            RETURNING e.*
        )
        SELECT {_ROW} FROM corrected e JOIN markets m USING (market_no)
    """)
    return fetch_all(connection, Event, query, now=now)


def withdraw(connection: Connection, event_id: UUID, note: str, now: datetime) -> bool:
    """Only while no model has begun on it; sessions that wait for it go with it."""
    query = text("""
        UPDATE arena_events e SET status = 'withdrawn', note = :note, closed_at = :now, updated_at = :now
        WHERE event_id = :event_id AND status IN ('pending', 'approved', 'active') AND NOT EXISTS (
            SELECT FROM betting_sessions s WHERE s.event_id = e.event_id AND s.status <> 'pending')
    """)
    if connection.execute(query, {"event_id": event_id, "note": note, "now": now}).rowcount == 0:
        return False
    connection.execute(text("DELETE FROM betting_sessions WHERE event_id = :event_id"), {"event_id": event_id})
    return True


def write_prices(connection: Connection, prices: Sequence[tuple[UUID, Decimal]], now: datetime) -> None:
    query = text("""
        UPDATE arena_events e SET current_price = n.price, priced_at = :now, updated_at = :now
        FROM unnest(CAST(:event_ids AS uuid[]), CAST(:prices AS numeric[])) n (event_id, price)
        WHERE e.event_id = n.event_id
    """)
    event_ids, values = (list(column) for column in zip(*prices, strict=True))
    connection.execute(query, {"event_ids": event_ids, "prices": values, "now": now})


def without_note(connection: Connection) -> list[UUID]:
    """Settled events whose result nobody has looked at yet, a correction counting as a new result."""
    query = text("""
        SELECT event_id FROM arena_events e WHERE status = 'settled' AND NOT EXISTS (
            SELECT FROM settlement_notes n WHERE n.event_id = e.event_id AND n.outcome = e.outcome)
        ORDER BY settlement_time LIMIT 20
    """)
    return list(connection.execute(query).scalars())
