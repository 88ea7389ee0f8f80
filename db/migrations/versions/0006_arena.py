"""The arena: models, events, sessions, sealed forecasts and the board."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE event_selections (
    slot_at timestamptz NOT NULL,
    selected_at timestamptz NOT NULL,
    candidates INTEGER NOT NULL,
    chosen INTEGER NOT NULL,
    CONSTRAINT event_selections_pkey PRIMARY KEY (slot_at)
);

CREATE UNLOGGED TABLE viewer_counts (
    replica UUID NOT NULL,
    event_id UUID NOT NULL,
    viewers INTEGER NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT viewer_counts_pkey PRIMARY KEY (replica, event_id)
);

CREATE TABLE ai_models (
    model_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    openrouter_model TEXT NOT NULL,
    base_url TEXT,
    api_key_variable TEXT,
    color TEXT NOT NULL,
    text_color TEXT NOT NULL,
    avatar TEXT NOT NULL,
    sighted BOOLEAN NOT NULL,
    twin_of TEXT,
    prompt_price NUMERIC(24, 8),
    completion_price NUMERIC(24, 8),
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    removed BOOLEAN NOT NULL,
    simulated BOOLEAN,
    checked_at timestamptz,
    portfolio_id INTEGER,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ai_models_pkey PRIMARY KEY (model_id),
    CONSTRAINT ai_models_kind_check CHECK (kind IN ('model', 'ensemble')),
    CONSTRAINT ai_models_disabled_check CHECK (enabled = (disabled_reason IS NULL)),
    CONSTRAINT ai_models_external_id_key UNIQUE (external_id),
    CONSTRAINT ai_models_portfolio_id_key UNIQUE (portfolio_id),
    CONSTRAINT ai_models_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id)
);

CREATE TABLE arena_events (
    event_id UUID NOT NULL,
    market_no INTEGER NOT NULL,
    status TEXT NOT NULL,
    origin TEXT NOT NULL,
    selection_date DATE NOT NULL,
    title TEXT NOT NULL,
    question TEXT NOT NULL,
    category TEXT,
    chosen_for JSONB NOT NULL,
    current_price NUMERIC(10, 6),
    priced_at timestamptz,
    close_time timestamptz NOT NULL,
    approved_at timestamptz,
    activated_at timestamptz,
    closed_at timestamptz,
    settlement_time timestamptz,
    outcome TEXT,
    note TEXT,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT arena_events_pkey PRIMARY KEY (event_id),
    CONSTRAINT arena_events_status_check
        CHECK (status IN ('pending', 'approved', 'active', 'closed', 'settled', 'withdrawn')),
    CONSTRAINT arena_events_origin_check CHECK (origin IN ('selection', 'manual', 'swap')),
    CONSTRAINT arena_events_outcome_check CHECK (outcome IN ('yes', 'no', 'split', 'void', 'scalar')),
    CONSTRAINT arena_events_market_no_key UNIQUE (market_no),
    CONSTRAINT arena_events_market_no_fkey FOREIGN KEY(market_no) REFERENCES markets (market_no)
);

CREATE INDEX arena_events_created_at_idx ON arena_events (created_at);

CREATE INDEX arena_events_open_idx ON arena_events (status) WHERE status NOT IN ('settled', 'withdrawn');

CREATE INDEX arena_events_settled_idx ON arena_events (updated_at) WHERE status = 'settled';

CREATE TABLE daily_leaderboards (
    portfolio_id INTEGER NOT NULL,
    date DATE NOT NULL,
    rank INTEGER,
    daily_pnl NUMERIC(24, 8) NOT NULL,
    daily_bets INTEGER NOT NULL,
    daily_wins INTEGER NOT NULL,
    daily_losses INTEGER NOT NULL,
    total_balance NUMERIC(24, 8) NOT NULL,
    total_pnl NUMERIC(24, 8) NOT NULL,
    total_roi NUMERIC(18, 8) NOT NULL,
    figures JSONB NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT daily_leaderboards_pkey PRIMARY KEY (date, portfolio_id),
    CONSTRAINT daily_leaderboards_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id)
);

CREATE TABLE standings (
    portfolio_id INTEGER NOT NULL,
    figures JSONB NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT standings_pkey PRIMARY KEY (portfolio_id),
    CONSTRAINT standings_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id)
);

CREATE TABLE betting_sessions (
    session_id UUID NOT NULL,
    event_id UUID NOT NULL,
    model_id UUID NOT NULL,
    portfolio_id INTEGER NOT NULL,
    market_no INTEGER NOT NULL,
    status TEXT NOT NULL,
    failure TEXT,
    failure_detail TEXT,
    claimed_by TEXT,
    lease_until timestamptz,
    asked_at timestamptz,
    prompt_version TEXT,
    prompt JSONB,
    answer TEXT,
    quoted_at timestamptz,
    yes_bid NUMERIC(10, 6),
    yes_ask NUMERIC(10, 6),
    crowd_probability NUMERIC(10, 6),
    book JSONB,
    final_position TEXT,
    probability NUMERIC(10, 6),
    confidence_score NUMERIC(10, 6),
    max_price NUMERIC(10, 6),
    against_own_probability BOOLEAN,
    reasoning_summary TEXT,
    bet_amount NUMERIC(24, 8),
    no_bet TEXT,
    signal_id BIGINT,
    generation_id BIGINT,
    bet_told_at timestamptz,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cost NUMERIC(24, 8),
    latency_ms INTEGER,
    first_token_ms INTEGER,
    model_version TEXT,
    simulated BOOLEAN,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT betting_sessions_pkey PRIMARY KEY (session_id),
    CONSTRAINT betting_sessions_event_id_model_id_key UNIQUE (event_id, model_id),
    CONSTRAINT betting_sessions_status_check CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    CONSTRAINT betting_sessions_failure_check CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT betting_sessions_position_check CHECK (final_position IN ('YES', 'NO', 'ABSTAIN')),
    CONSTRAINT betting_sessions_decided_check CHECK ((status = 'completed') = (final_position IS NOT NULL)),
    CONSTRAINT betting_sessions_opinion_check
        CHECK (probability BETWEEN 0 AND 1 AND confidence_score BETWEEN 0 AND 1),
    CONSTRAINT betting_sessions_event_id_fkey FOREIGN KEY(event_id) REFERENCES arena_events (event_id),
    CONSTRAINT betting_sessions_model_id_fkey FOREIGN KEY(model_id) REFERENCES ai_models (model_id),
    CONSTRAINT betting_sessions_portfolio_id_fkey FOREIGN KEY(portfolio_id) REFERENCES portfolios (portfolio_id),
    CONSTRAINT betting_sessions_market_no_fkey FOREIGN KEY(market_no) REFERENCES markets (market_no)
);

CREATE INDEX betting_sessions_completed_at_idx ON betting_sessions (completed_at) WHERE completed_at IS NOT NULL;

CREATE INDEX betting_sessions_market_no_idx ON betting_sessions (market_no);

CREATE INDEX betting_sessions_model_id_idx ON betting_sessions (model_id, created_at);

CREATE INDEX betting_sessions_open_idx ON betting_sessions (status) WHERE status IN ('pending', 'running');

CREATE INDEX betting_sessions_uncounted_idx ON betting_sessions (portfolio_id)
    WHERE generation_id IS NULL AND status IN ('completed', 'failed');

CREATE INDEX betting_sessions_unplaced_idx ON betting_sessions (portfolio_id)
    WHERE final_position IN ('YES', 'NO') AND signal_id IS NULL AND no_bet IS NULL;

CREATE INDEX betting_sessions_untold_idx ON betting_sessions (session_id)
    WHERE bet_told_at IS NULL AND final_position IN ('YES', 'NO');

CREATE TABLE event_summaries (
    summary_id UUID NOT NULL,
    event_id UUID NOT NULL,
    summary_text TEXT NOT NULL,
    relevant_data JSONB NOT NULL,
    sources_used JSONB NOT NULL,
    sources_refused JSONB NOT NULL,
    search_queries JSONB NOT NULL,
    agent_model TEXT,
    note TEXT,
    prompt_version TEXT NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT event_summaries_pkey PRIMARY KEY (summary_id),
    CONSTRAINT event_summaries_event_id_key UNIQUE (event_id),
    CONSTRAINT event_summaries_event_id_fkey FOREIGN KEY(event_id) REFERENCES arena_events (event_id)
);

CREATE TABLE settlement_notes (
    event_id UUID NOT NULL,
    version INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    validated BOOLEAN,
    validation_notes TEXT NOT NULL,
    agent_model TEXT,
    alarm BOOLEAN NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT settlement_notes_pkey PRIMARY KEY (event_id, version),
    CONSTRAINT settlement_notes_event_id_fkey FOREIGN KEY(event_id) REFERENCES arena_events (event_id)
);

CREATE TABLE model_calls (
    call_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    model_id UUID,
    session_id UUID,
    event_id UUID,
    provider_model TEXT NOT NULL,
    status TEXT NOT NULL,
    reserved NUMERIC(24, 8) NOT NULL,
    cost NUMERIC(24, 8),
    cost_source TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    latency_ms INTEGER,
    http_status INTEGER,
    failure TEXT,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT model_calls_pkey PRIMARY KEY (call_id),
    CONSTRAINT model_calls_purpose_check CHECK (purpose IN ('session', 'repair', 'search', 'summary', 'validation')),
    CONSTRAINT model_calls_status_check CHECK (status IN ('reserved', 'done', 'failed')),
    CONSTRAINT model_calls_charged_check CHECK ((status = 'reserved') = (cost IS NULL)),
    CONSTRAINT model_calls_cost_source_check CHECK (cost_source IN ('provider', 'tokens', 'estimate', 'none')),
    CONSTRAINT model_calls_dollars_check CHECK (reserved >= 0 AND cost >= 0),
    CONSTRAINT model_calls_model_id_fkey FOREIGN KEY(model_id) REFERENCES ai_models (model_id),
    CONSTRAINT model_calls_session_id_fkey FOREIGN KEY(session_id) REFERENCES betting_sessions (session_id),
    CONSTRAINT model_calls_event_id_fkey FOREIGN KEY(event_id) REFERENCES arena_events (event_id)
);

CREATE INDEX model_calls_model_id_idx ON model_calls (model_id);

CREATE INDEX model_calls_open_idx ON model_calls (started_at) WHERE status = 'reserved';

CREATE INDEX model_calls_session_id_idx ON model_calls (session_id);

CREATE INDEX model_calls_started_at_idx ON model_calls (started_at);

CREATE TABLE sealed_forecasts (
    seal_no BIGINT NOT NULL,
    session_id UUID NOT NULL,
    document TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT sealed_forecasts_pkey PRIMARY KEY (seal_no),
    CONSTRAINT sealed_forecasts_session_id_key UNIQUE (session_id),
    CONSTRAINT sealed_forecasts_session_id_fkey FOREIGN KEY(session_id) REFERENCES betting_sessions (session_id),
    CONSTRAINT sealed_forecasts_hash_key UNIQUE (hash)
);

CREATE TABLE session_messages (
    session_id UUID NOT NULL,
    sequence_number INTEGER NOT NULL,
    message_type TEXT NOT NULL,
    content TEXT NOT NULL,
    action_type TEXT,
    action_amount NUMERIC(24, 8),
    action_shares NUMERIC(24, 8),
    action_price NUMERIC(10, 6),
    created_at timestamptz NOT NULL,
    CONSTRAINT session_messages_pkey PRIMARY KEY (session_id, sequence_number),
    CONSTRAINT session_messages_type_check CHECK (message_type IN ('reasoning', 'action', 'system')),
    CONSTRAINT session_messages_action_check CHECK (action_type IN ('BUY', 'SELL')),
    CONSTRAINT session_messages_session_id_fkey FOREIGN KEY(session_id) REFERENCES betting_sessions (session_id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("""
DROP TABLE session_messages;
DROP TABLE sealed_forecasts;
DROP TABLE model_calls;
DROP TABLE settlement_notes;
DROP TABLE event_summaries;
DROP TABLE betting_sessions;
DROP TABLE standings;
DROP TABLE daily_leaderboards;
DROP TABLE arena_events;
DROP TABLE ai_models;
DROP TABLE viewer_counts;
DROP TABLE event_selections;
""")
