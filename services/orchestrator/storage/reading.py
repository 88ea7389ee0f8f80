"""What readers see of cycles and portfolios, and what the schedule asks before it acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.orchestrator.domain.cycles import ORDER
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.json_bytes import encoded

_CYCLE = """
    c.cycle_id, c.kind, c.portfolio_id, c.status, c.started_by, c.attempt, c.started_at, c.finished_at, c.reported_at,
    round(extract(epoch FROM coalesce(c.finished_at, c.reported_at) - c.started_at), 3) AS seconds,
    cardinality(c.portfolio_ids) AS portfolios, c.portfolios_done, c.portfolios_failed, c.signals_generated,
    c.trades_executed, c.failed_step, c.error
"""
_EQUITY = "p.current_balance + p.liquidation_value - p.owed"
_TOTAL_PNL = "p.realized_pnl + p.unrealized_pnl"
_PORTFOLIO = f"""
    p.portfolio_id, p.name, p.strategy_type, p.status, p.frequency, trim_scale(p.initial_balance) AS initial_balance,
    trim_scale(p.current_balance) AS current_balance, trim_scale(p.total_invested) AS total_invested,
    trim_scale(p.liquidation_value) AS liquidation_value, trim_scale({_EQUITY}) AS equity,
    trim_scale(p.realized_pnl) AS realized_pnl, trim_scale(p.unrealized_pnl) AS unrealized_pnl,
    trim_scale({_TOTAL_PNL}) AS total_pnl, trim_scale(round(({_TOTAL_PNL}) / p.initial_balance, 6)) AS growth,
    trim_scale(p.fees_paid) AS fees_paid, p.open_positions, p.trade_count, p.last_price_update
