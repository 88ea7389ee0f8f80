"""A throw-away Postgres, set up as production's is, with its data on a disk."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from db.embedded.cluster import Cluster
from db.migrate import upgrade

_TEMPLATE = "bench_template"


@dataclass(frozen=True)
class Postgres:
    url: str

    def create(self, name: str) -> str:
        """A migrated database; one of that name is dropped before."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self._address(name)

    def copy(self, source: str, name: str) -> str:
        """A database as another one is now."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {name} TEMPLATE {source}")
        return self._address(name)

    def migrate_template(self) -> None:
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        upgrade(self._address(_TEMPLATE))

    def checkpoint(self) -> None:
        """Before something is timed, so that it does not pay for what was written before."""
        self._run("CHECKPOINT")

    def _address(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def _run(self, statement: str) -> None:
        with closing(psycopg2.connect(self.url)) as session:
            session.autocommit = True
            session.cursor().execute(statement)


def rows_written(url: str, *spared: str) -> dict[str, int]:
    """Rows inserted, changed and deleted so far, by table, but for the `spared` ones."""
    query = """SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname <> ALL(%s)"""
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        cursor.execute(query, (list(spared),))
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
