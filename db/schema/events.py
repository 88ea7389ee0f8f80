"""Tables that the events service writes: platforms, series, events and its syncs."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, LargeBinary, Numeric, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.schema.metadata import Moment, Money, catalogue

platforms = Table(
    "platforms",
    catalogue,
    Column("platform", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("simulated", Boolean),  # the venue said of itself that it is simulated; null: never reached
    Column("updated_at", Moment, nullable=False),
)

series = Table(
    "series",
    catalogue,
    Column("series_id", Text, primary_key=True),  # polymarket:35, kalshi:KXHIGHNY
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("category", Text),
    Column("tags", ARRAY(Text), nullable=False),
    Column("frequency", Text),
    Column("fee_type", Text),
    Column("fee_multiplier", Numeric(10, 6)),
    Column("settlement_sources", JSONB, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("venue_updated_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

events = Table(
    "events",
    catalogue,
    Column("event_id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("series_id", Text),  # may name a series that the venue does not list
    Column("title", Text, nullable=False),
    Column("subtitle", Text),
    Column("description", Text),
    Column("category", Text),
    Column("tags", ARRAY(Text), nullable=False),
    Column("mutually_exclusive", Boolean),  # at most one market ends yes
    Column("exhaustive", Boolean),  # exactly one does
    Column("status", Text, nullable=False),
    Column("starts_at", Moment),
    Column("closes_at", Moment),
    Column("volume", Money),
    Column("volume_24h", Money),
    Column("liquidity", Money),
    Column("open_interest", Money),
    Column("fee_type_override", Text),
    Column("fee_multiplier_override", Numeric(10, 6)),
    Column("game_id", Text),
    Column("content_hash", LargeBinary, nullable=False),
    Column("venue_updated_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
)

event_syncs = Table(
    "event_syncs",
    catalogue,
    Column("sync_id", Uuid, primary_key=True),
    Column("status", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("reported_at", Moment, nullable=False),
    Column("platforms", JSONB, nullable=False),
    CheckConstraint("status IN ('running', 'success', 'partial', 'failed', 'interrupted')", name="status"),
    Index("event_syncs_started_at_idx", text("started_at DESC")),
)
