"""The benchmark of the pool in small: it fills a database, loads the pool in a process of its own and decides."""

from uuid import uuid4

from tests.bench.pools import pool_figures
from tests.bench.postgres import Postgres
from tests.bench.scale import TINY


def test_the_figures_of_the_pool_are_all_measured(server_url: str) -> None:
    postgres = Postgres(server_url, prefix=f"bench_{uuid4().hex}")
    postgres.migrate_template()

    figures = list(pool_figures(postgres, TINY))
    postgres.drop_all()

    assert {figure.code for figure in figures} == {"G7"}
    assert [figure.name for figure in figures if figure.value is None] == []
    assert len(figures) == 11
