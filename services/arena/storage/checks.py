"""What verification reads besides the chain: sums of the ledger, and when each portfolio's evidence last moved."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, TextClause, text

# Each selects portfolio_id, stored and computed where they differ. What paper trading audits in full, in short.
BALANCES: dict[str, str] = {
    "balance": """
        SELECT p.portfolio_id, p.current_balance AS stored, coalesce(e.total, 0) AS computed
        FROM portfolios p LEFT JOIN (SELECT portfolio_id, sum(amount) AS total FROM cash_entries GROUP BY portfolio_id)
            e USING (portfolio_id) WHERE p.current_balance <> coalesce(e.total, 0)
    """,
    "account_value": """
        SELECT portfolio_id, current_balance + liquidation_value - owed AS stored,
            initial_balance + realized_pnl + unrealized_pnl AS computed FROM portfolios
        WHERE current_balance + liquidation_value - owed <> initial_balance + realized_pnl + unrealized_pnl
    """,
    "realized_pnl": """
        SELECT p.portfolio_id, p.realized_pnl AS stored, coalesce(h.total, 0) AS computed
        FROM portfolios p LEFT JOIN (SELECT portfolio_id, sum(realized_pnl) AS total FROM portfolio_positions
            GROUP BY portfolio_id) h USING (portfolio_id) WHERE p.realized_pnl <> coalesce(h.total, 0)
    """,
}
_LIMIT = 100
# A figure that differs is wrong only where nothing that it is made of has moved since.
_MOVED = text("""
SELECT portfolio_id, max(at) AS at FROM (
    SELECT portfolio_id, max(created_at) AS at FROM portfolios GROUP BY 1
    UNION ALL SELECT portfolio_id, max(executed_at) FROM trades GROUP BY 1
    UNION ALL SELECT portfolio_id, max(closed_at) FROM portfolio_positions GROUP BY 1
    UNION ALL SELECT portfolio_id, max(settled_at) FROM settlements GROUP BY 1
    UNION ALL SELECT portfolio_id, max(decided_at) FROM decisions GROUP BY 1
    UNION ALL SELECT portfolio_id, max(created_at) FROM signal_generations GROUP BY 1
    UNION ALL SELECT portfolio_id, max(taken_at) FROM portfolio_history GROUP BY 1
    UNION ALL SELECT portfolio_id, max(taken_at) FROM equity_points GROUP BY 1
    UNION ALL SELECT portfolio_id, max(last_price_update) FROM portfolios GROUP BY 1
    UNION ALL SELECT s.portfolio_id, max(greatest(s.updated_at, CASE WHEN m.status = 'final' THEN m.updated_at END))
        FROM betting_sessions s JOIN markets m USING (market_no) GROUP BY 1
    UNION ALL SELECT s.portfolio_id, max(c.finished_at)
        FROM model_calls c JOIN betting_sessions s USING (session_id) GROUP BY 1
) moments WHERE portfolio_id IS NOT NULL GROUP BY portfolio_id
""")
# Of markets by which forecasts are graded. A result that has come just now may not have been paid yet.
_OUTCOMES = text("""
SELECT m.market_id, m.outcome AS stored, w.result AS computed, count(*) OVER () AS total
FROM markets m CROSS JOIN LATERAL (SELECT o.result FROM market_settlements o WHERE o.market_no = m.market_no
    ORDER BY o.version DESC LIMIT 1) w
WHERE m.status = 'final' AND m.outcome IS DISTINCT FROM w.result AND m.updated_at <= :before
    AND EXISTS (SELECT FROM betting_sessions s WHERE s.market_no = m.market_no AND s.status = 'completed')
ORDER BY m.market_no LIMIT :limit
""")
# A request that is charged after the session has ended is not in its cost.
_COSTS = text("""
SELECT s.session_id, s.cost AS stored, sum(c.cost) AS computed, count(*) OVER () AS total
FROM betting_sessions s JOIN model_calls c USING (session_id)
WHERE s.status = 'completed' AND s.cost IS NOT NULL AND c.finished_at <= s.completed_at
GROUP BY s.session_id HAVING sum(c.cost) <> s.cost ORDER BY s.session_id LIMIT :limit
""")
_CLOSED = text("SELECT max(closed_at) FROM portfolios")


def balance_differences(connection: Connection, check: str) -> tuple[int, list[dict[str, Any]]]:
    """How many portfolios disagree, and the first of them."""
    query = f"SELECT c.*, count(*) OVER () AS total FROM ({BALANCES[check]}) c ORDER BY portfolio_id LIMIT {_LIMIT:d}"
    return _counted(connection, text(query))


def outcome_differences(connection: Connection, before: datetime) -> tuple[int, list[dict[str, Any]]]:
    """Markets whose outcome is not the result that was paid by; what has changed after `before` may still be paid."""
    return _counted(connection, _OUTCOMES, before=before, limit=_LIMIT)


def cost_differences(connection: Connection) -> tuple[int, list[dict[str, Any]]]:
    """Sessions that cost something else than their requests."""
    return _counted(connection, _COSTS, limit=_LIMIT)


def portfolio_count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM portfolios")).scalar_one())


def last_moves(connection: Connection) -> dict[int, datetime]:
    return {row.portfolio_id: row.at for row in connection.execute(_MOVED) if row.at is not None}


def last_closing(connection: Connection) -> datetime | None:
    """When a portfolio left the board last."""
    found: datetime | None = connection.execute(_CLOSED).scalar()
    return found


def _counted(connection: Connection, query: TextClause, **values: Any) -> tuple[int, list[dict[str, Any]]]:
    rows = [dict(row) for row in connection.execute(query, values).mappings()]
    return (int(rows[0]["total"]) if rows else 0), rows
