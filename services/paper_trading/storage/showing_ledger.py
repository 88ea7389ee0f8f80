"""What the page of one portfolio reads of its ledger: what it holds, traded, decided and was paid."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, TextClause, text

Row = dict[str, Any]

# Of the whole curve, because a fall is measured from the highest point so far; thinned to the newest point of each
# step, with the deepest fall, the lowest and the highest equity within it.
_CURVE = text("""
WITH points AS (
    SELECT taken_at, equity, greatest(CAST(:deposit AS numeric), max(equity) OVER (ORDER BY taken_at)) AS peak
    FROM equity_points WHERE portfolio_id = :portfolio_id
), within AS (
    SELECT taken_at, equity, (peak - equity) / peak AS fall FROM points
    WHERE CAST(:since AS timestamptz) IS NULL OR taken_at >= :since
), reach AS (
    SELECT min(taken_at) AS low, extract(epoch FROM max(taken_at) - min(taken_at)) AS seconds, count(*) AS points
    FROM within
), stepped AS (
    SELECT taken_at, equity, fall, CASE WHEN r.points <= :steps THEN row_number() OVER (ORDER BY taken_at)
        ELSE floor(extract(epoch FROM taken_at - r.low) * :steps / (r.seconds + 1)) END AS step FROM within, reach r
)
SELECT max(taken_at) AS taken_at, (array_agg(equity ORDER BY taken_at DESC))[1] AS equity, max(fall) AS fall,
    min(equity) AS lowest, max(equity) AS highest, count(*) AS points
FROM stepped GROUP BY step ORDER BY 1
""")
_DEEPEST = text("""
SELECT coalesce(max((peak - equity) / peak), 0) AS fall, coalesce(max(peak), :deposit) AS peak FROM (
    SELECT equity, greatest(CAST(:deposit AS numeric), max(equity) OVER (ORDER BY taken_at)) AS peak
    FROM equity_points WHERE portfolio_id = :portfolio_id) points
""")
_POSITIONS = text("""
SELECT p.position_id, m.market_id, m.question, m.status AS market_status, m.closes_at, p.outcome, p.quantity,
    p.entry_price, p.cost, p.fees, p.realized_pnl, p.mark_bid, p.mark_mid, p.marked_at, p.mark_stale,
    p.liquidation_value, p.unrealized_pnl, p.realized_pnl + p.unrealized_pnl AS current_pnl, p.opened_at
FROM portfolio_positions p JOIN markets m USING (market_no)
WHERE p.portfolio_id = :portfolio_id AND p.status = 'open'
ORDER BY p.liquidation_value DESC, p.position_id DESC LIMIT :limit
""")
_AT_MID = text("""
SELECT coalesce(sum(quantity * (mark_mid - mark_bid)), 0) AS above, count(*) FILTER (WHERE mark_mid IS NULL) AS without
FROM portfolio_positions WHERE portfolio_id = :portfolio_id AND status = 'open'
""")
_ORDERS = text("""
SELECT o.order_id, m.market_id, m.question, o.action, o.limit_price, o.quantity, o.filled, o.ahead, o.reserved,
    o.placed_at, o.expires_at
FROM resting_orders o JOIN markets m USING (market_no)
WHERE o.portfolio_id = :portfolio_id AND o.status = 'open' ORDER BY o.order_id DESC LIMIT :limit
""")
_TRADES = text("""
SELECT t.trade_id, t.decision_id, t.order_id, m.market_id, m.question, t.action, t.quantity, t.price, t.cost, t.fee,
    t.merged, t.realized_pnl, t.levels::text AS levels, t.mid_price, t.execution_cost,
    t.mid_price * t.quantity AS naive_cost, t.fee_schedule::text AS fee_schedule, t.book_at, t.executed_at,
    coalesce(s.probability, a.probability) AS probability, coalesce(s.limit_price, a.limit_price) AS limit_price
FROM trades t JOIN markets m USING (market_no) JOIN decisions d USING (decision_id)
LEFT JOIN trading_signals s ON s.signal_id = d.signal_id LEFT JOIN signal_archives a ON a.signal_id = d.signal_id
WHERE t.portfolio_id = :portfolio_id AND (CAST(:before AS bigint) IS NULL OR t.trade_id < :before)
ORDER BY t.trade_id DESC LIMIT :limit
""")
_LATEST_TRADES = text("""
SELECT t.trade_id, t.order_id, m.market_id, m.question, t.action, t.quantity, t.price, t.cost, t.fee, t.executed_at
FROM trades t JOIN markets m USING (market_no) WHERE t.portfolio_id = :portfolio_id
ORDER BY t.trade_id DESC LIMIT :limit
""")
_UNGRADED = text("SELECT count(*) FROM trades WHERE portfolio_id = :portfolio_id AND mid_price IS NULL")
_DECISIONS = text("""
SELECT d.decision_id, m.market_id, m.question, d.outcome, d.detail, d.decided_at,
    coalesce(s.action, a.action) AS action, coalesce(s.amount, a.amount) AS amount,
    coalesce(s.quantity, a.quantity) AS quantity, coalesce(s.limit_price, a.limit_price) AS limit_price,
    coalesce(s.probability, a.probability) AS probability, coalesce(s.reason, a.reason) AS reason,
    f.quantity AS filled, f.cost, f.fee
