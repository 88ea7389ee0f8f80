"""What the page of operations reads: cycles, what failed in them, what stops buying, what waits, what models cost."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.orchestrator.domain.cycles import OF_PORTFOLIO, ORDER
from services.orchestrator.storage import reading

DECISIONS_MAX = 20_000  # the newest, which are looked through for those of a day
NEWEST = 5_000  # signals and entries of the feed among which what waits is looked for
BITS_MAX = 60  # pieces of one step that are drawn apart

Rows = list[dict[str, Any]]
_text = lru_cache(text)  # these are asked every second

_CYCLE = """
    c.cycle_id::text AS cycle_id, c.kind, c.portfolio_id, c.status, c.started_by, c.attempt, c.started_at,
    c.finished_at, c.reported_at,
    extract(epoch FROM coalesce(c.finished_at, c.reported_at) - c.started_at) AS seconds,
    cardinality(c.portfolio_ids) AS portfolios, c.portfolios_done, c.portfolios_failed, c.signals_generated,
    c.trades_executed, c.failed_step, c.error
"""


def last_cycles(connection: Connection, limit: int) -> Rows:
    """The newest first, one that runs among them."""
    return _rows(
        connection, f"SELECT {_CYCLE} FROM trading_cycles c ORDER BY c.started_at DESC LIMIT :limit", limit=limit
    )


def cycle(connection: Connection, cycle_id: UUID) -> dict[str, Any] | None:
    found = _rows(connection, f"SELECT {_CYCLE} FROM trading_cycles c WHERE c.cycle_id = :cycle_id", cycle_id=cycle_id)
    return found[0] if found else None


def pieces(connection: Connection, cycle_id: UUID) -> Rows:
    """Steps of portfolios as they went in groups, each group one piece of its step's line."""
    query = """
        SELECT step, started_at, finished_at, status, count(*) AS portfolios FROM cycle_steps
        WHERE cycle_id = :cycle_id AND portfolio_id IS NOT NULL
        GROUP BY step, started_at, finished_at, status ORDER BY step, started_at LIMIT :limit
    """
    return _rows(connection, query, cycle_id=cycle_id, limit=BITS_MAX * len(OF_PORTFOLIO))


def failed_portfolios(connection: Connection, cycle_id: UUID, limit: int) -> Rows:
    """Those that failed in a cycle, and in which step why."""
    query = """
        SELECT DISTINCT ON (s.portfolio_id) s.portfolio_id, p.name, p.strategy_type, s.step, s.error, s.finished_at
        FROM cycle_steps s LEFT JOIN portfolios p USING (portfolio_id)
        WHERE s.cycle_id = :cycle_id AND s.portfolio_id IS NOT NULL AND s.status = 'failed'
        ORDER BY s.portfolio_id, array_position(:steps, s.step) LIMIT :limit
    """
    return _rows(connection, query, cycle_id=cycle_id, steps=list(ORDER), limit=limit)


def moments(connection: Connection) -> dict[str, datetime | None]:
    """When each kind of data was last brought up to date. None: never, or nothing is held."""
    return {**reading.data_moments(connection), "candles": reading.candles_rolled_at(connection)}


def breakers(connection: Connection, limit: int) -> Rows:
    query = """
        SELECT b.breaker_id, b.portfolio_id, p.name, b.breaker_type, b.reason, b.triggered_at
        FROM circuit_breaker_events b LEFT JOIN portfolios p USING (portfolio_id)
        WHERE b.resolved_at IS NULL ORDER BY b.portfolio_id NULLS FIRST, b.breaker_id DESC LIMIT :limit
    """
    return _rows(connection, query, limit=limit)


def overrides(connection: Connection, now: datetime, limit: int) -> Rows:
    query = """
        SELECT o.override_id, o.portfolio_id, p.name, o.config_key, o.override_value::text AS override_value, o.reason,
            o.applied_by, o.applied_at, o.expires_at
        FROM config_overrides o LEFT JOIN portfolios p USING (portfolio_id)
        WHERE o.withdrawn_at IS NULL AND o.applied_at <= :now AND o.expires_at > :now
        ORDER BY o.expires_at LIMIT :limit
    """
    return _rows(connection, query, now=now, limit=limit)


