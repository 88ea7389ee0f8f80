"""The one Postgres: connections, transactions, row reading, bulk loading and locks that die with their holder."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg2
from sqlalchemy import Connection, Engine, Executable, text
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from db.engine import engine_of

Row = TypeVar("Row")

# A Postgres whose machine is gone says nothing; without these a query would wait for it a quarter of an hour.
NOTICED_SOON = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
POOL_SIZE = 12  # connections kept by one service; its thread pool has 40 threads, which queue for them
POOL_WAIT_SECONDS = 10
COPY_BYTES = 1 << 20  # at a time: each portion waits for the interpreter lock, behind whoever parses


class Database:
    def __init__(self, url: str) -> None:
        self.engine: Engine = engine_of(
            url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "options": "-c timezone=UTC", **NOTICED_SOON},
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Wraps SQL alone: whatever needs the network happens before."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Whether we hold the lock of that name. Postgres frees it when the holder ends, however it ends."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            taken = connection.execute(
                text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": name}
            ).scalar_one()
            try:
                yield bool(taken)
            finally:
                if taken:
                    _free(connection, name)

    def version(self) -> str:
        with self.connection() as connection:
            return str(connection.execute(text("SHOW server_version")).scalar_one())

    def dispose(self) -> None:
        self.engine.dispose()


def _free(connection: Connection, name: str) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), {"name": name})
    except (OperationalError, InterfaceError):
        connection.invalidate()  # the session is gone, and its locks with it


def fetch_all(connection: Connection, shape: Callable[..., Row], query: Executable, **values: Any) -> list[Row]:
    """Each row as a value of that shape; the query names its columns as the shape names its fields."""
    return [shape(**row) for row in connection.execute(query, values).mappings()]


def copy_rows(connection: Connection, table: str, columns: Iterable[str], lines: Iterable[str]) -> None:
    """COPY of lines that are already in Postgres' text format (see `shared/copy_text.py`)."""
    cursor = connection.connection.cursor()
    try:
        text_of_rows = io.BytesIO("\n".join(lines).encode())
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text_of_rows, COPY_BYTES)
    except psycopg2.DataError as error:  # COPY goes past SQLAlchemy, whose errors the callers know
        raise DataError("COPY", None, error) from error
    except psycopg2.IntegrityError as error:
        raise IntegrityError("COPY", None, error) from error
    except psycopg2.OperationalError as error:
        raise OperationalError("COPY", None, error) from error
    finally:
        cursor.close()


def copy_out(connection: Connection, query: str) -> Iterator[str]:
    """The rows of a query as lines of COPY text: the fastest way out for many narrow rows."""
    lines = io.StringIO()
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT", lines, COPY_BYTES)
    finally:
        cursor.close()
    lines.seek(0)
    return iter(lines)
