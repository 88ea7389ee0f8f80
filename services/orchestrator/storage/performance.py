"""What the figures of one portfolio are made from: its sums, its finished positions, its curve and its days."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from services.orchestrator.domain.figures import Curve, DayEnd, Facts, Finished
from shared.database import fetch_all


def portfolio_facts(connection: Connection, portfolio_id: int) -> Facts | None:
    query = text("""
        SELECT portfolio_id, name, strategy_type, initial_balance, current_balance + liquidation_value - owed AS equity,
            realized_pnl, unrealized_pnl, fees_paid, execution_cost, trade_count,
            (SELECT count(*) FROM decisions d WHERE d.portfolio_id = p.portfolio_id) AS signals_decided,
            (SELECT count(DISTINCT t.decision_id) FROM trades t WHERE t.portfolio_id = p.portfolio_id) AS signals_traded
        FROM portfolios p WHERE portfolio_id = :portfolio_id
    """)
    return next(iter(fetch_all(connection, Facts, query, portfolio_id=portfolio_id)), None)


def finished_positions(connection: Connection, portfolio_id: int) -> Finished:
    """Settled by yes or no, or sold: won is more than all fees. Split, void and scalar results are neither."""
    query = text("""
        SELECT count(*) FILTER (WHERE NOT pushed AND realized_pnl > 0) AS won,
            count(*) FILTER (WHERE NOT pushed AND realized_pnl < 0) AS lost,
            count(*) FILTER (WHERE pushed OR realized_pnl = 0) AS pushed,
            coalesce(sum(realized_pnl), 0) AS realized_pnl
        FROM (
            SELECT o.realized_pnl, coalesce((SELECT s.standing = 'push' FROM settlements s
                WHERE s.position_id = o.position_id ORDER BY s.version DESC LIMIT 1), false) AS pushed
            FROM portfolio_positions o WHERE o.portfolio_id = :portfolio_id AND o.status <> 'open'
        ) over
    """)
    return fetch_all(connection, Finished, query, portfolio_id=portfolio_id)[0]


def curve(connection: Connection, portfolio_id: int, initial_balance: Decimal) -> Curve:
    """Years of points are gone through where they are; the deposit is the first peak."""
    query = text("""
        SELECT count(*) AS points, coalesce(max((peak - equity) / peak), 0) AS deepest_fall FROM (
            SELECT equity, greatest(:initial_balance, max(equity) OVER (ORDER BY taken_at)) AS peak
            FROM equity_points WHERE portfolio_id = :portfolio_id
        ) points
    """)
    return fetch_all(connection, Curve, query, portfolio_id=portfolio_id, initial_balance=initial_balance)[0]


def day_ends(connection: Connection, portfolio_id: int) -> list[DayEnd]:
    query = text("""
        SELECT snapshot_date AS day, equity FROM portfolio_history WHERE portfolio_id = :portfolio_id
        ORDER BY snapshot_date
    """)
    return fetch_all(connection, DayEnd, query, portfolio_id=portfolio_id)


def thinned_curve(connection: Connection, portfolio_id: int, since: datetime | None, points: int) -> bytes:
    """A JSON array of at most so many points: the last one of each of so many equal spans, so that the end is exact."""
    query = text("""
        WITH kept AS (
            SELECT * FROM equity_points WHERE portfolio_id = :portfolio_id
                AND (CAST(:since AS timestamptz) IS NULL OR taken_at >= :since)
        ), span AS (
            SELECT min(taken_at) AS first, greatest(extract(epoch FROM max(taken_at) - min(taken_at)), 1) AS seconds
            FROM kept
        )
        SELECT coalesce(json_agg(to_json(shape) ORDER BY shape.taken_at), '[]')::text FROM (
            SELECT DISTINCT ON (least(floor(extract(epoch FROM k.taken_at - span.first) / span.seconds * :points),
                    :points - 1))
                k.taken_at, k.cycle_id, trim_scale(k.equity) AS equity,
                trim_scale(k.current_balance) AS current_balance, trim_scale(k.total_invested) AS total_invested,
                trim_scale(k.liquidation_value) AS liquidation_value, trim_scale(k.total_pnl) AS total_pnl,
                trim_scale(k.realized_pnl) AS realized_pnl, trim_scale(k.unrealized_pnl) AS unrealized_pnl,
                trim_scale(k.fees_paid) AS fees_paid, k.open_positions, k.trade_count
            FROM kept k, span
            ORDER BY least(floor(extract(epoch FROM k.taken_at - span.first) / span.seconds * :points), :points - 1),
                k.taken_at DESC
        ) shape
    """)
    values: dict[str, Any] = {"portfolio_id": portfolio_id, "since": since, "points": points}
    return str(connection.execute(query, values).scalar_one()).encode()


def portfolio_named(connection: Connection, portfolio_id: int) -> dict[str, Any] | None:
    query = text("SELECT portfolio_id, name, initial_balance FROM portfolios WHERE portfolio_id = :portfolio_id")
    found = connection.execute(query, {"portfolio_id": portfolio_id}).mappings().first()
    return dict(found) if found else None
