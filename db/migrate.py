"""Brings a database to the newest schema: `python -m db.migrate`."""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from db.engine import engine_of

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 4_023_871  # any number; two migrations of one database wait for each other


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    engine = engine_of(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.commit()
            try:
                command.upgrade(alembic_config(url), revision)
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
                connection.commit()
    finally:
        engine.dispose()


def run() -> int:
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.stderr.write("DATABASE_URL is missing: set it to the address of the database to migrate.\n")
        return 2
    upgrade(url)
    return 0


if __name__ == "__main__":
    sys.exit(run())
