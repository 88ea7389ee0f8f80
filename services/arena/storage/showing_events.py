"""What the page of an event shows: its state, its brief, its sessions as they speak, its prices and its ending."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.arena.storage.reading_bets import bets_where
from services.arena.storage.viewers import SEEN

_EVENT = text("""
SELECT e.event_id, e.market_no, e.status, e.origin, e.title, e.question, e.category, e.current_price, e.priced_at,
    e.close_time, e.activated_at, e.closed_at, e.settlement_time, e.note, e.created_at,
    CASE WHEN m.status = 'final' THEN coalesce(m.outcome, e.outcome) ELSE e.outcome END AS outcome,
    m.settled_at AS venue_settled_at, m.market_id, m.platform, m.yes_bid, m.yes_ask, m.quoted_at, m.volume_24h,
    m.liquidity,
    (SELECT coalesce(sum(c.viewers), 0) FROM viewer_counts c
        WHERE c.event_id = e.event_id AND c.seen_at > :seen_after) AS viewers
FROM arena_events e JOIN markets m USING (market_no) WHERE e.event_id = :event_id
""")
_RULES = text("""
SELECT r.rules FROM arena_events e JOIN market_rules r USING (market_no) WHERE e.event_id = :event_id
""")
_BRIEF = text("""
SELECT summary_text, relevant_data, sources_used, sources_refused, search_queries, agent_model, note, created_at
FROM event_summaries WHERE event_id = :event_id
""")
# Whoever is told of in words has said nothing of it himself: what became of the bet stands in messages of its own.
_SESSIONS = text("""
SELECT s.session_id, s.portfolio_id, a.name, a.external_id, a.color, a.kind, a.sighted, a.twin_of, s.status, s.failure,
    s.failure_detail, s.final_position, s.probability, s.confidence_score, s.max_price, s.reasoning_summary,
    s.bet_amount, s.no_bet, s.signal_id, s.yes_bid, s.yes_ask, s.quoted_at, s.against_own_probability, s.cost,
    s.simulated, s.started_at, s.completed_at, f.seal_no, f.hash, d.outcome AS decision, d.detail AS decision_detail,
    said.words, said.notes
FROM betting_sessions s JOIN ai_models a USING (model_id) LEFT JOIN sealed_forecasts f USING (session_id)
LEFT JOIN decisions d ON d.signal_id = s.signal_id
CROSS JOIN LATERAL (SELECT
    string_agg(g.content, '' ORDER BY g.sequence_number) FILTER (WHERE g.message_type = 'reasoning') AS words,
    array_agg(g.content ORDER BY g.sequence_number) FILTER (WHERE g.message_type = 'system') AS notes
    FROM session_messages g WHERE g.session_id = s.session_id) said
WHERE s.event_id = :event_id ORDER BY a.kind = 'ensemble', a.created_at, a.name
""")
_BETS = text(f"""
SELECT session_id, bet_id, position, amount, price, shares, fee, execution_cost, pnl, settled, ended, created_at
FROM ({bets_where("s.event_id = :event_id")}) bet ORDER BY bet_id
""")
_ENDING = text("""
SELECT p.result, p.version, p.payout_yes, p.source, p.evidence, p.venue_settled_at, p.recorded_at
FROM arena_events e JOIN market_settlements p USING (market_no) WHERE e.event_id = :event_id ORDER BY p.version DESC
""")
_NOTES = text("""
SELECT version, outcome, validated, validation_notes, agent_model, alarm, created_at FROM settlement_notes
WHERE event_id = :event_id ORDER BY version DESC
""")
# Closes of minutes that are rolled already, hours where minutes are gone, the quotes since, and those that the
# sessions saw; the last one of each step.
_PRICES = text("""
WITH edge AS (SELECT coalesce(max(rolled_to), '-infinity') AS minute FROM tick_rolls), known AS (
    SELECT opened_at + make_interval(mins => period) - interval '1 second' AS at, close AS price FROM market_ticks
    WHERE market_no = :market_no AND period IN (1, 60) AND opened_at >= :since AND opened_at < :until
    UNION ALL
    SELECT quoted_at, (yes_bid + yes_ask) / 2 FROM edge, LATERAL (
        SELECT quoted_at, yes_bid, yes_ask FROM market_snapshots
        WHERE quoted_at >= greatest(edge.minute, :since) AND quoted_at < :until AND market_no = :market_no) tail
    UNION ALL
    SELECT quoted_at, (yes_bid + yes_ask) / 2 FROM betting_sessions
    WHERE market_no = :market_no AND quoted_at >= :since AND quoted_at < :until
)
SELECT DISTINCT ON (step) floor(extract(epoch FROM at) / :step)::bigint AS step,
    floor(extract(epoch FROM at))::bigint AS at, price
FROM known WHERE price IS NOT NULL AND at < :until ORDER BY step, known.at DESC
""")


def event_shown(connection: Connection, event_id: UUID, now: datetime) -> dict[str, Any] | None:
    row = connection.execute(_EVENT, {"event_id": event_id, "seen_after": now - SEEN}).mappings().first()
    return None if row is None else dict(row)


def rules_of(connection: Connection, event_id: UUID) -> str | None:
    found: str | None = connection.execute(_RULES, {"event_id": event_id}).scalar()
    return found


def brief_shown(connection: Connection, event_id: UUID) -> dict[str, Any] | None:
    row = connection.execute(_BRIEF, {"event_id": event_id}).mappings().first()
    return None if row is None else dict(row)


def sessions_shown(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """In the order of the models, each with its words so far and its bets."""
    sessions = [dict(row) | {"bets": []} for row in connection.execute(_SESSIONS, {"event_id": event_id}).mappings()]
    if any(session["decision"] for session in sessions):
        by_id = {session["session_id"]: session for session in sessions}
        for bet in connection.execute(_BETS, {"event_id": event_id}).mappings():
            by_id[bet["session_id"]]["bets"].append(dict(bet))
    return sessions


def endings(connection: Connection, event_id: UUID) -> list[dict[str, Any]]:
    """What the venue said, the newest first, each with what a model thinks of it."""
    notes = {row["version"]: dict(row) for row in connection.execute(_NOTES, {"event_id": event_id}).mappings()}
    rows = connection.execute(_ENDING, {"event_id": event_id}).mappings()
    return [dict(row) | {"note": notes.get(row["version"])} for row in rows]


def note_without_payment(connection: Connection, event_id: UUID) -> dict[str, Any] | None:
    """What a model thinks of a result by which nobody had to be paid."""
    row = connection.execute(_NOTES, {"event_id": event_id}).mappings().first()
    return None if row is None else dict(row)


def prices_shown(
    connection: Connection, market_no: int, since: datetime, until: datetime, points: int
) -> list[tuple[int, Decimal]]:
    """Seconds and prices of yes, oldest first."""
    step = max((until - since) / points, timedelta(seconds=1)).total_seconds()
    values = {"market_no": market_no, "since": since, "until": until, "step": step}
    return [(row.at, row.price) for row in connection.execute(_PRICES, values)]
