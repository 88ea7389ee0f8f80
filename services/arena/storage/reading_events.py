"""What readers see of the arena's events: the market behind them, their summaries, sessions, endings and prices."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.arena.storage.reading import Page, json_of, moment_after, page_of
from services.arena.storage.reading_bets import bets_where

INDICATIVE_SPREAD_MAX = "0.10"  # as in every answer about markets
VIEWERS_AGE_MAX = timedelta(seconds=30)
VENUE_COLUMNS = (
    "market_type",
    "venue_status",
    "status",
    "condition_id",
    "tick_size",
    "min_size",
    "fee",
    "strike",
    "opens_at",
    "closes_at",
    "resolves_at",
    "settled_at",
    "volume",
    "volume_24h",
    "liquidity",
    "open_interest",
    "last_price",
)

# A market of another venue than Kalshi stands under its own id, so that nobody takes it for a ticker.
_KALSHI = """
CASE WHEN m.platform = 'kalshi' THEN substr(m.event_id, 8) ELSE m.event_id END AS kalshi_event_id,
CASE WHEN m.platform = 'kalshi' THEN m.external_id ELSE m.market_id END AS kalshi_market_id
"""
_VENUE = "json_build_object({})".format(", ".join(f"'{name}', m.{name}" for name in VENUE_COLUMNS))
_SHAPE = f"""
e.event_id AS id, e.event_id, {_KALSHI}, m.market_id, m.platform,
(SELECT simulated FROM platforms p WHERE p.platform = m.platform) AS simulated, m.external_id,
m.event_id AS venue_event_id,
e.title, e.question, trim_scale(e.current_price) AS current_price, e.priced_at, e.category,
CAST(NULL AS text) AS subcategory, coalesce(v.tags, '{{}}') AS tags,
(SELECT rules FROM market_rules r WHERE r.market_no = e.market_no) AS market_context, e.status, e.origin,
e.selection_date, e.chosen_for, e.close_time, e.approved_at, e.activated_at, e.closed_at, e.settlement_time,
upper(e.outcome) AS outcome, (SELECT coalesce(sum(c.viewers), 0) FROM viewer_counts c
    WHERE c.event_id = e.event_id AND c.seen_at > :seen_after) AS viewers,
e.note, {_VENUE} AS kalshi_data, e.created_at, e.updated_at
"""
_FROM = "arena_events e JOIN markets m USING (market_no) LEFT JOIN events v ON v.event_id = m.event_id"
_CONDITIONS = {
    "status": "e.status = :status",
    "selection_date": "e.selection_date = :selection_date",
    "category": "lower(e.category) = lower(:category)",
}
_QUOTE = f"""
json_build_object('market_id', m.market_id, 'status', m.status, 'yes_bid', trim_scale(m.yes_bid),
    'yes_ask', trim_scale(m.yes_ask), 'no_bid', trim_scale(1 - m.yes_ask), 'no_ask', trim_scale(1 - m.yes_bid),
    'yes_price', trim_scale(CASE WHEN m.yes_ask - m.yes_bid <= {INDICATIVE_SPREAD_MAX}
        THEN (m.yes_ask + m.yes_bid) / 2 ELSE m.last_price END),
    'last_price', trim_scale(m.last_price), 'spread', trim_scale(m.yes_ask - m.yes_bid),
    'volume', trim_scale(m.volume), 'volume_24h', trim_scale(m.volume_24h), 'liquidity', trim_scale(m.liquidity),
    'quoted_at', m.quoted_at, 'closes_at', m.closes_at)
"""
_SESSIONS = """
(SELECT json_build_object('pending', count(*) FILTER (WHERE status = 'pending'),
    'running', count(*) FILTER (WHERE status = 'running'), 'completed', count(*) FILTER (WHERE status = 'completed'),
    'failed', count(*) FILTER (WHERE status = 'failed')) FROM betting_sessions s WHERE s.event_id = e.event_id)
