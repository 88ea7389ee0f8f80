"""The feed: what happened, written in the transaction of the fact itself."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from db.schema.metadata import Moment, catalogue


class TransactionId(UserDefinedType[str]):
    """`xid8`, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


ischema_names["xid8"] = TransactionId  # for who compares the tables that are there with these


feed_entries = Table(
    "feed_entries",
    catalogue,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    # Identities commit out of order, so readers go by what each snapshot added to the one before.
    Column("transaction_id", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("kind", Text, nullable=False),
    Column("portfolio_id", Integer),
    Column("market_no", Integer),
    Column("payload", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("feed_entries_transaction_id_idx", "transaction_id"),
    Index("feed_entries_created_at_idx", "created_at", postgresql_using="brin"),
)

# How far entries were deleted: the highest numbers that are gone, for a reader who comes from further back.
feed_forgotten = Table(
    "feed_forgotten",
    catalogue,
    Column("one", SmallInteger, primary_key=True),
    Column("transaction_id", TransactionId, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("created_before", Moment, nullable=False),
    CheckConstraint("one = 1", name="one"),
)
