"""What the pages of portfolios read: rows as they are shown, a bounded number of each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

Row = dict[str, Any]

_PORTFOLIO = """
p.portfolio_id, p.name, p.strategy_type, p.status, p.frequency, p.initial_balance, p.current_balance,
p.reserved_balance, p.owed, p.total_invested, p.liquidation_value,
p.current_balance + p.liquidation_value - p.owed AS equity,
p.realized_pnl, p.unrealized_pnl, p.realized_pnl + p.unrealized_pnl AS total_pnl,
(p.current_balance + p.liquidation_value - p.owed) / p.initial_balance - 1 AS growth,
p.fees_paid, p.execution_cost, p.open_positions, p.trade_count, p.last_price_update, p.created_at, p.updated_at,
p.closed_at, a.external_id AS model, a.color, a.enabled AS model_enabled
"""
_SOURCE = "portfolios p LEFT JOIN ai_models a USING (portfolio_id)"
# What a list may be ordered by; closed portfolios come last in any order.
ORDERS: Mapping[str, str] = {
    "growth": "growth DESC",
    "equity": "equity DESC",
    "profit": "total_pnl DESC",
    "cash": "current_balance DESC",
    "positions": "open_positions DESC",
    "trades": "trade_count DESC",
    "fees": "fees_paid DESC",
    "execution_cost": "execution_cost DESC",
    "newest": "portfolio_id DESC",
    "name": "name",
}
_TOTALS = text("""
SELECT count(*) AS portfolios, count(*) FILTER (WHERE status = 'active') AS active,
    count(*) FILTER (WHERE status = 'paused') AS paused, count(*) FILTER (WHERE status = 'closed') AS closed,
    coalesce(sum(open_positions), 0) AS positions, coalesce(sum(trade_count), 0) AS trades,
    coalesce(sum(current_balance + liquidation_value - owed), 0) AS equity,
    coalesce(sum(initial_balance), 0) AS deposits, coalesce(sum(execution_cost), 0) AS execution_cost,
    coalesce(sum(fees_paid), 0) AS fees,
    count(*) FILTER (
        WHERE status <> 'closed' AND current_balance + liquidation_value - owed > initial_balance) AS ahead,
    count(*) FILTER (WHERE status <> 'closed') AS taking_part,
    coalesce(array_agg(DISTINCT strategy_type), '{}') AS strategy_types
FROM portfolios
""")
# The newest point of each step of the last day; a young portfolio's day is as long as it has been.
_SPARKS = text("""
WITH grid AS (
    SELECT p.portfolio_id, step, f.taken_at + (CAST(:now AS timestamptz) - f.taken_at) * (step - 1) / :steps AS low,
        f.taken_at + (CAST(:now AS timestamptz) - f.taken_at) * step / :steps AS high
    FROM portfolios p CROSS JOIN LATERAL (
        SELECT e.taken_at FROM equity_points e WHERE e.portfolio_id = p.portfolio_id AND e.taken_at >= :since
        ORDER BY e.taken_at LIMIT 1) f CROSS JOIN generate_series(1, :steps) step
    WHERE p.portfolio_id = ANY(:ids)
)
SELECT g.portfolio_id, array_agg(CAST(f.equity AS double precision) ORDER BY g.step) AS equities
FROM grid g LEFT JOIN LATERAL (
    SELECT e.equity FROM equity_points e WHERE e.portfolio_id = g.portfolio_id AND e.taken_at >= g.low
        AND e.taken_at < g.high ORDER BY e.taken_at DESC LIMIT 1) f ON true
GROUP BY g.portfolio_id
""")
# Decisions are numbered as they are made, so those of today are the newest ones.
_DECIDED = text("""
SELECT outcome, count(*) AS count, min(decided_at) AS first FROM (
    SELECT d.outcome, d.decided_at FROM decisions d ORDER BY d.decision_id DESC LIMIT :most
) newest WHERE decided_at >= :since GROUP BY outcome ORDER BY count(*) DESC, outcome
""")
_NEWEST_DECISION = text("SELECT max(decision_id) FROM decisions")
_CYCLE = text("""
SELECT c.cycle_id, c.kind, c.status, c.started_at, c.finished_at, c.signals_generated, c.trades_executed,
    c.portfolios_done, c.portfolios_failed, c.failed_step, c.error, c.portfolio_id
FROM trading_cycles c WHERE c.cycle_id = :cycle_id
""")


@dataclass(frozen=True, slots=True)
class Which:
    """Which portfolios are listed, and in which order."""

    status: str | None = None
    strategy_type: str | None = None
    order: str = "growth"


def listed(connection: Connection, which: Which, limit: int) -> list[Row]:
    wanted = {"status": which.status, "strategy_type": which.strategy_type}
    conditions = [f"p.{name} = :{name}" for name, value in wanted.items() if value is not None]
    query = f"""
        SELECT {_PORTFOLIO} FROM {_SOURCE} {"WHERE " + " AND ".join(conditions) if conditions else ""}
        ORDER BY p.status = 'closed', {ORDERS[which.order]}, p.portfolio_id LIMIT :limit
    """
    values = {name: value for name, value in wanted.items() if value is not None}
    return _rows(connection, query, limit=limit, **values)


def one(connection: Connection, portfolio_id: int) -> Row | None:
    query = f"SELECT {_PORTFOLIO}, p.strategy_config FROM {_SOURCE} WHERE p.portfolio_id = :portfolio_id"
    found = _rows(connection, query, portfolio_id=portfolio_id)
    return found[0] if found else None


def totals(connection: Connection) -> Row:
    return dict(connection.execute(_TOTALS).mappings().one())


def sparks(
    connection: Connection, portfolio_ids: Sequence[int], since: datetime, now: datetime, steps: int
) -> dict[int, list[Any]]:
    """What a picture is drawn from, not money."""
    values = {"ids": list(portfolio_ids), "since": since, "now": now, "steps": steps}
    return {row.portfolio_id: row.equities for row in connection.execute(_SPARKS, values)}


def newest_decision(connection: Connection) -> int:
    return connection.execute(_NEWEST_DECISION).scalar() or 0


def decided_since(connection: Connection, since: datetime, most: int) -> list[Row]:
    """By outcome, among the newest so many."""
    return [dict(row) for row in connection.execute(_DECIDED, {"since": since, "most": most}).mappings()]


def cycle(connection: Connection, cycle_id: str) -> Row | None:
    found = connection.execute(_CYCLE, {"cycle_id": cycle_id}).mappings().first()
    return None if found is None else dict(found)


def _rows(connection: Connection, query: str, **values: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