"""
# What was paid by, where somebody held it; else what the event ended as.
_SETTLEMENT = f"""
(SELECT to_json(ended) FROM (
    SELECT e.event_id, upper(coalesce(p.result, e.outcome)) AS outcome, coalesce(p.version, 1) AS version,
        trim_scale(p.payout_yes) AS payout_yes, p.source, p.evidence AS kalshi_settlement_data, n.validated,
        n.validation_notes, n.agent_model, n.alarm, t.total_bets_settled, t.total_pnl_distributed,
        coalesce(p.recorded_at, e.settlement_time) AS settled_at, p.venue_settled_at
    FROM (SELECT 1) one
    LEFT JOIN LATERAL (SELECT result, version, payout_yes, source, evidence, recorded_at, venue_settled_at
        FROM market_settlements p WHERE p.market_no = e.market_no ORDER BY version DESC LIMIT 1) p ON true
    LEFT JOIN LATERAL (SELECT validated, validation_notes, agent_model, alarm FROM settlement_notes n
        WHERE n.event_id = e.event_id ORDER BY n.version DESC LIMIT 1) n ON true
    CROSS JOIN LATERAL (SELECT count(*) AS total_bets_settled, trim_scale(coalesce(sum(bet.pnl), 0))
        AS total_pnl_distributed FROM ({bets_where("s.event_id = e.event_id")}) bet WHERE bet.settled) t
) ended WHERE e.status = 'settled')
"""
_SUMMARY = """
s.summary_id AS id, s.summary_id, s.event_id, s.summary_text, s.relevant_data, s.sources_used, s.sources_refused,
s.search_queries, s.agent_model, s.note, s.prompt_version, s.created_at
"""
_UNITS = {1: "minute", 60: "hour", 1440: "day"}
# What is rolled already, the minutes that are not in a longer candle yet, and the quotes since the last full minute.
_CANDLES = """
WITH market AS (SELECT market_no FROM arena_events WHERE event_id = :event_id), edge AS (
    SELECT date_trunc(:unit, coalesce(max(rolled_to), '-infinity'), 'UTC') AS bucket,
        coalesce(max(rolled_to), '-infinity') AS minute FROM tick_rolls
), parts AS (
    SELECT opened_at AS at, opened_at AS bucket, open, high, low, close, volume, source
    FROM market_ticks JOIN market USING (market_no), edge
    WHERE period = :period AND opened_at >= :since AND opened_at < :until
        AND (source = 'venue' OR opened_at < edge.bucket)
    UNION ALL
    SELECT opened_at, date_trunc(:unit, opened_at, 'UTC'), open, high, low, close, NULL, source
    FROM market_ticks JOIN market USING (market_no), edge
    WHERE period = 1 AND source = 'snapshots' AND opened_at >= greatest(edge.bucket, :since)
        AND opened_at < least(edge.minute, :until)
    UNION ALL
    SELECT quoted_at, date_trunc(:unit, quoted_at, 'UTC'), mid, mid, mid, mid, NULL, 'snapshots'
    FROM edge, LATERAL (
        SELECT quoted_at, (yes_bid + yes_ask) / 2 AS mid FROM market_snapshots
        WHERE quoted_at >= greatest(edge.minute, :since) AND quoted_at < :until
            AND market_no = (SELECT market_no FROM market)
    ) tail WHERE mid IS NOT NULL
)
SELECT coalesce(json_agg(json_build_object('opened_at', bucket, 'open', trim_scale(open), 'high', trim_scale(high),
    'low', trim_scale(low), 'close', trim_scale(close), 'volume', trim_scale(volume), 'source', source)
    ORDER BY bucket), '[]')::text