def waiting(connection: Connection, now: datetime) -> dict[str, Any]:
    """What stands in a line somewhere, and since when the first of it does."""
    query = """
        SELECT s.*, o.*, w.*, b.*, m.*, f.entry_at, f.entries_minute FROM
            (SELECT count(*) AS signals, min(t.created_at) AS signals_since FROM trading_signals t
                WHERE t.signal_id > (SELECT coalesce(max(signal_id), 0) - :newest FROM trading_signals)
                    AND NOT t.executed AND t.expires_at > :now
                    AND NOT EXISTS (SELECT FROM decisions d WHERE d.signal_id = t.signal_id)) s,
            (SELECT count(*) AS orders, min(placed_at) AS orders_since FROM resting_orders WHERE status = 'open') o,
            (SELECT coalesce(sum(h.held), 0)::bigint AS unpaid, min(k.valid_from) AS unpaid_since FROM (
                SELECT market_no, count(*) AS held FROM portfolio_positions WHERE status = 'open' GROUP BY market_no) h
                JOIN markets k USING (market_no) WHERE k.status = 'final') w,
            (SELECT count(*) AS sessions, min(created_at) AS sessions_since FROM betting_sessions
                WHERE status IN ('pending', 'running')) b,
            (SELECT count(*) AS calls, min(started_at) AS calls_since FROM model_calls WHERE status = 'reserved') m,
            (SELECT max(created_at) AS entry_at, count(*) FILTER (WHERE created_at > :minute) AS entries_minute
                FROM feed_entries WHERE entry_id > (SELECT coalesce(max(entry_id), 0) - :newest FROM feed_entries)) f
    """
    values = {"now": now, "minute": now - timedelta(minutes=1), "newest": NEWEST}
    return dict(connection.execute(_text(query), values).mappings().one())


def models_today(connection: Connection, now: datetime) -> Rows:
    """What each model was asked and has cost since midnight of UTC, as the budgets count it: what is under way at the
    most that it may cost. Calls for nobody, such as summaries, have no model of ours."""
    query = """
        SELECT m.external_id, m.name, m.color, m.portfolio_id, min(c.provider_model) AS provider_model,
            count(*) AS calls, count(*) FILTER (WHERE c.status = 'failed') AS failed,
            count(*) FILTER (WHERE c.status = 'reserved') AS under_way, coalesce(bool_or(m.enabled), true) AS enabled,
            trim_scale(sum(coalesce(c.cost, c.reserved))) AS dollars, trim_scale(coalesce(sum(c.cost), 0)) AS paid,
            coalesce(sum(c.prompt_tokens), 0) AS prompt_tokens,
            coalesce(sum(c.completion_tokens), 0) AS completion_tokens,
            round(avg(c.latency_ms)) AS latency_ms, max(c.finished_at) AS last_at,
            (array_agg(c.failure ORDER BY c.finished_at DESC) FILTER (WHERE c.status = 'failed'))[1] AS failure
        FROM model_calls c LEFT JOIN ai_models m USING (model_id) WHERE c.started_at >= :midnight
        GROUP BY m.external_id, m.name, m.color, m.portfolio_id ORDER BY dollars DESC, m.external_id
    """
    return _rows(connection, query, midnight=now.replace(hour=0, minute=0, second=0, microsecond=0))


def costs_by_hour(connection: Connection, since: datetime) -> dict[datetime, dict[str, Any]]:
    query = """
        SELECT date_trunc('hour', started_at, 'UTC') AS hour, sum(coalesce(cost, reserved)) AS dollars,
            count(*) AS calls, count(*) FILTER (WHERE status = 'failed') AS failed
        FROM model_calls WHERE started_at >= :since GROUP BY 1
    """
    return {row["hour"]: row for row in _rows(connection, query, since=since)}


def decisions_by_hour(connection: Connection, since: datetime) -> Rows:
    """What became of the newest signals, by hour and reason."""
    query = """
        SELECT date_trunc('hour', decided_at, 'UTC') AS hour, outcome, count(*) AS signals FROM (
            SELECT decided_at, outcome FROM decisions ORDER BY decision_id DESC LIMIT :limit) d
        WHERE decided_at >= :since GROUP BY 1, 2
    """
    return _rows(connection, query, since=since, limit=DECISIONS_MAX)


def sync_seconds(connection: Connection, entity: str, limit: int) -> Rows:
    """How long the last syncs took, the oldest first. `entity` is ours: events or markets."""
    table = {"events": "event_syncs", "markets": "market_syncs"}[entity]
    query = f"""
        SELECT started_at, status, extract(epoch FROM finished_at - started_at) AS seconds FROM (
            SELECT started_at, finished_at, status FROM {table} WHERE finished_at IS NOT NULL
            ORDER BY started_at DESC LIMIT :limit) s ORDER BY started_at
    """
    return _rows(connection, query, limit=limit)


def _rows(connection: Connection, query: str, **values: Any) -> Rows:
    return [dict(row) for row in connection.execute(_text(query), values).mappings()]
