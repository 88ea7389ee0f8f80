"""All trades and points of a portfolio with every column of money, for a table of somebody's own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

TRADE_COLUMNS = (
    "trade_id",
    "executed_at",
    "platform",
    "market_id",
    "question",
    "action",
    "quantity",
    "price",
    "cost",
    "fee",
    "merged",
    "realized_pnl",
    "mid_price",
    "naive_cost",
    "execution_cost",
    "limit_order",
    "book_at",
    "probability",
    "limit_price",
    "decision_id",
)
POINT_COLUMNS = (
    "taken_at",
    "equity",
    "current_balance",
    "total_invested",
    "liquidation_value",
    "realized_pnl",
    "unrealized_pnl",
    "total_pnl",
    "fees_paid",
    "open_positions",
    "trade_count",
    "cycle_ran",
)
_POINTS = text("""
SELECT taken_at, equity, current_balance, total_invested, liquidation_value, realized_pnl, unrealized_pnl, total_pnl,
    fees_paid, open_positions, trade_count, CASE WHEN ran THEN 'yes' ELSE 'no' END AS cycle_ran
FROM equity_points WHERE portfolio_id = :portfolio_id ORDER BY taken_at DESC LIMIT :limit
""")
_TRADES = text("""
SELECT t.trade_id, t.executed_at, m.platform, m.market_id, m.question, t.action, t.quantity, t.price, t.cost, t.fee,
    t.merged, t.realized_pnl, t.mid_price, t.mid_price * t.quantity AS naive_cost, t.execution_cost,
    CASE WHEN t.order_id IS NULL THEN 'no' ELSE 'yes' END AS limit_order, t.book_at,
    coalesce(s.probability, a.probability) AS probability, coalesce(s.limit_price, a.limit_price) AS limit_price,
    t.decision_id
FROM trades t JOIN markets m USING (market_no) JOIN decisions d USING (decision_id)
LEFT JOIN trading_signals s ON s.signal_id = d.signal_id LEFT JOIN signal_archives a ON a.signal_id = d.signal_id
WHERE t.portfolio_id = :portfolio_id ORDER BY t.trade_id DESC LIMIT :limit
""")


def trades(connection: Connection, portfolio_id: int, limit: int) -> Sequence[Sequence[Any]]:
    return connection.execute(_TRADES, {"portfolio_id": portfolio_id, "limit": limit}).all()


def points(connection: Connection, portfolio_id: int, limit: int) -> Sequence[Sequence[Any]]:
    return connection.execute(_POINTS, {"portfolio_id": portfolio_id, "limit": limit}).all()
