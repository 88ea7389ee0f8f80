"""Tables that the strategy controllers write: signals with the run that made them, and contracts proven equal."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.metadata import Moment, Money, Price, Quantity, catalogue

# One answer of a strategy for one portfolio. Asked again in the same cycle, it answers with this row.
signal_generations = Table(
    "signal_generations",
    catalogue,
    Column("generation_id", BigInteger, Identity(), primary_key=True),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("cycle_id", Uuid),  # null: asked for by hand
    Column("strategy_type", Text, nullable=False),
    Column("markets_considered", Integer, nullable=False),
    Column("markets_matched", Integer, nullable=False),
    Column("signals_generated", Integer, nullable=False),
    Column("abstentions", JSONB, nullable=False),  # reason code → count
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("portfolio_id", "cycle_id"),
)

trading_signals = Table(
    "trading_signals",
    catalogue,
    Column("signal_id", BigInteger, Identity(), primary_key=True),
    Column(
        "generation_id",
        BigInteger,
        ForeignKey("signal_generations.generation_id"),
        nullable=False,
    ),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("cycle_id", Uuid),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("action", Text, nullable=False),
    Column("amount", Money),  # dollars, fees included
    Column("quantity", Quantity),  # contracts
    Column("limit_price", Price, nullable=False),  # of the side that is traded
    Column("order_kind", Text, nullable=False),  # `order` in every answer
    Column("confidence", Price),
    Column("probability", Price),  # of yes
    Column("group_id", Uuid),  # legs that are filled all or none
    Column("reason", Text, nullable=False),
    Column("strategy_type", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("executed", Boolean, nullable=False, server_default=text("false")),
    Index("trading_signals_portfolio_id_idx", "portfolio_id", "signal_id"),
    CheckConstraint("action IN ('buy_yes', 'buy_no', 'sell_yes', 'sell_no')", name="action"),
    CheckConstraint("order_kind IN ('ioc', 'limit')", name="order_kind"),
    CheckConstraint("num_nonnulls(amount, quantity) = 1 AND coalesce(amount, quantity) > 0", name="size"),
    CheckConstraint("quantity IS NOT NULL OR action IN ('buy_yes', 'buy_no')", name="sale"),
    CheckConstraint("limit_price > 0 AND limit_price < 1", name="limit_price"),
    CheckConstraint("confidence BETWEEN 0 AND 1 AND probability BETWEEN 0 AND 1", name="opinion"),
)

# Signals that are no longer looked at by anything that trades, by the month in which they were made.
signal_archives = Table(
    "signal_archives",
    catalogue,
    Column("signal_id", BigInteger, primary_key=True),
    Column("month", Moment, nullable=False),
    Column("generation_id", BigInteger, nullable=False),
    Column("portfolio_id", Integer, nullable=False),
    Column("cycle_id", Uuid),
    Column("market_no", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("amount", Money),
    Column("quantity", Quantity),
    Column("limit_price", Price, nullable=False),
    Column("order_kind", Text, nullable=False),
    Column("confidence", Price),
    Column("probability", Price),
    Column("group_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("strategy_type", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("executed", Boolean, nullable=False),
    Column("archived_at", Moment, nullable=False),
    Index("signal_archives_month_idx", "month", "portfolio_id"),
)

# The same question on both venues, read in full by somebody who says so; nothing else may be traded as a pair.
contract_pairs = Table(
    "contract_pairs",
    catalogue,
    Column("pair_id", Integer, Identity(), primary_key=True),
    Column("polymarket_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("kalshi_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("inverted", Boolean, nullable=False),  # yes on one venue is no on the other
    Column("evidence", Text, nullable=False),  # why they pay the same in every case
    Column("proven_by", Text, nullable=False),
    Column("proven_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("revoked_why", Text),
    Index(
        "contract_pairs_standing_idx",
        "polymarket_no",
        "kalshi_no",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
)
