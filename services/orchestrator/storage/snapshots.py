"""Equity over time: one point a portfolio and cycle, and one row a day."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_FIGURES = """
    current_balance, total_invested, liquidation_value, equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid,
    open_positions, trade_count
"""
_NOW = """
    p.current_balance, p.total_invested, p.liquidation_value, p.current_balance + p.liquidation_value - p.owed,
    p.realized_pnl, p.unrealized_pnl, p.realized_pnl + p.unrealized_pnl, p.fees_paid, p.open_positions, p.trade_count
"""
_KEPT = ", ".join(f"{name.strip()} = EXCLUDED.{name.strip()}" for name in _FIGURES.split(","))


def take_snapshots(
    connection: Connection, cycle_id: UUID, portfolio_ids: Sequence[int], ran: Sequence[int], now: datetime
) -> dict[int, tuple[Decimal, Decimal]]:
    """Balance and total P&L of each portfolio that is there, by id. Taken again in the same cycle, the later counts."""
    values = {"cycle_id": cycle_id, "ids": list(portfolio_ids), "ran": list(ran), "now": now}
    again = "DELETE FROM equity_points WHERE cycle_id = :cycle_id AND portfolio_id = ANY(:ids)"
    connection.execute(text(again), values)
    return _taken(connection, "p.portfolio_id = ANY(:ids)", values)


def take_the_rest(connection: Connection, cycle_id: UUID, now: datetime) -> int:
    """Portfolios that stood by in this cycle get their point too, so that no curve has holes."""
    others = """
        p.status <> 'closed' AND NOT EXISTS (SELECT FROM equity_points e
            WHERE e.cycle_id = :cycle_id AND e.portfolio_id = p.portfolio_id)
    """
    return len(_taken(connection, others, {"cycle_id": cycle_id, "ran": [], "now": now}))


def _taken(connection: Connection, which: str, values: dict[str, Any]) -> dict[int, tuple[Decimal, Decimal]]:
    query = f"""
        WITH points AS (
            INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, {_FIGURES})
            SELECT p.portfolio_id, :now, :cycle_id, p.portfolio_id = ANY(CAST(:ran AS integer[])), {_NOW}
            FROM portfolios p WHERE {which}
            ON CONFLICT (portfolio_id, taken_at) DO UPDATE SET cycle_id = EXCLUDED.cycle_id, ran = EXCLUDED.ran, {_KEPT}
            RETURNING portfolio_id, taken_at, {_FIGURES}
        ), days AS (
            INSERT INTO portfolio_history (portfolio_id, snapshot_date, taken_at, {_FIGURES})
            SELECT portfolio_id, (taken_at AT TIME ZONE 'UTC')::date, taken_at, {_FIGURES} FROM points
            ON CONFLICT (portfolio_id, snapshot_date) DO UPDATE SET taken_at = EXCLUDED.taken_at, {_KEPT}
                WHERE portfolio_history.taken_at <= EXCLUDED.taken_at
        )
        SELECT portfolio_id, current_balance, total_pnl FROM points
    """
    rows = connection.execute(text(query), values)
    return {row.portfolio_id: (row.current_balance, row.total_pnl) for row in rows}


def thin_points(connection: Connection, before: datetime) -> int:
    """Leaves the last point of each hour of what is older."""
    query = """
        DELETE FROM equity_points e WHERE e.taken_at < :before AND EXISTS (
            SELECT FROM equity_points later WHERE later.portfolio_id = e.portfolio_id AND later.taken_at > e.taken_at
                AND later.taken_at < date_trunc('hour', e.taken_at, 'UTC') + interval '1 hour')
    """
    return connection.execute(text(query), {"before": before}).rowcount


def thin_steps(connection: Connection, before: datetime) -> int:
    """Of older cycles, steps of single portfolios stay where they failed; the equity points, signals and trades of
    the others say the same."""
    query = """
        DELETE FROM cycle_steps s USING trading_cycles c WHERE c.cycle_id = s.cycle_id AND c.finished_at < :before
            AND s.portfolio_id IS NOT NULL AND s.status = 'done'
    """
    return connection.execute(text(query), {"before": before}).rowcount
