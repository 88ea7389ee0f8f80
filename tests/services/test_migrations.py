"""Migrations and declared tables: both say the same, forwards and backwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from db.engine import engine_of
from db.migrate import alembic_config, upgrade
from db.schema import catalogue


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    engine = engine_of(fresh_database_url)
    yield engine
    engine.dispose()


def differences(connection: Connection) -> list[Any]:
    def ours(name: str | None, kind: str, *_: object) -> bool:
        """The partitions of the snapshots come with time; their table is declared."""
        return not (kind == "table" and str(name).startswith(("market_snapshots_", "alembic_version")))

    options = {"compare_type": True, "compare_server_default": True, "include_name": ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), catalogue))


def constraints(connection: Connection) -> dict[tuple[str, str], str]:
    query = """
        SELECT conrelid::regclass::text AS table_name, conname, pg_get_constraintdef(oid) AS said FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conname NOT LIKE '%not_null'
            AND conrelid::regclass::text NOT LIKE 'market_snapshots_%' AND conrelid::regclass::text <> 'alembic_version'
    """
    return {(row.table_name, row.conname): row.said for row in connection.execute(text(query))}


@contextmanager
def declared_elsewhere(engine: Engine) -> Iterator[Connection]:
    """The declared tables, made from their declarations in a schema of their own."""
    with engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA declared"))
        connection.execute(text("SET search_path TO declared"))
        catalogue.create_all(connection)
        yield connection
        connection.rollback()


def test_an_empty_database_becomes_what_is_declared(engine: Engine) -> None:
    with engine.connect() as connection:
        assert differences(connection) == []
        assert set(inspect(connection).get_table_names()) - {"alembic_version"} == set(catalogue.tables)


def test_constraints_and_indexes_are_those_that_are_declared(engine: Engine) -> None:
    with engine.connect() as connection:
        migrated = constraints(connection)
        indexes = {
            (row.tablename, row.indexname): row.indexdef.replace("public.", "")
            for row in connection.execute(text("SELECT * FROM pg_indexes WHERE schemaname = 'public'"))
            if row.tablename != "alembic_version" and not row.tablename.startswith("market_snapshots_")
        }
    with declared_elsewhere(engine) as connection:
        query = text("SELECT * FROM pg_indexes WHERE schemaname = 'declared'")
        wanted_indexes = {
            (row.tablename, row.indexname): row.indexdef.replace("declared.", "") for row in connection.execute(query)
        }
        query = text("""
            SELECT c.relname, conname, pg_get_constraintdef(k.oid) AS said FROM pg_constraint k
            JOIN pg_class c ON c.oid = conrelid WHERE k.connamespace = 'declared'::regnamespace
            AND conname NOT LIKE '%not_null'
        """)
        wanted = {(row.relname, row.conname): row.said for row in connection.execute(query)}

    assert migrated == wanted
    assert indexes == wanted_indexes


def test_what_must_hold_is_said_in_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        checks = {name for (_, name), said in constraints(connection).items() if said.startswith("CHECK")}

    assert {
        "markets_status_check",
        "markets_outcome_check",
        "markets_payout_yes_check",
        "markets_quote_check",
        "markets_quote_source_check",
        "market_outcomes_side_check",
        "market_ticks_period_check",
        "market_ticks_source_check",
        "market_syncs_status_check",
        "event_syncs_status_check",
        "events_status_check",
        "tick_rolls_one_check",
    } <= checks


REFUSED = [
    {"status": "sleeping"},
    {"outcome": "perhaps"},
    {"payout_yes": "1.01"},
    {"payout_yes": "-0.01"},
    {"yes_bid": "0"},
    {"yes_ask": "1"},
    {"quote_source": "rumour"},
    {"market_id": "polymarket:1"},
    {"question": None},
]


@pytest.mark.parametrize("change", REFUSED, ids=[str(change) for change in REFUSED])
def test_a_market_that_cannot_be_is_refused(engine: Engine, change: dict[str, Any]) -> None:
    row = {
        "market_id": "polymarket:2",
        "platform": "polymarket",
        "external_id": "2",
        "question": "?",
        "market_type": "binary",
        "status": "open",
        "placeholder": False,
        "volume_unit": "dollars",
    }
    stamps = "facts_hash, content_hash, valid_from, created_at, updated_at"

    def insert(connection: Connection, values: dict[str, Any]) -> None:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        statement = f"INSERT INTO markets ({names}, {stamps}) VALUES ({marks}, '', '', now(), now(), now())"
        connection.execute(text(statement), values)

    with engine.begin() as connection:
        insert(connection, {**row, "market_id": "polymarket:1"})

    with engine.connect() as connection:
        insert(connection, row)
        connection.rollback()
        with pytest.raises(IntegrityError):
            insert(connection, {**row, **change})


def test_going_back_and_forth_ends_at_the_same_tables(engine: Engine, fresh_database_url: str) -> None:
    script = ScriptDirectory.from_config(alembic_config(fresh_database_url))
    with engine.connect() as connection:
        before = constraints(connection)

    for _ in script.walk_revisions():
        command.downgrade(alembic_config(fresh_database_url), "-1")
    with engine.connect() as connection:
        left = set(inspect(connection).get_table_names())
    upgrade(fresh_database_url)

    assert left == {"alembic_version"}
    with engine.connect() as connection:
        assert constraints(connection) == before
        assert differences(connection) == []


def test_each_revision_follows_the_one_before(fresh_database_url: str) -> None:
    script = ScriptDirectory.from_config(alembic_config(fresh_database_url))

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_upgrading_what_is_up_to_date_changes_nothing(engine: Engine, fresh_database_url: str) -> None:
    oids = "SELECT relname, oid::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    with engine.connect() as connection:
        before = connection.execute(text(oids)).all()

    upgrade(fresh_database_url)

    with engine.connect() as connection:
        assert connection.execute(text(oids)).all() == before
