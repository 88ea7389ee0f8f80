"""Postgres for the tests: one throw-away server for all workers, and a database of its own for each module."""

# TEST_DATABASE_URL names another server to use; its role must be allowed to create databases. DATABASE_URL is not
# looked at: tests never touch the data somebody works with.

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import Connection

from db.embedded.cluster import Cluster
from db.migrate import upgrade
from shared.database import Database

FOLDER = "COLISEUM_TESTS_FOLDER"  # how the workers learn from the controller where the server is
PREFIX = "coliseum-tests-"
RAM_DISK = Path("/dev/shm")


def pytest_configure(config: pytest.Config) -> None:
    """The controller names the folder; the first test that needs a database starts the server in it."""
    if hasattr(config, "workerinput"):
        return
    place = RAM_DISK if os.access(RAM_DISK, os.W_OK) else Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        if not _alive(int(left.name.split("-")[2])):
            _remove(left)
    os.environ[FOLDER] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and FOLDER in os.environ:
        _remove(Path(os.environ.pop(FOLDER)))


@pytest.fixture(scope="session")
def server_url() -> str:
    """A server with the migrated template."""
    folder = Path(os.environ[FOLDER])
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        url = os.environ.get("TEST_DATABASE_URL") or Cluster(folder, durable=False).start()
        made = folder / "template.made"
        if not made.exists():
            _run(url, f"CREATE DATABASE {_template()}")
            upgrade(urlsplit(url)._replace(path=f"/{_template()}").geturl())
            made.touch()
    return url


@pytest.fixture(scope="module")
def database_url(server_url: str) -> Iterator[str]:
    """A migrated database for the tests of one module."""
    with _new_database(server_url) as url:
        yield url


@pytest.fixture
def fresh_database_url(server_url: str) -> Iterator[str]:
    """A migrated database for one test."""
    with _new_database(server_url) as url:
        yield url


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Database]:
    with _opened(database_url) as database:
        yield database


@pytest.fixture
def fresh_database(fresh_database_url: str) -> Iterator[Database]:
    with _opened(fresh_database_url) as database:
        yield database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction that leaves no trace."""
    with database.connection() as connection:
        yield connection
        connection.rollback()


@contextmanager
def _new_database(server: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {_template()}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.dispose()


def _template() -> str:
    """One for each run, because a server named by TEST_DATABASE_URL may serve several."""
    return f"template_{Path(os.environ[FOLDER]).name.replace('-', '_')}"


def _run(server: str, statement: str) -> None:
    with closing(psycopg2.connect(server)) as session:
        session.autocommit = True
        session.cursor().execute(statement)


def _remove(folder: Path) -> None:
    if (folder / "template.made").exists() and (server := os.environ.get("TEST_DATABASE_URL")):
        _run(server, f"DROP DATABASE IF EXISTS template_{folder.name.replace('-', '_')}")
    Cluster(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
