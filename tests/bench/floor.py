"""The floor that figures stand on: `copy_raw`, COPY of prebuilt market rows into a table with only its primary key."""

import io
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter

import psycopg2

# 26 columns of a market as it is stored; the last one is most of its bytes.
COLUMNS = (
    "market_id text PRIMARY KEY",
    "platform text",
    "external_id text",
    "event_id text",
    "question text",
    "slug text",
    "group_title text",
    "condition_id text",
    "status text",
    "accepting_orders boolean",
    "placeholder boolean",
    "tick_size numeric",
    "min_size numeric",
    "fee jsonb",
    "strike jsonb",
    "opens_at timestamptz",
    "closes_at timestamptz",
    "yes_bid numeric",
    "yes_ask numeric",
    "last_price numeric",
    "volume numeric",
    "volume_24h numeric",
    "liquidity numeric",
    "quoted_at timestamptz",
    "updated_at timestamptz",
    "rules text",
)
CHUNK_BYTES = 1 << 20  # the driver's own 8 kB would make the floor slower than it has to be


@dataclass(frozen=True)
class CopyRaw:
    """The rows of one database as COPY text, ready to be copied into it again."""

    url: str
    rows: int
    text: str
    columns: tuple[str, ...]

    def seconds(self) -> float:
        """One COPY with its commit."""
        with closing(psycopg2.connect(self.url)) as session, session.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS copy_raw")
            cursor.execute(f"CREATE TABLE copy_raw ({', '.join(self.columns)})")
            session.commit()
            text = io.BytesIO(self.text.encode())
            began = perf_counter()
            cursor.copy_expert("COPY copy_raw FROM STDIN", text, CHUNK_BYTES)
            session.commit()
            return perf_counter() - began


def copy_raw(url: str, *, with_rules: bool = True) -> CopyRaw:
    """Of the markets stored in that database."""
    columns = COLUMNS if with_rules else COLUMNS[:-1]
    names = ", ".join(column.split()[0] for column in columns)
    query = f"SELECT {names} FROM markets LEFT JOIN market_rules USING (market_no) ORDER BY market_no"
    query = query.replace("updated_at", "markets.updated_at")
    rows = io.StringIO()
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT", rows)
        count = cursor.rowcount
    return CopyRaw(url, count, rows.getvalue(), columns)
