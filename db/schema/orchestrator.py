"""Tables that the orchestrator writes: cycles and their steps, equity over time, the schedule's runs and health."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

from db.schema.metadata import Moment, Money, catalogue

_CYCLE_STATUSES = "status IN ('running', 'success', 'partial', 'failed', 'interrupted')"

trading_cycles = Table(
    "trading_cycles",
    catalogue,
    Column("cycle_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id")),  # of a cycle of one portfolio
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),  # 1, and one more with each resumption
    Column("started_by", Text, nullable=False),
    Column("asked", JSONB, nullable=False),  # the request, as its key stands for it and as a resumption needs it
    Column("portfolio_ids", ARRAY(Integer), nullable=False),  # chosen when it began
    Column("portfolios_done", Integer, nullable=False),
    Column("portfolios_failed", Integer, nullable=False),
    Column("signals_generated", Integer, nullable=False),
    Column("trades_executed", Integer, nullable=False),
    Column("idempotency_key", Text, unique=True),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("reported_at", Moment, nullable=False),
    Column("failed_step", Text),
    Column("error", Text),
    Column("answer", JSON),  # of a cycle with a key, to be repeated as it was
    CheckConstraint(_CYCLE_STATUSES, name="status"),
    CheckConstraint("kind IN ('all', 'portfolio')", name="kind"),
    CheckConstraint("started_by IN ('request', 'schedule')", name="started_by"),
    Index("trading_cycles_started_at_idx", text("started_at DESC")),
    Index("trading_cycles_running_idx", "status", postgresql_where=text("status = 'running'")),
)

cycle_steps = Table(
    "cycle_steps",
    catalogue,
    Column("cycle_id", Uuid, ForeignKey("trading_cycles.cycle_id"), nullable=False),
    Column("step", Text, nullable=False),
    Column("portfolio_id", Integer),  # null: a step that all share
    Column("status", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("counts", JSONB, nullable=False),
    Column("error", Text),
    UniqueConstraint("cycle_id", "step", "portfolio_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
)


def _figures() -> list[Column[object]]:
    return [
        Column("current_balance", Money, nullable=False),
        Column("total_invested", Money, nullable=False),
        Column("liquidation_value", Money, nullable=False),
        Column("equity", Money, nullable=False),
        Column("realized_pnl", Money, nullable=False),
        Column("unrealized_pnl", Money, nullable=False),
        Column("total_pnl", Money, nullable=False),
        Column("fees_paid", Money, nullable=False),
        Column("open_positions", Integer, nullable=False),
        Column("trade_count", Integer, nullable=False),
    ]


# One row a portfolio and day: the last snapshot of that day (UTC).
portfolio_history = Table(
    "portfolio_history",
    catalogue,
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("snapshot_date", Date, nullable=False),
    Column("taken_at", Moment, nullable=False),
    *_figures(),
    PrimaryKeyConstraint("portfolio_id", "snapshot_date"),
)

# One row a portfolio and cycle: the equity curve in full.
equity_points = Table(
    "equity_points",
    catalogue,
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("cycle_id", Uuid, nullable=False),
    Column("ran", Boolean, nullable=False),  # false: it only stood by, or failed
    *_figures(),
    PrimaryKeyConstraint("portfolio_id", "taken_at"),
    UniqueConstraint("cycle_id", "portfolio_id"),
)

scheduled_jobs = Table(
    "scheduled_jobs",
    catalogue,
    Column("job", Text, primary_key=True),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("status", Text),
    Column("note", Text),  # what it did, or why it was left out
    Column("error", Text),
    Column("runs", Integer, nullable=False),
    CheckConstraint("status IN ('running', 'done', 'failed', 'skipped')", name="status"),
)

system_health = Table(
    "system_health",
    catalogue,
    Column("component", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("last_check", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("details", JSONB, nullable=False),
    CheckConstraint("status IN ('healthy', 'degraded', 'down')", name="status"),
)
