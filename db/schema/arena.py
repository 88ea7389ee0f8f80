"""Tables that the arena writes: models, events, what they read, say and forecast, and how they are judged."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.metadata import Moment, Money, Price, catalogue

ai_models = Table(
    "ai_models",
    catalogue,
    Column("model_id", Uuid, primary_key=True),
    Column("external_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),  # an ensemble forecasts the median of the models
    Column("openrouter_model", Text, nullable=False),  # the provider's id of the model
    Column("base_url", Text),  # null: OPENROUTER_BASE_URL
    Column("api_key_variable", Text),  # null: OPENROUTER_API_KEY
    Column("color", Text, nullable=False),
    Column("text_color", Text, nullable=False),
    Column("avatar", Text, nullable=False),
    Column("sighted", Boolean, nullable=False),  # false: it does not see the market's price
    Column("twin_of", Text),  # the external id of the entry that it repeats
    Column("prompt_price", Money),  # dollars per million tokens; null: not known
    Column("completion_price", Money),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("removed", Boolean, nullable=False),  # it stands in the file of models no longer
    Column("simulated", Boolean),  # the provider said of itself that it is simulated; null: never reached
    Column("checked_at", Moment),  # against the provider's list
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), unique=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("kind IN ('model', 'ensemble')", name="kind"),
    CheckConstraint("enabled = (disabled_reason IS NULL)", name="disabled"),
)

# One row a period in which events were selected, so that none is selected for twice.
event_selections = Table(
    "event_selections",
    catalogue,
    Column("slot_at", Moment, primary_key=True),  # the beginning of the period
    Column("selected_at", Moment, nullable=False),
    Column("candidates", Integer, nullable=False),
    Column("chosen", Integer, nullable=False),
)

arena_events = Table(
    "arena_events",
    catalogue,
    Column("event_id", Uuid, primary_key=True),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False, unique=True),
    Column("status", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("selection_date", Date, nullable=False),
    Column("title", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("category", Text),
    Column("chosen_for", JSONB, nullable=False),  # liquidity, spread and so on, as they were
    Column("current_price", Price),  # of yes, indicative
    Column("priced_at", Moment),
    Column("close_time", Moment, nullable=False),
    Column("approved_at", Moment),
    Column("activated_at", Moment),
    Column("closed_at", Moment),
    Column("settlement_time", Moment),
    Column("outcome", Text),
    Column("note", Text),  # why it was withdrawn, or what it had to do without
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("arena_events_open_idx", "status", postgresql_where=text("status NOT IN ('settled', 'withdrawn')")),
    Index("arena_events_created_at_idx", "created_at"),
    Index("arena_events_settled_idx", "updated_at", postgresql_where=text("status = 'settled'")),
    CheckConstraint(
        "status IN ('pending', 'approved', 'active', 'closed', 'settled', 'withdrawn')",
        name="status",
    ),
    CheckConstraint("origin IN ('selection', 'manual', 'swap')", name="origin"),
    CheckConstraint("outcome IN ('yes', 'no', 'split', 'void', 'scalar')", name="outcome"),
)

event_summaries = Table(
    "event_summaries",
    catalogue,
    Column("summary_id", Uuid, primary_key=True),
    Column("event_id", Uuid, ForeignKey("arena_events.event_id"), nullable=False, unique=True),
    Column("summary_text", Text, nullable=False),
    Column("relevant_data", JSONB, nullable=False),
    Column("sources_used", JSONB, nullable=False),  # url, title, published_at, fetched_at
    Column("sources_refused", JSONB, nullable=False),  # url, title, reason
    Column("search_queries", JSONB, nullable=False),
    Column("agent_model", Text),  # null: nobody compiled it, the text is the venue's own
    Column("note", Text),  # what it had to do without, and why
    Column("prompt_version", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

betting_sessions = Table(
    "betting_sessions",
    catalogue,
    Column("session_id", Uuid, primary_key=True),
    Column("event_id", Uuid, ForeignKey("arena_events.event_id"), nullable=False),
    Column("model_id", Uuid, ForeignKey("ai_models.model_id"), nullable=False),
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("status", Text, nullable=False),
    Column("failure", Text),  # a code of `services/arena/domain/failures.py`
    Column("failure_detail", Text),
    Column("claimed_by", Text),  # the process that runs it
    Column("lease_until", Moment),  # after this moment the process counts as dead
    Column("asked_at", Moment),  # set before the request leaves: from here on it may have been charged
    Column("prompt_version", Text),
    Column("prompt", JSONB),  # the messages, word for word
    Column("answer", Text),
    Column("quoted_at", Moment),
    Column("yes_bid", Price),
    Column("yes_ask", Price),
    Column("crowd_probability", Price),  # the mid of that quote
    Column("book", JSONB),  # the levels that were there, for sizing it again in other ways
    Column("final_position", Text),
    Column("probability", Price),  # of yes
    Column("confidence_score", Price),
    Column("max_price", Price),  # of the side that is bought
    Column("against_own_probability", Boolean),  # it buys a side for more than it thinks that side worth
    Column("reasoning_summary", Text),
    Column("bet_amount", Money),  # that the signal asked for
    Column("no_bet", Text),  # the reason code of a position without a signal
    Column("signal_id", BigInteger),
    Column("generation_id", BigInteger),  # of the answer in which it was counted
    Column("bet_told_at", Moment),  # when its messages said what became of the bet
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("cost", Money),
    Column("latency_ms", Integer),
    Column("first_token_ms", Integer),
    Column("model_version", Text),
    Column("simulated", Boolean),
    Column("started_at", Moment),
    Column("completed_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("event_id", "model_id"),  # a model meets an event once
    Index("betting_sessions_model_id_idx", "model_id", "created_at"),
    Index("betting_sessions_market_no_idx", "market_no"),
    Index("betting_sessions_completed_at_idx", "completed_at", postgresql_where=text("completed_at IS NOT NULL")),
    Index(
        "betting_sessions_open_idx",
        "status",
        postgresql_where=text("status IN ('pending', 'running')"),
    ),
    Index(
        "betting_sessions_unplaced_idx",
        "portfolio_id",
        postgresql_where=text("final_position IN ('YES', 'NO') AND signal_id IS NULL AND no_bet IS NULL"),
    ),
    Index(
        "betting_sessions_untold_idx",
        "session_id",
        postgresql_where=text("bet_told_at IS NULL AND final_position IN ('YES', 'NO')"),
    ),
    Index(
        "betting_sessions_uncounted_idx",
        "portfolio_id",
        postgresql_where=text("generation_id IS NULL AND status IN ('completed', 'failed')"),
    ),
    CheckConstraint("status IN ('pending', 'running', 'completed', 'failed')", name="status"),
    CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure"),
    CheckConstraint("final_position IN ('YES', 'NO', 'ABSTAIN')", name="position"),
    CheckConstraint("(status = 'completed') = (final_position IS NOT NULL)", name="decided"),
    CheckConstraint("probability BETWEEN 0 AND 1 AND confidence_score BETWEEN 0 AND 1", name="opinion"),
)

# What a session says, in the pieces in which it came; consecutive pieces of reasoning are one text.
session_messages = Table(
    "session_messages",
    catalogue,
    Column("session_id", Uuid, ForeignKey("betting_sessions.session_id"), nullable=False),
    Column("sequence_number", Integer, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("action_type", Text),
    Column("action_amount", Money),
    Column("action_shares", Money),
    Column("action_price", Price),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("session_id", "sequence_number"),
    CheckConstraint("message_type IN ('reasoning', 'action', 'system')", name="type"),
    CheckConstraint("action_type IN ('BUY', 'SELL')", name="action"),
)

# Every request to a provider, written before it leaves: budgets count what is reserved and what was charged.
model_calls = Table(
    "model_calls",
    catalogue,
    Column("call_id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("model_id", Uuid, ForeignKey("ai_models.model_id")),
    Column("session_id", Uuid, ForeignKey("betting_sessions.session_id")),
    Column("event_id", Uuid, ForeignKey("arena_events.event_id")),
    Column("provider_model", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reserved", Money, nullable=False),  # the most that it may cost
    Column("cost", Money),  # null while it is under way
    Column("cost_source", Text),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("latency_ms", Integer),
    Column("http_status", Integer),
    Column("failure", Text),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("model_calls_started_at_idx", "started_at"),
    Index("model_calls_session_id_idx", "session_id"),
    Index("model_calls_model_id_idx", "model_id"),
    Index("model_calls_open_idx", "started_at", postgresql_where=text("status = 'reserved'")),
    CheckConstraint("purpose IN ('session', 'repair', 'search', 'summary', 'validation')", name="purpose"),
    CheckConstraint("status IN ('reserved', 'done', 'failed')", name="status"),
    CheckConstraint("(status = 'reserved') = (cost IS NULL)", name="charged"),
    CheckConstraint("cost_source IN ('provider', 'tokens', 'estimate', 'none')", name="cost_source"),
    CheckConstraint("reserved >= 0 AND cost >= 0", name="dollars"),
)

# The chain: each link hashes its document and the link before, so that no forecast can be changed or put in afterwards.
sealed_forecasts = Table(
    "sealed_forecasts",
    catalogue,
    Column("seal_no", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … without a gap
    Column("session_id", Uuid, ForeignKey("betting_sessions.session_id"), nullable=False, unique=True),
    Column("document", Text, nullable=False),  # canonical JSON, the very bytes that are hashed
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("sealed_at", Moment, nullable=False),
)

# What a model thinks of the venue's result: a note beside the settlement, which it never changes.
settlement_notes = Table(
    "settlement_notes",
    catalogue,
    Column("event_id", Uuid, ForeignKey("arena_events.event_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("validated", Boolean),  # null: nobody could say
    Column("validation_notes", Text, nullable=False),
    Column("agent_model", Text),
    Column("alarm", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("event_id", "version"),
)

# The board as it was last computed; figures that need every settled event stand here, money is read fresh.
standings = Table(
    "standings",
    catalogue,
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), primary_key=True),
    Column("figures", JSONB, nullable=False),
    Column("computed_at", Moment, nullable=False),
)

daily_leaderboards = Table(
    "daily_leaderboards",
    catalogue,
    Column("portfolio_id", Integer, ForeignKey("portfolios.portfolio_id"), nullable=False),
    Column("date", Date, nullable=False),
    Column("rank", Integer),  # null: not enough settled events
    Column("daily_pnl", Money, nullable=False),
    Column("daily_bets", Integer, nullable=False),
    Column("daily_wins", Integer, nullable=False),
    Column("daily_losses", Integer, nullable=False),
    Column("total_balance", Money, nullable=False),
    Column("total_pnl", Money, nullable=False),
    Column("total_roi", Numeric(18, 8), nullable=False),
    Column("figures", JSONB, nullable=False),  # the board's other figures of that day
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("date", "portfolio_id"),
)

# Who looks at which event, by replica; a replica that says nothing for a while counts for nothing.
viewer_counts = Table(
    "viewer_counts",
    catalogue,
    Column("replica", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("viewers", Integer, nullable=False),
    Column("seen_at", Moment, nullable=False),
    PrimaryKeyConstraint("replica", "event_id"),
    prefixes=["UNLOGGED"],
)