FROM (
    SELECT bucket, (array_agg(open ORDER BY at))[1] AS open, max(high) AS high, min(low) AS low,
        (array_agg(close ORDER BY at DESC))[1] AS close, max(volume) AS volume, max(source) AS source
    FROM parts GROUP BY bucket ORDER BY bucket LIMIT :limit
) candles
"""
_SNAPSHOTS = """
SELECT coalesce(json_agg(json_build_object('quoted_at', quoted_at, 'yes_bid', trim_scale(yes_bid),
    'yes_ask', trim_scale(yes_ask), 'yes_bid_size', trim_scale(yes_bid_size), 'yes_ask_size', trim_scale(yes_ask_size),
    'price', trim_scale((yes_bid + yes_ask) / 2)) ORDER BY quoted_at), '[]')::text
FROM (
    SELECT quoted_at, yes_bid, yes_ask, yes_bid_size, yes_ask_size FROM market_snapshots
    WHERE market_no = (SELECT market_no FROM arena_events WHERE event_id = :event_id)
        AND quoted_at >= :since AND quoted_at < :until ORDER BY quoted_at LIMIT :limit
) quotes
"""


@dataclass(frozen=True, slots=True)
class EventFilter:
    status: str | None = None
    selection_date: date | None = None
    category: str | None = None


def events_page(connection: Connection, which: EventFilter, now: datetime, cursor: str | None, limit: int) -> Page:
    """Newest first."""
    values: dict[str, Any] = {name: getattr(which, name) for name in _CONDITIONS if getattr(which, name) is not None}
    conditions = [_CONDITIONS[name] for name in values]
    if cursor is not None:
        values["created_at"], values["event_id"] = moment_after(cursor, "events")
        conditions.append("(e.created_at, e.event_id) < (:created_at, :event_id)")
    query = f"""
        SELECT to_json(shape)::text AS body, e.created_at::text AS key_1, e.event_id::text AS key_2
        FROM {_FROM} CROSS JOIN LATERAL (SELECT {_SHAPE}) shape
        {"WHERE " + " AND ".join(conditions) if conditions else ""}
        ORDER BY e.created_at DESC, e.event_id DESC LIMIT :limit + 1
    """
    return page_of(connection, "events", query, {**values, "seen_after": now - VIEWERS_AGE_MAX}, limit)


def event_json(connection: Connection, event_id: UUID, now: datetime) -> bytes | None:
    """One event with its market's quote, its sessions by status, and how it ended."""
    query = f"""
        SELECT to_json(shape)::text FROM (
            SELECT {_SHAPE}, {_QUOTE} AS market, {_SESSIONS} AS sessions,
                EXISTS (SELECT FROM event_summaries s WHERE s.event_id = e.event_id) AS has_summary,
                {_SETTLEMENT} AS settlement
            FROM {_FROM} WHERE e.event_id = :event_id) shape
    """
    return json_of(connection, query, event_id=event_id, seen_after=now - VIEWERS_AGE_MAX)


def summary_json(connection: Connection, event_id: UUID) -> bytes | None:
    query = f"""
        SELECT to_json(shape)::text FROM event_summaries s CROSS JOIN LATERAL (SELECT {_SUMMARY}) shape
        WHERE s.event_id = :event_id
    """
    return json_of(connection, query, event_id=event_id)


def market_of(connection: Connection, event_id: UUID) -> str | None:
    """The id of the market that the event is about."""
    query = "SELECT m.market_id FROM arena_events e JOIN markets m USING (market_no) WHERE e.event_id = :event_id"
    found = json_of(connection, query, event_id=event_id)
    return found.decode() if found else None


def candles_json(
    connection: Connection, event_id: UUID, period: int, since: datetime, until: datetime, limit: int
) -> bytes:
    """Open, high, low and close of the middle, oldest first; the last candle may still be open."""
    length = timedelta(minutes=period)
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"event_id": event_id, "period": period, "unit": _UNITS[period], "until": until, "limit": limit}
    since = midnight + (since - midnight) // length * length
    return json_of(connection, _CANDLES, **values, since=since) or b"[]"


def snapshots_json(connection: Connection, event_id: UUID, since: datetime, until: datetime, limit: int) -> bytes:
    """Quotes as they changed, oldest first."""
    return json_of(connection, _SNAPSHOTS, event_id=event_id, since=since, until=until, limit=limit) or b"[]"
