"""Breakers: rows that open for a reason and are resolved with another, and the facts that they watch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from services.paper_trading.domain.breaking import Day, OpenBreaker, Trip
from shared.cursors import cursor_of, key_of
from shared.database import fetch_all
from shared.json_bytes import encoded

_OPEN = text("""
SELECT breaker_id, portfolio_id, breaker_type, reason, triggered_at,
    ARRAY(SELECT jsonb_array_elements_text(coalesce(trigger_value -> 'platforms', '[]'))) AS platforms
FROM circuit_breaker_events
WHERE resolved_at IS NULL AND (portfolio_id IS NULL OR portfolio_id = :portfolio_id) ORDER BY breaker_id
""")
_ALL_OPEN = text("""
SELECT breaker_id, portfolio_id, breaker_type, reason, triggered_at,
    ARRAY(SELECT jsonb_array_elements_text(coalesce(trigger_value -> 'platforms', '[]'))) AS platforms
FROM circuit_breaker_events WHERE resolved_at IS NULL ORDER BY breaker_id
""")
_TRIP = text("""
INSERT INTO circuit_breaker_events (portfolio_id, breaker_type, reason, trigger_value, triggered_at)
VALUES (:portfolio_id, :breaker_type, :reason, CAST(:trigger_value AS jsonb), :now)
ON CONFLICT (portfolio_id, breaker_type) WHERE resolved_at IS NULL DO NOTHING RETURNING breaker_id
""")
_RESOLVE = text("""
UPDATE circuit_breaker_events SET resolved_at = :now, resolution_action = :action, notes = :notes
WHERE breaker_id = ANY(:breaker_ids) AND resolved_at IS NULL
RETURNING breaker_id, portfolio_id, breaker_type, reason, triggered_at
""")
# Who writes several rows waits for whoever does so already, and never in a circle.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('circuit_breaker_events'))")
# A breaker that somebody resolved does not open again on the same day.
_DAYS = text("""
SELECT p.portfolio_id, p.current_balance + p.liquidation_value - p.owed AS equity, l.loss_max, p.initial_balance,
    p.created_at >= :day_start AS created_today,
    (SELECT h.equity FROM portfolio_history h
        WHERE h.portfolio_id = p.portfolio_id AND h.snapshot_date = :yesterday) AS of_yesterday,
    (SELECT e.equity FROM equity_points e WHERE e.portfolio_id = p.portfolio_id AND e.taken_at >= :day_start
        ORDER BY e.taken_at LIMIT 1) AS first_of_today,
    (SELECT h.equity FROM portfolio_history h WHERE h.portfolio_id = p.portfolio_id AND h.snapshot_date < :yesterday
        ORDER BY h.snapshot_date DESC LIMIT 1) AS older
FROM portfolios p CROSS JOIN LATERAL (SELECT coalesce(
    (SELECT o.override_value::numeric FROM config_overrides o WHERE o.config_key = 'daily_loss_limit'
        AND o.withdrawn_at IS NULL AND o.applied_at <= :now AND o.expires_at > :now
        AND (o.portfolio_id IS NULL OR o.portfolio_id = p.portfolio_id)
        ORDER BY o.portfolio_id NULLS LAST, o.override_id DESC LIMIT 1),
    (p.strategy_config ->> 'daily_loss_limit')::numeric) AS loss_max) l
WHERE p.status <> 'closed' AND l.loss_max IS NOT NULL
    AND (CAST(:portfolio_ids AS integer[]) IS NULL OR p.portfolio_id = ANY(:portfolio_ids))
    AND NOT EXISTS (SELECT FROM circuit_breaker_events b WHERE b.portfolio_id = p.portfolio_id
        AND b.breaker_type = 'daily_loss_limit' AND (b.resolved_at IS NULL OR b.triggered_at >= :day_start))
ORDER BY p.portfolio_id
""")
_OF_EARLIER_DAYS = text("""
SELECT breaker_id FROM circuit_breaker_events
WHERE breaker_type = 'daily_loss_limit' AND resolved_at IS NULL AND triggered_at < :day_start
""")
_CALL_FAILED = text("""
INSERT INTO call_streaks AS c (service, failures, failed_at) VALUES (:service, 1, :now)
ON CONFLICT (service) DO UPDATE SET failed_at = :now,
    failures = CASE WHEN c.failed_at < :window_start THEN 1 ELSE c.failures + 1 END
""")
_CALL_SUCCEEDED = text("UPDATE call_streaks SET failures = 0 WHERE service = :service AND failures > 0")
_FAILURES = text("SELECT failures FROM call_streaks WHERE service = :service")
# Venues that the last sync tried, and when each was last collected without an error.
_COLLECTED = text("""
WITH tried AS (
    SELECT jsonb_object_keys(s.platforms) AS platform FROM (SELECT platforms FROM market_syncs
        WHERE status <> 'running' ORDER BY started_at DESC LIMIT 1) s
)
SELECT t.platform, (SELECT s.finished_at FROM market_syncs s WHERE s.status IN ('success', 'partial')
        AND s.platforms -> t.platform IS NOT NULL AND s.platforms -> t.platform ->> 'error' IS NULL
    ORDER BY s.started_at DESC LIMIT 1) AS collected_at
