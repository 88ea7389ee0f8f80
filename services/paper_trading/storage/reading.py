"""What readers see: rows as JSON that Postgres makes, newest first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from shared.cursors import UnknownCursor, cursor_of, key_of


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of rows of one kind. `key` is its number, by which it is paged."""

    plural: str
    key: str
    shape: str
    source: str
    filters: Mapping[str, str]


_PORTFOLIO = """
p.portfolio_id, p.name, p.strategy_type, p.strategy_config, p.frequency, p.status,
trim_scale(p.initial_balance) AS initial_balance, trim_scale(p.current_balance) AS current_balance,
trim_scale(p.reserved_balance) AS reserved_balance, trim_scale(p.owed) AS owed,
trim_scale(p.total_invested) AS total_invested, trim_scale(p.liquidation_value) AS liquidation_value,
trim_scale(p.current_balance + p.liquidation_value - p.owed) AS equity,
trim_scale(p.realized_pnl) AS realized_pnl, trim_scale(p.unrealized_pnl) AS unrealized_pnl,
trim_scale(p.realized_pnl + p.unrealized_pnl) AS total_pnl, trim_scale(p.fees_paid) AS fees_paid,
trim_scale(p.execution_cost) AS execution_cost, p.open_positions, p.trade_count, p.last_price_update, p.created_at,
p.updated_at, p.closed_at
"""

PORTFOLIOS = Listing(
    "portfolios",
    "p.portfolio_id",
    _PORTFOLIO,
    "portfolios p",
    {
        "portfolio_id": "p.portfolio_id = :portfolio_id",
        "status": "p.status = :status",
        "strategy_type": "p.strategy_type = :strategy_type",
    },
)
POSITIONS = Listing(
    "positions",
    "p.position_id",
    """p.position_id, p.portfolio_id, m.market_id, m.question, p.outcome, trim_scale(p.quantity) AS quantity,
    trim_scale(p.entry_price) AS entry_price, trim_scale(p.cost) AS cost, trim_scale(p.fees) AS fees,
    trim_scale(p.realized_pnl) AS realized_pnl, trim_scale(p.mark_bid) AS mark_bid, trim_scale(p.mark_mid) AS mark_mid,
    p.marked_at, p.mark_stale, trim_scale(p.liquidation_value) AS liquidation_value,
    trim_scale(p.unrealized_pnl) AS unrealized_pnl, trim_scale(p.realized_pnl + p.unrealized_pnl) AS current_pnl,
    p.status, p.opened_at, p.closed_at""",
    "portfolio_positions p JOIN markets m USING (market_no)",
    {
        "portfolio_id": "p.portfolio_id = :portfolio_id",
        "market_id": "m.market_id = :market_id",
        "status": "p.status = :status",
    },
)
TRADES = Listing(
    "trades",
    "t.trade_id",
    """t.trade_id, t.decision_id, t.order_id, t.portfolio_id, m.market_id, m.question, t.action,
    trim_scale(t.quantity) AS quantity, trim_scale(t.price) AS price, trim_scale(t.cost) AS cost,
    trim_scale(t.fee) AS fee, trim_scale(t.merged) AS merged, trim_scale(t.realized_pnl) AS realized_pnl, t.levels,
    trim_scale(t.mid_price) AS mid_price, trim_scale(t.execution_cost) AS execution_cost,
    trim_scale(t.mid_price * t.quantity) AS naive_cost, t.fee_schedule, t.book, t.book_at, t.executed_at""",
    "trades t JOIN markets m USING (market_no)",
    {"portfolio_id": "t.portfolio_id = :portfolio_id", "market_id": "m.market_id = :market_id"},
)
DECISIONS = Listing(
    "decisions",
    "d.decision_id",
    """d.decision_id, d.signal_id, d.portfolio_id, m.market_id, m.question, d.outcome, d.detail, d.decided_at,
    s.action, trim_scale(s.amount) AS amount, trim_scale(s.quantity) AS quantity,
    trim_scale(s.limit_price) AS limit_price, s.order_kind AS order, s.confidence, s.probability, s.group_id,
    s.reason, s.cycle_id""",
    "decisions d JOIN markets m USING (market_no) LEFT JOIN trading_signals s USING (signal_id)",
    {
        "portfolio_id": "d.portfolio_id = :portfolio_id",
        "market_id": "m.market_id = :market_id",
        "outcome": "d.outcome = :outcome",
    },
)
CASH_ENTRIES = Listing(
    "cash_entries",
    "c.entry_id",
    "c.entry_id, c.portfolio_id, c.kind, trim_scale(c.amount) AS amount, c.trade_id, c.settlement_id, c.created_at",
    "cash_entries c",
    {"portfolio_id": "c.portfolio_id = :portfolio_id"},
)
ORDERS = Listing(
    "orders",
    "o.order_id",
    """o.order_id, o.decision_id, o.portfolio_id, m.market_id, m.question, o.action,
    trim_scale(o.limit_price) AS limit_price, trim_scale(o.quantity) AS quantity, trim_scale(o.filled) AS filled,
    trim_scale(o.ahead) AS ahead, trim_scale(o.reserved) AS reserved, o.status, o.placed_at, o.expires_at, o.closed_at,
    o.closed_why""",
    "resting_orders o JOIN markets m USING (market_no)",
    {
        "portfolio_id": "o.portfolio_id = :portfolio_id",
        "market_id": "m.market_id = :market_id",
        "status": "o.status = :status",
    },
)
CHANGES = Listing(
    "changes",
    "c.change_id",
    "c.change_id, c.portfolio_id, c.what, c.before, c.after, c.reason, c.changed_at",
    "portfolio_changes c",
    {"portfolio_id": "c.portfolio_id = :portfolio_id"},
)


