"""The feed: what happened, in the order in which it happened, written in the transaction of the fact itself."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.metadata import Moment, catalogue

feed_entries = Table(
    "feed_entries",
    catalogue,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("portfolio_id", Integer),
    Column("market_no", Integer),
    Column("payload", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("feed_entries_created_at_idx", "created_at", postgresql_using="brin"),
)
