"""The data plane: platforms, series, events, markets, their quotes over time, and the syncs that brought them."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE event_syncs (
    sync_id UUID NOT NULL,
    status TEXT NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    reported_at timestamptz NOT NULL,
    platforms JSONB NOT NULL,
    CONSTRAINT event_syncs_pkey PRIMARY KEY (sync_id),
    CONSTRAINT event_syncs_status_check CHECK (status IN ('running', 'success', 'partial', 'failed', 'interrupted'))
);

CREATE INDEX event_syncs_started_at_idx ON event_syncs (started_at DESC);

CREATE TABLE events (
    event_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    external_id TEXT NOT NULL,
    series_id TEXT,
    title TEXT NOT NULL,
    subtitle TEXT,
    description TEXT,
    category TEXT,
    tags TEXT[] NOT NULL,
    mutually_exclusive BOOLEAN,
    exhaustive BOOLEAN,
    status TEXT NOT NULL,
    starts_at timestamptz,
    closes_at timestamptz,
    volume NUMERIC(24, 8),
    volume_24h NUMERIC(24, 8),
    liquidity NUMERIC(24, 8),
    open_interest NUMERIC(24, 8),
    fee_type_override TEXT,
    fee_multiplier_override NUMERIC(10, 6),
    game_id TEXT,
    content_hash BYTEA NOT NULL,
    venue_updated_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (event_id),
    CONSTRAINT events_status_check CHECK (status IN ('open', 'closed'))
);

CREATE TABLE market_snapshots (
    quoted_at timestamptz NOT NULL,
    market_no INTEGER NOT NULL,
    yes_bid NUMERIC(10, 6),
    yes_ask NUMERIC(10, 6),
    yes_bid_size NUMERIC(24, 8),
    yes_ask_size NUMERIC(24, 8)
) PARTITION BY RANGE (quoted_at);

CREATE INDEX market_snapshots_quoted_at_idx ON market_snapshots USING brin (quoted_at);

CREATE TABLE market_syncs (
    sync_id UUID NOT NULL,
    status TEXT NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    reported_at timestamptz NOT NULL,
    platforms JSONB NOT NULL,
    CONSTRAINT market_syncs_pkey PRIMARY KEY (sync_id),
    CONSTRAINT market_syncs_status_check CHECK (status IN ('running', 'success', 'partial', 'failed', 'interrupted'))
);

CREATE INDEX market_syncs_started_at_idx ON market_syncs (started_at DESC);

CREATE TABLE market_ticks (
    market_no INTEGER NOT NULL,
    period SMALLINT NOT NULL,
    opened_at timestamptz NOT NULL,
    open NUMERIC(10, 6) NOT NULL,
    high NUMERIC(10, 6) NOT NULL,
    low NUMERIC(10, 6) NOT NULL,
    close NUMERIC(10, 6) NOT NULL,
    volume NUMERIC(24, 8),
    source TEXT NOT NULL,
    CONSTRAINT market_ticks_pkey PRIMARY KEY (market_no, period, opened_at),
    CONSTRAINT market_ticks_period_check CHECK (period IN (1, 60, 1440)),
    CONSTRAINT market_ticks_source_check CHECK (source IN ('snapshots', 'venue'))
);

CREATE TABLE tick_rolls (
    one SMALLINT NOT NULL,
    rolled_to timestamptz NOT NULL,
    CONSTRAINT tick_rolls_pkey PRIMARY KEY (one),
    CONSTRAINT tick_rolls_one_check CHECK (one = 1)
);

CREATE TABLE markets (
    market_no INTEGER GENERATED ALWAYS AS IDENTITY,
    market_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    external_id TEXT NOT NULL,
    event_id TEXT,
    question TEXT NOT NULL,
    slug TEXT,
    group_title TEXT,
    market_type TEXT NOT NULL,
    condition_id TEXT,
    status TEXT NOT NULL,
    venue_status TEXT,
    accepting_orders BOOLEAN,
    placeholder BOOLEAN NOT NULL,
    outcome TEXT,
    payout_yes NUMERIC(10, 6),
    tick_size NUMERIC(10, 6),
    price_bands JSONB,
    min_size NUMERIC(24, 8),
    fee JSONB,
    order_delay_seconds INTEGER,
    strike JSONB,
    opens_at timestamptz,
    closes_at timestamptz,
    resolves_at timestamptz,
    settled_at timestamptz,
    resolution_source TEXT,
    resolution_evidence JSONB,
    facts_hash BYTEA NOT NULL,
    valid_from timestamptz NOT NULL,
    yes_bid NUMERIC(10, 6),
    yes_ask NUMERIC(10, 6),
    yes_bid_size NUMERIC(24, 8),
    yes_ask_size NUMERIC(24, 8),
    last_price NUMERIC(10, 6),
    quoted_at timestamptz,
    quote_source TEXT,
    volume NUMERIC(24, 8),
    volume_24h NUMERIC(24, 8),
    volume_unit TEXT NOT NULL,
    liquidity NUMERIC(24, 8),
    open_interest NUMERIC(24, 8),
    content_hash BYTEA NOT NULL,
    venue_updated_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT markets_pkey PRIMARY KEY (market_no),
    CONSTRAINT markets_status_check CHECK (status IN ('open', 'closed', 'proposed', 'disputed', 'final')),
    CONSTRAINT markets_outcome_check CHECK (outcome IN ('yes', 'no', 'split', 'void', 'scalar')),
    CONSTRAINT markets_payout_yes_check CHECK (payout_yes BETWEEN 0 AND 1),
    CONSTRAINT markets_quote_check CHECK (yes_bid > 0 AND yes_bid < 1 AND yes_ask > 0 AND yes_ask < 1),
    CONSTRAINT markets_quote_source_check CHECK (quote_source IN ('listing', 'book')),
    CONSTRAINT markets_market_id_key UNIQUE (market_id)
)
 WITH (fillfactor = 70);

CREATE INDEX markets_event_id_idx ON markets (event_id);

CREATE INDEX markets_unsettled_idx ON markets (platform, market_no) WHERE status <> 'final';

CREATE TABLE platforms (
    platform TEXT NOT NULL,
    display_name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    simulated BOOLEAN,
    updated_at timestamptz NOT NULL,
    CONSTRAINT platforms_pkey PRIMARY KEY (platform)
);

CREATE TABLE series (
    series_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    external_id TEXT NOT NULL,
    title TEXT NOT NULL,
    category TEXT,
    tags TEXT[] NOT NULL,
    frequency TEXT,
    fee_type TEXT,
    fee_multiplier NUMERIC(10, 6),
    settlement_sources JSONB NOT NULL,
    content_hash BYTEA NOT NULL,
    venue_updated_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT series_pkey PRIMARY KEY (series_id)
);

CREATE TABLE market_outcomes (
    market_no INTEGER NOT NULL,
    side TEXT NOT NULL,
    name TEXT NOT NULL,
    token_id TEXT,
    CONSTRAINT market_outcomes_pkey PRIMARY KEY (market_no, side),
    CONSTRAINT market_outcomes_side_check CHECK (side IN ('yes', 'no')),
    CONSTRAINT market_outcomes_market_no_fkey FOREIGN KEY(market_no) REFERENCES markets (market_no)
);

CREATE TABLE market_rules (
    market_no INTEGER NOT NULL,
    rules TEXT NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT market_rules_pkey PRIMARY KEY (market_no),
    CONSTRAINT market_rules_market_no_fkey FOREIGN KEY(market_no) REFERENCES markets (market_no)
);

CREATE TABLE market_versions (
    market_no INTEGER NOT NULL,
    event_id TEXT,
    question TEXT NOT NULL,
    slug TEXT,
    group_title TEXT,
    market_type TEXT NOT NULL,
    condition_id TEXT,
    status TEXT NOT NULL,
    venue_status TEXT,
    accepting_orders BOOLEAN,
    placeholder BOOLEAN NOT NULL,
    outcome TEXT,
    payout_yes NUMERIC(10, 6),
    tick_size NUMERIC(10, 6),
    price_bands JSONB,
    min_size NUMERIC(24, 8),
    fee JSONB,
    order_delay_seconds INTEGER,
    strike JSONB,
    opens_at timestamptz,
    closes_at timestamptz,
    resolves_at timestamptz,
    settled_at timestamptz,
    resolution_source TEXT,
    resolution_evidence JSONB,
    facts_hash BYTEA NOT NULL,
    valid_from timestamptz NOT NULL,
    rules TEXT,
    valid_to timestamptz NOT NULL,
    CONSTRAINT market_versions_pkey PRIMARY KEY (market_no, valid_from),
    CONSTRAINT market_versions_market_no_fkey FOREIGN KEY(market_no) REFERENCES markets (market_no)
);

CREATE TABLE order_books (
    market_no INTEGER NOT NULL,
    quoted_at timestamptz NOT NULL,
    venue_time timestamptz,
    bids JSONB NOT NULL,
    asks JSONB NOT NULL,
    CONSTRAINT order_books_pkey PRIMARY KEY (market_no),
    CONSTRAINT order_books_market_no_fkey FOREIGN KEY(market_no) REFERENCES markets (market_no)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    for table in (
        "order_books",
        "market_rules",
        "market_outcomes",
        "market_versions",
        "market_snapshots",
        "market_ticks",
        "tick_rolls",
        "markets",
        "market_syncs",
        "events",
        "series",
        "platforms",
        "event_syncs",
    ):
        op.execute(f"DROP TABLE {table}")