def rows_page(
    connection: Connection, listing: Listing, wanted: Mapping[str, Any], cursor: str | None, limit: int
) -> tuple[bytes, str | None]:
    """A JSON array, and where the next page begins. A filter that is None does not ask."""
    values = {name: value for name, value in wanted.items() if value is not None}
    conditions = [listing.filters[name] for name in values]
    if cursor is not None:
        plural, before = key_of(cursor, str, int)
        if plural != listing.plural:
            raise UnknownCursor(cursor=cursor[:80])
        conditions.append(f"{listing.key} < :before")
        values["before"] = before
    query = f"""
        SELECT to_json(shape)::text AS body, {listing.key} AS number FROM {listing.source}
        CROSS JOIN LATERAL (SELECT {listing.shape}) shape
        {"WHERE " + " AND ".join(conditions) if conditions else ""} ORDER BY {listing.key} DESC LIMIT :limit + 1
    """
    rows = connection.execute(text(query), {**values, "limit": limit}).all()
    after = cursor_of(listing.plural, rows[limit - 1].number) if len(rows) > limit else None
    return f"[{','.join([row.body for row in rows[:limit]])}]".encode(), after


def portfolio_json(connection: Connection, portfolio_id: int) -> bytes | None:
    """One portfolio with what it holds and what waits."""
    query = f"""
        SELECT to_json(shape)::text FROM (
            SELECT {_PORTFOLIO},
                (SELECT coalesce(json_agg(to_json(o) ORDER BY o.position_id DESC), '[]') FROM (
                    SELECT {POSITIONS.shape} FROM {POSITIONS.source}
                    WHERE p.portfolio_id = :portfolio_id AND p.status = 'open' LIMIT 1000) o) AS positions,
                (SELECT coalesce(json_agg(to_json(w) ORDER BY w.order_id DESC), '[]') FROM (
                    SELECT {ORDERS.shape} FROM {ORDERS.source}
                    WHERE o.portfolio_id = :portfolio_id AND o.status = 'open' LIMIT 1000) w) AS orders
            FROM portfolios p WHERE p.portfolio_id = :portfolio_id
        ) shape
    """
    found = connection.execute(text(query), {"portfolio_id": portfolio_id}).scalar()
    return found.encode() if found else None
