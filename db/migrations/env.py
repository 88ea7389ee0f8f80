"""How Alembic reaches the database that `db.migrate` names."""

from alembic import context

from db.engine import engine_of
from db.schema import catalogue


def run_migrations() -> None:
    engine = engine_of(context.config.attributes["url"])
    try:
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=catalogue, compare_type=True)
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


run_migrations()
