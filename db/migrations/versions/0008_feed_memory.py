"""How far the feed has forgotten its entries."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE feed_forgotten (
    one SMALLINT NOT NULL,
    transaction_id xid8 NOT NULL,
    entry_id BIGINT NOT NULL,
    created_before timestamptz NOT NULL,
    CONSTRAINT feed_forgotten_pkey PRIMARY KEY (one),
    CONSTRAINT feed_forgotten_one_check CHECK (one = 1)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("""
DROP TABLE feed_forgotten;
""")
