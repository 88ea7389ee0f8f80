"""A throw-away Postgres, set up as production's is, with its data on a disk."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from db.embedded.cluster import Cluster
from db.migrate import upgrade

GONE_TRIES = 250  # of 20 ms


@dataclass(frozen=True)
class Postgres:
    url: str
    prefix: str = "bench"  # of its databases' names

    def migrate_template(self) -> None:
        self._run(f"CREATE DATABASE {self.prefix}_template")
        upgrade(self._address("template"))

    def create(self, name: str) -> str:
        """A migrated and empty database; one of that name is dropped before."""
        self._run(f"DROP DATABASE IF EXISTS {self.prefix}_{name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self.prefix}_{name} TEMPLATE {self.prefix}_template")
        return self._address(name)

    def drop_all(self) -> None:
        with closing(psycopg2.connect(self.url)) as session, session.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (f"{self.prefix}_",))
            names = [name for (name,) in cursor.fetchall()]
        for name in names:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def checkpoint(self) -> None:
        """Before something is timed, so that it does not pay for what was written before."""
        self._run("CHECKPOINT")

    def _address(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{self.prefix}_{name}").geturl()

    def _run(self, statement: str) -> None:
        with closing(psycopg2.connect(self.url)) as session:
            session.autocommit = True
            session.cursor().execute(statement)


def rows_written(url: str) -> dict[str, int]:
    """Rows inserted, changed and deleted so far, by table. Sessions report what they did before they go, so it waits
    until they have gone."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    query = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        session.autocommit = True
        for _ in range(GONE_TRIES):
            cursor.execute(others)
            if cursor.fetchone() == (0,):
                break
            time.sleep(0.02)
        cursor.execute(query)
        return {str(table): int(rows) for table, rows in cursor.fetchall()}


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="coliseum-bench-"))
    cluster = Cluster(folder, durable=True)
    try:
        postgres = Postgres(cluster.start())
        postgres.migrate_template()
        yield postgres
    finally:
        home = cluster.home
        cluster.stop()
        for place in {folder, home}:
            shutil.rmtree(place, ignore_errors=True)
