"""Trading cycles, equity over time, the schedule and the health of the parts."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE scheduled_jobs (
    job TEXT NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    status TEXT,
    note TEXT,
    error TEXT,
    runs INTEGER NOT NULL,
    CONSTRAINT scheduled_jobs_pkey PRIMARY KEY (job),
    CONSTRAINT scheduled_jobs_status_check CHECK (status IN ('running', 'done', 'failed', 'skipped'))
);

CREATE TABLE system_health (
    component TEXT NOT NULL,
    status TEXT NOT NULL,
    last_check timestamptz NOT NULL,
    since timestamptz NOT NULL,
    details JSONB NOT NULL,
    CONSTRAINT system_health_pkey PRIMARY KEY (component),
    CONSTRAINT system_health_status_check CHECK (status IN ('healthy', 'degraded', 'down'))
);

CREATE TABLE equity_points (
    portfolio_id INTEGER NOT NULL,
    taken_at timestamptz NOT NULL,
    cycle_id UUID NOT NULL,
    ran BOOLEAN NOT NULL,
    current_balance NUMERIC(24, 8) NOT NULL,
    total_invested NUMERIC(24, 8) NOT NULL,
    liquidation_value NUMERIC(24, 8) NOT NULL,
    equity NUMERIC(24, 8) NOT NULL,
    realized_pnl NUMERIC(24, 8) NOT NULL,
    unrealized_pnl NUMERIC(24, 8) NOT NULL,
    total_pnl NUMERIC(24, 8) NOT NULL,
    fees_paid NUMERIC(24, 8) NOT NULL,
    open_positions INTEGER NOT NULL,
    trade_count INTEGER NOT NULL,
    CONSTRAINT equity_points_pkey PRIMARY KEY (portfolio_id, taken_at),
    CONSTRAINT equity_points_cycle_id_portfolio_id_key UNIQUE (cycle_id, portfolio_id),
    CONSTRAINT equity_points_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id)
);

CREATE TABLE portfolio_history (
    portfolio_id INTEGER NOT NULL,
    snapshot_date DATE NOT NULL,
    taken_at timestamptz NOT NULL,
    current_balance NUMERIC(24, 8) NOT NULL,
    total_invested NUMERIC(24, 8) NOT NULL,
    liquidation_value NUMERIC(24, 8) NOT NULL,
    equity NUMERIC(24, 8) NOT NULL,
    realized_pnl NUMERIC(24, 8) NOT NULL,
    unrealized_pnl NUMERIC(24, 8) NOT NULL,
    total_pnl NUMERIC(24, 8) NOT NULL,
    fees_paid NUMERIC(24, 8) NOT NULL,
    open_positions INTEGER NOT NULL,
    trade_count INTEGER NOT NULL,
    CONSTRAINT portfolio_history_pkey PRIMARY KEY (portfolio_id, snapshot_date),
    CONSTRAINT portfolio_history_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id)
);

CREATE TABLE trading_cycles (
    cycle_id UUID NOT NULL,
    kind TEXT NOT NULL,
    portfolio_id INTEGER,
    status TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    asked JSONB NOT NULL,
    portfolio_ids INTEGER[] NOT NULL,
    portfolios_done INTEGER NOT NULL,
    portfolios_failed INTEGER NOT NULL,
    signals_generated INTEGER NOT NULL,
    trades_executed INTEGER NOT NULL,
    idempotency_key TEXT,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    reported_at timestamptz NOT NULL,
    failed_step TEXT,
    error TEXT,
    answer JSON,
    CONSTRAINT trading_cycles_pkey PRIMARY KEY (cycle_id),
    CONSTRAINT trading_cycles_status_check
        CHECK (status IN ('running', 'success', 'partial', 'failed', 'interrupted')),
    CONSTRAINT trading_cycles_kind_check CHECK (kind IN ('all', 'portfolio')),
    CONSTRAINT trading_cycles_started_by_check CHECK (started_by IN ('request', 'schedule')),
    CONSTRAINT trading_cycles_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id),
    CONSTRAINT trading_cycles_idempotency_key_key UNIQUE (idempotency_key)
);

CREATE INDEX trading_cycles_running_idx ON trading_cycles (status) WHERE status = 'running';

CREATE INDEX trading_cycles_started_at_idx ON trading_cycles (started_at DESC);

CREATE TABLE cycle_steps (
    cycle_id UUID NOT NULL,
    step TEXT NOT NULL,
    portfolio_id INTEGER,
    status TEXT NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    counts JSONB NOT NULL,
    error TEXT,
    CONSTRAINT cycle_steps_cycle_id_step_portfolio_id_key UNIQUE NULLS NOT DISTINCT (cycle_id, step, portfolio_id),
    CONSTRAINT cycle_steps_status_check CHECK (status IN ('running', 'done', 'failed')),
    CONSTRAINT cycle_steps_cycle_id_fkey FOREIGN KEY(cycle_id) REFERENCES trading_cycles (cycle_id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("""
DROP TABLE cycle_steps;
DROP TABLE trading_cycles;
DROP TABLE portfolio_history;
DROP TABLE equity_points;
DROP TABLE system_health;
DROP TABLE scheduled_jobs;
""")
