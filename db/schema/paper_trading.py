"""Tables that the paper trading service writes: portfolios, what they decided, hold, paid and were paid."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.metadata import Moment, Money, Price, Quantity, catalogue

portfolios = Table(
    "portfolios",
    catalogue,
    Column("portfolio_id", Integer, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("strategy_type", Text, nullable=False),
    Column("strategy_config", JSONB, nullable=False),
    Column("frequency", Text, nullable=False),  # how often its cycle runs
    Column("status", Text, nullable=False),
    Column("initial_balance", Money, nullable=False),
    Column("current_balance", Money, nullable=False),  # the sum of its cash entries
    Column("reserved_balance", Money, nullable=False),  # the part of it that resting orders hold
    Column("owed", Money, nullable=False),  # of corrected settlements, to be taken from the next money that comes in
    Column("total_invested", Money, nullable=False),  # cost of what is held
    Column("liquidation_value", Money, nullable=False),  # what it could be sold for
    Column("realized_pnl", Money, nullable=False),  # fees are realized when they are paid
    Column("unrealized_pnl", Money, nullable=False),  # liquidation value less cost
    Column("fees_paid", Money, nullable=False),
    Column("execution_cost", Money, nullable=False),  # what fills cost beyond the mid without fees
    Column("open_positions", Integer, nullable=False),
    Column("trade_count", Integer, nullable=False),
    Column("last_price_update", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("closed_at", Moment),
    CheckConstraint("status IN ('active', 'paused', 'closed')", name="status"),
    CheckConstraint("frequency IN ('every_cycle', 'hourly', 'daily', 'weekly')", name="frequency"),
    CheckConstraint("initial_balance > 0 AND current_balance >= 0 AND owed >= 0", name="balance"),
    CheckConstraint("reserved_balance BETWEEN 0 AND current_balance", name="reserved"),
    postgresql_with={"fillfactor": "70"},
)

portfolio_changes = Table(
    "portfolio_changes",
    catalogue,
    Column("change_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("what", Text, nullable=False),  # created, name, status, frequency, strategy_config
    Column("before", JSONB),
    Column("after", JSONB, nullable=False),
    Column("reason", Text),
    Column("changed_at", Moment, nullable=False),
    Index("portfolio_changes_portfolio_id_idx", "portfolio_id"),
)

decisions = Table(
    "decisions",
    catalogue,
    Column("decision_id", BigInteger, Identity(), primary_key=True),
    Column("signal_id", BigInteger, nullable=False, unique=True),  # a signal is acted on once
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("market_no", Integer, nullable=False),
    Column("outcome", Text, nullable=False),  # a reason code of `shared/trading/reasons.py`
    Column("detail", Text),
    Column("decided_at", Moment, nullable=False),
    Index("decisions_portfolio_id_idx", "portfolio_id", "decision_id"),
)

resting_orders = Table(
    "resting_orders",
    catalogue,
    Column("order_id", BigInteger, Identity(), primary_key=True),
    Column("decision_id", BigInteger, ForeignKey("decisions.decision_id"), nullable=False, unique=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("action", Text, nullable=False),
    Column("limit_price", Price, nullable=False),
    Column("quantity", Quantity, nullable=False),  # that was to rest
    Column("filled", Quantity, nullable=False),
    Column("ahead", Quantity, nullable=False),  # contracts at our price that came before us and are still there
    Column("reserved", Money, nullable=False),
    Column("fee_schedule", JSONB, nullable=False),
    Column("fee_carried", Money, nullable=False),  # what rounding has taken too much so far (Kalshi)
    Column("status", Text, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("watched_until", Moment, nullable=False),  # prints before this moment have been met
    Column("closed_at", Moment),
    Column("closed_why", Text),
    Index("resting_orders_open_idx", "market_no", "portfolio_id", postgresql_where=text("status = 'open'")),
    CheckConstraint("status IN ('open', 'filled', 'cancelled', 'expired')", name="status"),
    CheckConstraint("filled BETWEEN 0 AND quantity AND ahead >= 0 AND reserved >= 0", name="sizes"),
    CheckConstraint("action IN ('buy_yes', 'buy_no', 'sell_yes', 'sell_no')", name="action"),
)

# The prints that a resting order has met; one is never counted twice.
order_prints = Table(
    "order_prints",
    catalogue,
    Column("order_id", BigInteger, ForeignKey("resting_orders.order_id"), nullable=False),
    Column("print_id", Text, nullable=False),
    Column("price", Price, nullable=False),  # of the order's side
    Column("size", Quantity, nullable=False),
    Column("taken_ahead", Quantity, nullable=False),
    Column("taken", Quantity, nullable=False),
    Column("printed_at", Moment, nullable=False),
    PrimaryKeyConstraint("order_id", "print_id"),
)

portfolio_positions = Table(
    "portfolio_positions",
    catalogue,
    Column("position_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("outcome", Text, nullable=False),  # the side that is held
    Column("quantity", Quantity, nullable=False),
    Column("entry_price", Price, nullable=False),  # cost per contract, rounded for reading
    Column("cost", Money, nullable=False),  # of what is still held, without fees
    Column("fees", Money, nullable=False),  # paid so far
    Column("realized_pnl", Money, nullable=False),  # of what was sold, merged or settled, less all fees
    Column("mark_bid", Price),
    Column("mark_mid", Price),
    Column("marked_at", Moment),
    Column("mark_stale", Boolean, nullable=False),  # nobody bids: the mark is the last known one
    Column("liquidation_value", Money, nullable=False),
    Column("unrealized_pnl", Money, nullable=False),
    Column("status", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index(
        "portfolio_positions_open_idx",
        "portfolio_id",
        "market_no",
        "outcome",
        unique=True,
        postgresql_where=text("status = 'open'"),
    ),
    Index("portfolio_positions_market_no_idx", "market_no", postgresql_where=text("status = 'open'")),
    Index("portfolio_positions_portfolio_id_idx", "portfolio_id", "position_id"),
    CheckConstraint("outcome IN ('yes', 'no')", name="outcome"),
    CheckConstraint("status IN ('open', 'closed', 'settled')", name="status"),
    CheckConstraint("quantity >= 0 AND cost >= 0 AND (status = 'open') = (quantity > 0)", name="held"),
    postgresql_with={"fillfactor": "70"},
)

trades = Table(
    "trades",
    catalogue,
    Column("trade_id", BigInteger, Identity(), primary_key=True),
    Column("decision_id", BigInteger, ForeignKey("decisions.decision_id"), nullable=False),
    Column("order_id", BigInteger, ForeignKey("resting_orders.order_id")),  # null: filled at once
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("action", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("price", Price, nullable=False),  # cost per contract, rounded for reading
    Column("cost", Money, nullable=False),  # Σ level price × quantity; of a sale the proceeds before the fee
    Column("fee", Money, nullable=False),
    Column("merged", Quantity, nullable=False),  # contracts that met the other side in hand and became 1.00 each
    Column("realized_pnl", Money, nullable=False),  # of this trade, its fee deducted
    Column("levels", JSONB, nullable=False),  # [price, quantity, fee] as they were taken
    Column("mid_price", Price),  # of the side traded; null where one side had no quote
    Column("execution_cost", Money),  # against that mid without fees: what naive paper trading would not have paid
    Column("fee_schedule", JSONB, nullable=False),
    Column("book", JSONB, nullable=False),  # as it was seen: quoted_at, and the levels of the side that was walked
    Column("book_at", Moment, nullable=False),
    Column("executed_at", Moment, nullable=False),
    Index("trades_portfolio_id_idx", "portfolio_id", "trade_id"),
    Index("trades_book_idx", "portfolio_id", "market_no", "book_at"),
    CheckConstraint("action IN ('buy_yes', 'buy_no', 'sell_yes', 'sell_no')", name="action"),
    CheckConstraint("quantity > 0 AND cost > 0 AND fee >= 0 AND merged BETWEEN 0 AND quantity", name="sizes"),
)

cash_entries = Table(
    "cash_entries",
    catalogue,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Money, nullable=False),
    Column("trade_id", BigInteger, ForeignKey("trades.trade_id")),
    Column("settlement_id", BigInteger, ForeignKey("settlements.settlement_id")),
    Column("created_at", Moment, nullable=False),
    Index("cash_entries_portfolio_id_idx", "portfolio_id", "entry_id"),
    CheckConstraint("kind IN ('deposit', 'trade', 'merge', 'settlement', 'correction')", name="kind"),
    CheckConstraint("(kind IN ('trade', 'merge')) = (trade_id IS NOT NULL)", name="of_trade"),
    CheckConstraint("(kind IN ('settlement', 'correction')) = (settlement_id IS NOT NULL)", name="of_settlement"),
)

# The venue's final word on a market as we paid by it; a correction is the next version.
market_settlements = Table(
    "market_settlements",
    catalogue,
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("payout_yes", Price),  # null for a void: the cost goes back
    Column("source", Text),
    Column("evidence", JSONB),
    Column("venue_settled_at", Moment),
    Column("recorded_at", Moment, nullable=False),
    Column("rechecked_at", Moment),  # when the venue was asked once more, a day after we paid
    PrimaryKeyConstraint("market_no", "version"),
    Index("market_settlements_unchecked_idx", "recorded_at", postgresql_where=text("rechecked_at IS NULL")),
    CheckConstraint("result IN ('yes', 'no', 'split', 'void', 'scalar')", name="result"),
    CheckConstraint("(result = 'void') = (payout_yes IS NULL)", name="payout"),
)

settlements = Table(
    "settlements",
    catalogue,
    Column("settlement_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("position_id", BigInteger, ForeignKey("portfolio_positions.position_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),  # the side that was held
    Column("quantity", Quantity, nullable=False),
    Column("cost", Money, nullable=False),
    Column("gross", Money, nullable=False),  # what this version says the position pays
    Column("amount", Money, nullable=False),  # gross less what earlier versions paid
    Column("standing", Text, nullable=False),
    Column("settled_at", Moment, nullable=False),
    UniqueConstraint("portfolio_id", "market_no", "version"),
    Index("settlements_position_id_idx", "position_id"),
    CheckConstraint("standing IN ('won', 'lost', 'push')", name="standing"),
)

circuit_breaker_events = Table(
    "circuit_breaker_events",
    catalogue,
    Column("breaker_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id")),  # null: all portfolios
    Column("breaker_type", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("trigger_value", JSONB, nullable=False),
    Column("triggered_at", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("resolution_action", Text),
    Column("notes", Text),
    Index(
        "circuit_breaker_events_open_idx",
        "portfolio_id",
        "breaker_type",
        unique=True,
        postgresql_where=text("resolved_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("breaker_type IN ('daily_loss_limit', 'api_failures', 'data_stale', 'manual')", name="type"),
)

config_overrides = Table(
    "config_overrides",
    catalogue,
    Column("override_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id")),  # null: everywhere
    Column("config_key", Text, nullable=False),
    Column("override_value", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("applied_by", Text),
    Column("applied_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    CheckConstraint("expires_at > applied_at", name="expiry"),
)

# The quotes by which positions were last marked, so that a pass touches only what moved.
market_marks = Table(
    "market_marks",
    catalogue,
    Column("market_no", Integer, ForeignKey("markets.market_no"), primary_key=True),
    Column("market_id", Text, nullable=False),  # so that a pass can do without the wide rows of `markets`
    Column("yes_bid", Price),
    Column("yes_ask", Price),
    Column("unanswered", Boolean, nullable=False),  # the venue did not say: the quote is the last known one
    Column("marked_at", Moment, nullable=False),  # when this quote came, or stopped coming
)

# What a portfolio had traded when its positions were last marked: after a trade all of them are looked at again.
portfolio_marks = Table(
    "portfolio_marks",
    catalogue,
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), primary_key=True),
    Column("trade_count", Integer, nullable=False),
)

# How calls to another service went lately, for all replicas together.
call_streaks = Table(
    "call_streaks",
    catalogue,
    Column("service", Text, primary_key=True),
    Column("failures", Integer, nullable=False),  # in a row
    Column("failed_at", Moment, nullable=False),  # the last one
)