FROM tried t
""")
_SHAPE = """
breaker_id, portfolio_id, breaker_type, reason, trigger_value, triggered_at, resolved_at, resolution_action, notes,
resolved_at IS NULL AS open
"""
_ONE = text(f"SELECT to_json(b)::text FROM (SELECT {_SHAPE} FROM circuit_breaker_events WHERE breaker_id = :id) b")


def open_breakers(connection: Connection, portfolio_id: int) -> tuple[OpenBreaker, ...]:
    """Its own and those of all portfolios."""
    return _shaped(connection, _OPEN, portfolio_id=portfolio_id)


def all_open_breakers(connection: Connection) -> tuple[OpenBreaker, ...]:
    return _shaped(connection, _ALL_OPEN)


def _shaped(connection: Connection, query: Any, **values: Any) -> tuple[OpenBreaker, ...]:
    rows = connection.execute(query, values).mappings()
    return tuple(OpenBreaker(**{**row, "platforms": tuple(row["platforms"])}) for row in rows)


def write_trip(connection: Connection, trip: Trip, now: datetime) -> int | None:
    """The number of the new breaker; none where one of the kind is open already."""
    row = {
        "portfolio_id": trip.portfolio_id,
        "breaker_type": trip.breaker_type,
        "reason": trip.reason,
        "trigger_value": encoded(dict(trip.trigger_value)).decode(),
        "now": now,
    }
    connection.execute(_ALONE)
    number: int | None = connection.execute(_TRIP, row).scalar()
    return number


def resolve(
    connection: Connection, breaker_ids: Sequence[int], action: str, notes: str | None, now: datetime
) -> list[OpenBreaker]:
    """Those of them that were open until now."""
    connection.execute(_ALONE)
    which = {"breaker_ids": list(breaker_ids), "action": action, "notes": notes, "now": now}
    return fetch_all(connection, OpenBreaker, _RESOLVE, **which)


def days(connection: Connection, portfolio_ids: Sequence[int] | None, day_start: datetime, now: datetime) -> list[Day]:
    """Of portfolios with a limit that has not tripped today."""
    which = {
        "portfolio_ids": None if portfolio_ids is None else list(portfolio_ids),
        "day_start": day_start,
        "yesterday": (day_start - timedelta(days=1)).date(),
        "now": now,
    }
    return fetch_all(connection, Day, _DAYS, **which)


def of_earlier_days(connection: Connection, day_start: datetime) -> list[int]:
    return list(connection.execute(_OF_EARLIER_DAYS, {"day_start": day_start}).scalars())


def note_call(connection: Connection, service: str, succeeded: bool, window: timedelta, now: datetime) -> None:
    if succeeded:
        connection.execute(_CALL_SUCCEEDED, {"service": service})
    else:
        connection.execute(_CALL_FAILED, {"service": service, "now": now, "window_start": now - window})


def failures_in_a_row(connection: Connection, service: str) -> int:
    return int(connection.execute(_FAILURES, {"service": service}).scalar() or 0)


def collected_at(connection: Connection) -> dict[str, datetime | None]:
    """By venue; empty where nothing was ever collected."""
    return {row.platform: row.collected_at for row in connection.execute(_COLLECTED)}


def breaker_json(connection: Connection, breaker_id: int) -> bytes | None:
    found = connection.execute(_ONE, {"id": breaker_id}).scalar()
    return found.encode() if found else None


def breakers_page(
    connection: Connection,
    portfolio_id: int | None,
    is_open: bool | None,
    breaker_type: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[bytes, str | None]:
    """Newest first. Those of a portfolio are its own and those of all portfolios."""
    conditions = ["breaker_id < :before"] if cursor else []
    if portfolio_id is not None:
        conditions.append("(portfolio_id = :portfolio_id OR portfolio_id IS NULL)")
    if is_open is not None:
        conditions.append("open = :open")
    if breaker_type is not None:
        conditions.append("breaker_type = :breaker_type")
    query = f"""
        SELECT to_json(b)::text AS row, breaker_id FROM (SELECT {_SHAPE} FROM circuit_breaker_events) b
        {"WHERE " + " AND ".join(conditions) if conditions else ""} ORDER BY breaker_id DESC LIMIT :limit + 1
    """
    values = {
        "before": key_of(cursor, int)[0] if cursor else None,
        "portfolio_id": portfolio_id,
        "open": is_open,
        "breaker_type": breaker_type,
        "limit": limit,
    }
    rows = connection.execute(text(query), values).all()
    body = ",".join([row.row for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(rows[limit - 1].breaker_id) if len(rows) > limit else None
