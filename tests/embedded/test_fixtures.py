"""The databases that the other tests work in."""

from sqlalchemy import Connection, text

from shared.database import Database


def test_a_test_leaves_no_row_behind_for_the_next_one(connection: Connection) -> None:
    tables = connection.execute(text("SELECT count(*) FROM pg_tables WHERE tablename = 'left_behind'")).scalar_one()

    connection.execute(text("CREATE TABLE left_behind (number int)"))

    assert tables == 0


def test_the_same_again_sees_nothing_of_it(connection: Connection) -> None:
    test_a_test_leaves_no_row_behind_for_the_next_one(connection)


def test_the_databases_are_migrated(fresh_database: Database, database: Database) -> None:
    versions = []

    for opened in (fresh_database, database):
        with opened.connection() as connection:
            versions.append(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())

    assert versions[0] == versions[1]