FROM decisions d JOIN markets m USING (market_no) LEFT JOIN trading_signals s ON s.signal_id = d.signal_id
LEFT JOIN signal_archives a ON a.signal_id = d.signal_id LEFT JOIN LATERAL (
    SELECT t.quantity, t.cost, t.fee FROM trades t
    WHERE t.portfolio_id = d.portfolio_id AND t.decision_id = d.decision_id AND t.order_id IS NULL
        AND t.market_no = d.market_no AND d.outcome IN ('filled', 'partial', 'resting') LIMIT 1) f ON true
WHERE d.portfolio_id = :portfolio_id AND (CAST(:outcome AS text) IS NULL OR d.outcome = :outcome)
    AND (CAST(:before AS bigint) IS NULL OR d.decision_id < :before)
ORDER BY d.decision_id DESC LIMIT :limit
""")
_OUTCOMES = text("""
SELECT outcome, count(*) AS count FROM decisions WHERE portfolio_id = :portfolio_id
GROUP BY outcome ORDER BY count(*) DESC, outcome
""")
_SETTLEMENTS = text("""
SELECT s.settlement_id, m.market_id, m.question, s.version, s.outcome, v.result, v.payout_yes, s.quantity, s.cost,
    s.gross, s.amount, s.standing, s.settled_at, v.source, v.venue_settled_at, v.evidence::text AS evidence,
    p.realized_pnl, p.fees
FROM settlements s JOIN markets m USING (market_no) JOIN market_settlements v USING (market_no, version)
JOIN portfolio_positions p USING (position_id)
WHERE s.portfolio_id = :portfolio_id AND (CAST(:before AS bigint) IS NULL OR s.settlement_id < :before)
ORDER BY s.settlement_id DESC LIMIT :limit
""")
_STANDINGS = text("""
SELECT count(*) FILTER (WHERE standing = 'won') AS won, count(*) FILTER (WHERE standing = 'lost') AS lost,
    count(*) FILTER (WHERE standing = 'push') AS pushes, coalesce(sum(amount), 0) AS paid FROM settlements
WHERE portfolio_id = :portfolio_id
""")


def curve(connection: Connection, portfolio_id: int, deposit: Decimal, since: datetime | None, steps: int) -> list[Row]:
    values = {"portfolio_id": portfolio_id, "deposit": deposit, "since": since, "steps": steps}
    return _all(connection, _CURVE, values)


def deepest_fall(connection: Connection, portfolio_id: int, deposit: Decimal) -> tuple[Decimal, Decimal]:
    """The deepest fall so far, and the highest point, from which the next one is measured."""
    row = connection.execute(_DEEPEST, {"portfolio_id": portfolio_id, "deposit": deposit}).one()
    return row.fall, row.peak


def positions(connection: Connection, portfolio_id: int, limit: int) -> list[Row]:
    return _all(connection, _POSITIONS, {"portfolio_id": portfolio_id, "limit": limit})


def at_mid(connection: Connection, portfolio_id: int) -> Row:
    """How much more than its bids the open positions would be worth at their mids."""
    return dict(connection.execute(_AT_MID, {"portfolio_id": portfolio_id}).mappings().one())


def waiting_orders(connection: Connection, portfolio_id: int, limit: int) -> list[Row]:
    return _all(connection, _ORDERS, {"portfolio_id": portfolio_id, "limit": limit})


def trades(connection: Connection, portfolio_id: int, before: int | None, limit: int) -> list[Row]:
    return _all(connection, _TRADES, {"portfolio_id": portfolio_id, "before": before, "limit": limit})


def latest_trades(connection: Connection, portfolio_id: int, limit: int) -> list[Row]:
    return _all(connection, _LATEST_TRADES, {"portfolio_id": portfolio_id, "limit": limit})


def ungraded(connection: Connection, portfolio_id: int) -> int:
    """Trades that met a book with one empty side."""
    count: int = connection.execute(_UNGRADED, {"portfolio_id": portfolio_id}).scalar_one()
    return count


def decisions(
    connection: Connection, portfolio_id: int, outcome: str | None, before: int | None, limit: int
) -> list[Row]:
    values = {"portfolio_id": portfolio_id, "outcome": outcome, "before": before, "limit": limit}
    return _all(connection, _DECISIONS, values)


def outcomes(connection: Connection, portfolio_id: int) -> list[Row]:
    return _all(connection, _OUTCOMES, {"portfolio_id": portfolio_id})


def settlements(connection: Connection, portfolio_id: int, before: int | None, limit: int) -> list[Row]:
    return _all(connection, _SETTLEMENTS, {"portfolio_id": portfolio_id, "before": before, "limit": limit})


def standings(connection: Connection, portfolio_id: int) -> Row:
    return dict(connection.execute(_STANDINGS, {"portfolio_id": portfolio_id}).mappings().one())


def _all(connection: Connection, query: TextClause, values: dict[str, Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query, values).mappings()]