"""


def cycles_page(connection: Connection, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
    """Cycles, the newest first."""
    after, values = "true", dict[str, Any](limit=limit)
    if cursor is not None:
        began, cycle_id = _cycle_key(cursor)
        after = "(c.started_at, c.cycle_id) < (:began, :cycle_id)"
        values |= {"began": began, "cycle_id": cycle_id}
    query = f"""
        SELECT to_json(shape)::text AS row, shape.started_at, shape.cycle_id
        FROM (SELECT {_CYCLE} FROM trading_cycles c WHERE {after}
            ORDER BY c.started_at DESC, c.cycle_id DESC LIMIT :limit + 1) shape
    """
    rows = connection.execute(text(query), values).all()
    last = rows[limit - 1] if len(rows) > limit else None
    body = ",".join([row.row for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(last.started_at.isoformat(), str(last.cycle_id)) if last else None


def _cycle_key(cursor: str) -> tuple[datetime, UUID]:
    began, cycle_id = key_of(cursor, str, str)
    try:
        moment = datetime.fromisoformat(str(began))
        if moment.tzinfo is None:
            raise ValueError("a moment without its offset")
        return moment, UUID(str(cycle_id))
    except ValueError as error:
        raise UnknownCursor(cursor=cursor[:80]) from error


def cycle_shown(connection: Connection, cycle_id: UUID) -> dict[str, Any] | None:
    query = text(f"SELECT {_CYCLE}, c.idempotency_key, c.asked FROM trading_cycles c WHERE c.cycle_id = :cycle_id")
    found = connection.execute(query, {"cycle_id": cycle_id}).mappings().first()
    return {**found, "cycle_id": str(found["cycle_id"])} if found else None


def newest_cycles(connection: Connection, limit: int, *, running: bool) -> list[dict[str, Any]]:
    which = "c.status = 'running'" if running else "c.status <> 'running'"
    query = f"SELECT {_CYCLE} FROM trading_cycles c WHERE {which} ORDER BY c.started_at DESC LIMIT :limit"
    rows = connection.execute(text(query), {"limit": limit}).mappings()
    return [{**row, "cycle_id": str(row["cycle_id"])} for row in rows]


def step_groups(connection: Connection, cycle_id: UUID) -> list[dict[str, Any]]:
    """Steps that all share as they are; steps of portfolios counted together."""
    query = """
        SELECT step, CASE WHEN bool_or(status = 'running') THEN 'running' WHEN bool_and(status = 'failed') THEN 'failed'
                WHEN bool_or(status = 'failed') THEN 'partial' ELSE 'done' END AS status,
            min(started_at) AS started_at,
            CASE WHEN bool_and(finished_at IS NOT NULL) THEN max(finished_at) END AS finished_at,
            nullif(count(portfolio_id), 0) AS portfolios,
            CASE WHEN count(portfolio_id) > 0 THEN count(*) FILTER (WHERE status = 'failed') END AS failed,
            CASE WHEN count(portfolio_id) = 0 THEN (array_agg(counts))[1] END::text AS counts,
            (array_agg(error ORDER BY portfolio_id) FILTER (WHERE error IS NOT NULL))[1] AS error
        FROM cycle_steps WHERE cycle_id = :cycle_id GROUP BY step ORDER BY array_position(:steps, step)
    """
    values = {"cycle_id": cycle_id, "steps": list(ORDER)}
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def steps_page(
    connection: Connection,
    cycle_id: UUID,
    which: dict[str, Any],
    cursor: str | None,
    limit: int,
) -> tuple[bytes, str | None]:
    """Rows of steps: those that all share first, then by portfolio. `which` may name a portfolio, step or status."""
    conditions = ["cycle_id = :cycle_id", *(f"{name} = :{name}" for name in which)]
    values = {**which, "cycle_id": cycle_id, "limit": limit}
    if cursor is not None:
        portfolio_id, step = key_of(cursor, int, str)
        conditions.append("(coalesce(portfolio_id, 0), step) > (:after_id, :after_step)")
        values |= {"after_id": portfolio_id, "after_step": step}
    query = f"""
        SELECT to_json(shape)::text AS row, coalesce(shape.portfolio_id, 0) AS after_id, shape.step FROM (
            SELECT step, portfolio_id, status, started_at, finished_at, counts, error FROM cycle_steps
            WHERE {" AND ".join(conditions)} ORDER BY coalesce(portfolio_id, 0), step LIMIT :limit + 1) shape
    """
    rows = connection.execute(text(query), values).all()
    last = rows[limit - 1] if len(rows) > limit else None
    body = ",".join([row.row for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(last.after_id, last.step) if last else None


def summary_page(connection: Connection, cursor: str | None, limit: int) -> tuple[bytes, str | None, bytes]:
    """Portfolios by id, where the next page begins, and the sums over all of them."""
    values: dict[str, Any] = {"limit": limit, "after": key_of(cursor, int)[0] if cursor is not None else 0}
    query = f"""
        SELECT to_json(shape)::text AS row, shape.portfolio_id FROM (SELECT {_PORTFOLIO} FROM portfolios p
            WHERE p.portfolio_id > :after ORDER BY p.portfolio_id LIMIT :limit + 1) shape
    """
    rows = connection.execute(text(query), values).all()
    last = rows[limit - 1] if len(rows) > limit else None
    totals = (
        connection.execute(
            text(f"""
            SELECT count(*) AS portfolios, count(*) FILTER (WHERE status = 'active') AS active,
                sum(p.initial_balance) AS initial_balance, sum({_EQUITY}) AS equity, sum({_TOTAL_PNL}) AS total_pnl,
                sum(p.fees_paid) AS fees_paid, sum(p.execution_cost) AS execution_cost,
                coalesce(sum(p.open_positions), 0) AS open_positions, coalesce(sum(p.trade_count), 0) AS trade_count
            FROM portfolios p
        """)
        )
        .mappings()
        .one()
    )
    body = ",".join([row.row for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(last.portfolio_id) if last else None, encoded(dict(totals))


def open_breakers(connection: Connection, limit: int) -> list[dict[str, Any]]:
    query = """
        SELECT breaker_id, portfolio_id, breaker_type, reason, triggered_at FROM circuit_breaker_events
        WHERE resolved_at IS NULL ORDER BY breaker_id DESC LIMIT :limit
    """
    return [dict(row) for row in connection.execute(text(query), {"limit": limit}).mappings()]


def data_moments(connection: Connection) -> dict[str, datetime | None]:
    """When events and markets were last collected, and the oldest marks of what is held; none: never, or nothing."""
    query = """
        SELECT (SELECT max(finished_at) FROM event_syncs WHERE status IN ('success', 'partial')) AS events,
            (SELECT max(finished_at) FROM market_syncs WHERE status IN ('success', 'partial')) AS markets,
            (SELECT min(coalesce(p.last_price_update, (SELECT min(h.opened_at) FROM portfolio_positions h
                WHERE h.portfolio_id = p.portfolio_id AND h.status = 'open')))
                FROM portfolios p WHERE p.open_positions > 0 AND p.status <> 'closed') AS prices
    """
    return dict(connection.execute(text(query)).mappings().one())


def candles_rolled_at(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(text("SELECT rolled_to FROM tick_rolls")).scalar()
    return found


def held_market_ids(connection: Connection, limit: int) -> list[str]:
    query = """
        SELECT m.market_id FROM markets m WHERE m.status = 'open' AND EXISTS (
            SELECT FROM portfolio_positions o WHERE o.market_no = m.market_no AND o.status = 'open')
        ORDER BY m.market_no LIMIT :limit
    """
    return list(connection.execute(text(query), {"limit": limit}).scalars())


def simulated_platforms(connection: Connection) -> list[bool | None]:
    return list(connection.execute(text("SELECT simulated FROM platforms ORDER BY platform")).scalars())


def arena_events_open(connection: Connection, now: datetime) -> dict[str, int]:
    """How many events of the arena are bet on, and how many are closed or should be."""
    query = """
        SELECT count(*) FILTER (WHERE status = 'active') AS active,
            count(*) FILTER (WHERE status = 'closed' OR close_time <= :now) AS ending
        FROM arena_events WHERE status NOT IN ('settled', 'withdrawn')
    """
    return dict(connection.execute(text(query), {"now": now}).mappings().one())
