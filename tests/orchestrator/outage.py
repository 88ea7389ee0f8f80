"""Outages of the database, as a restart of Postgres or a broken line makes them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2

from shared.database import Database


def end_sessions(server_url: str, database: Database) -> None:
    """As a restart of Postgres does it."""
    name = database.engine.url.database
    with closing(psycopg2.connect(server_url)) as session:
        session.autocommit = True
        session.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


@contextmanager
def database_away(server_url: str, database: Database) -> Iterator[None]:
    """Nobody gets in, and whoever was in is out."""
    name = database.engine.url.database
    elsewhere = urlsplit(server_url)._replace(path="/postgres").geturl()
    with closing(psycopg2.connect(elsewhere)) as session:
        session.autocommit = True
        session.cursor().execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        end_sessions(elsewhere, database)
        yield
        session.cursor().execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
