"""Tables that the markets service writes: markets, their versions, quotes over time, candles, books and its syncs."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.metadata import Moment, Money, Price, Quantity, catalogue


def _facts() -> list[Column[object]]:
    """What is known of a market besides its trading; a change of these supersedes the row."""
    return [
        Column("event_id", Text),
        Column("question", Text, nullable=False),
        Column("slug", Text),
        Column("group_title", Text),
        Column("market_type", Text, nullable=False),
        Column("condition_id", Text),
        Column("status", Text, nullable=False),
        Column("venue_status", Text),
        Column("accepting_orders", Boolean),
        Column("placeholder", Boolean, nullable=False),
        Column("outcome", Text),
        Column("payout_yes", Price),
        Column("tick_size", Price),
        Column("price_bands", JSONB),
        Column("min_size", Quantity),
        Column("fee", JSONB),
        Column("order_delay_seconds", Integer),
        Column("strike", JSONB),
        Column("opens_at", Moment),
        Column("closes_at", Moment),
        Column("resolves_at", Moment),
        Column("settled_at", Moment),
        Column("resolution_source", Text),
        Column("resolution_evidence", JSONB),
        Column("facts_hash", LargeBinary, nullable=False),
        Column("valid_from", Moment, nullable=False),
    ]


markets = Table(
    "markets",
    catalogue,
    Column("market_no", Integer, Identity(always=True), primary_key=True),  # the surrogate of high-volume tables
    Column("market_id", Text, nullable=False, unique=True),  # polymarket:906973, kalshi:KXHIGHNY-26JUL19-T80
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    *_facts(),
    Column("yes_bid", Price),
    Column("yes_ask", Price),
    Column("yes_bid_size", Quantity),
    Column("yes_ask_size", Quantity),
    Column("last_price", Price),
    Column("quoted_at", Moment),  # when we received the quote
    Column("quote_source", Text),
    Column("volume", Money),
    Column("volume_24h", Money),
    Column("volume_unit", Text, nullable=False),
    Column("liquidity", Money),
    Column("open_interest", Money),
    Column("content_hash", LargeBinary, nullable=False),
    Column("venue_updated_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("markets_event_id_idx", "event_id"),
    Index("markets_unsettled_idx", "platform", "market_no", postgresql_where=text("status <> 'final'")),
    CheckConstraint("status IN ('open', 'closed', 'proposed', 'disputed', 'final')", name="status"),
    CheckConstraint("outcome IN ('yes', 'no', 'split', 'void', 'scalar')", name="outcome"),
    CheckConstraint("payout_yes BETWEEN 0 AND 1", name="payout_yes"),
    CheckConstraint("yes_bid > 0 AND yes_bid < 1 AND yes_ask > 0 AND yes_ask < 1", name="quote"),
    CheckConstraint("quote_source IN ('listing', 'book')", name="quote_source"),
    postgresql_with={"fillfactor": "70"},
)

market_versions = Table(
    "market_versions",
    catalogue,
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    *_facts(),
    Column("rules", Text),
    Column("valid_to", Moment, nullable=False),
    PrimaryKeyConstraint("market_no", "valid_from"),
)

market_outcomes = Table(
    "market_outcomes",
    catalogue,
    Column("market_no", Integer, ForeignKey("markets.market_no"), nullable=False),
    Column("side", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("token_id", Text),  # up to 78 digits
    PrimaryKeyConstraint("market_no", "side"),
    CheckConstraint("side IN ('yes', 'no')", name="side"),
)

market_rules = Table(
    "market_rules",
    catalogue,
    Column("market_no", Integer, ForeignKey("markets.market_no"), primary_key=True),
    Column("rules", Text, nullable=False),  # kilobytes; apart from `markets`, which is rewritten with each price
    Column("updated_at", Moment, nullable=False),
)

market_snapshots = Table(
    "market_snapshots",
    catalogue,
    Column("quoted_at", Moment, nullable=False),
    Column("market_no", Integer, nullable=False),
    Column("yes_bid", Price),
    Column("yes_ask", Price),
    Column("yes_bid_size", Quantity),
    Column("yes_ask_size", Quantity),
    Index("market_snapshots_quoted_at_idx", "quoted_at", postgresql_using="brin"),
    postgresql_partition_by="RANGE (quoted_at)",
)

market_ticks = Table(
    "market_ticks",
    catalogue,
    Column("market_no", Integer, nullable=False),
    Column("period", SmallInteger, nullable=False),  # minutes
    Column("opened_at", Moment, nullable=False),
    Column("open", Price, nullable=False),
    Column("high", Price, nullable=False),
    Column("low", Price, nullable=False),
    Column("close", Price, nullable=False),
    Column("volume", Quantity),  # contracts; null where the source does not count them
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("market_no", "period", "opened_at"),
    CheckConstraint("period IN (1, 60, 1440)", name="period"),
    CheckConstraint("source IN ('snapshots', 'venue')", name="source"),
)

tick_rolls = Table(
    "tick_rolls",
    catalogue,
    Column("one", SmallInteger, primary_key=True),
    Column("rolled_to", Moment, nullable=False),  # quotes before this minute are in the candles
    CheckConstraint("one = 1", name="one"),
)

order_books = Table(
    "order_books",
    catalogue,
    Column("market_no", Integer, ForeignKey("markets.market_no"), primary_key=True),
    Column("quoted_at", Moment, nullable=False),  # when we received it
    Column("venue_time", Moment),
    Column("bids", JSONB, nullable=False),  # of the yes side, best first, [price, size]
    Column("asks", JSONB, nullable=False),
)

market_syncs = Table(
    "market_syncs",
    catalogue,
    Column("sync_id", Uuid, primary_key=True),
    Column("status", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("reported_at", Moment, nullable=False),
    Column("platforms", JSONB, nullable=False),
    CheckConstraint("status IN ('running', 'success', 'partial', 'failed', 'interrupted')", name="status"),
    Index("market_syncs_started_at_idx", text("started_at DESC")),
)
