"""The benchmark of the books in small: the same statements at any size, calls by the batch, and no row for a repeat."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.bench.ledger import ledger_figures
from tests.bench.postgres import Postgres
from tests.bench.scale import TINY


@pytest.fixture
def postgres(server_url: str) -> Iterator[Postgres]:
    """The tests' own server, with databases of names of their own."""
    postgres = Postgres(server_url, prefix=f"bench_{uuid4().hex[:12]}")
    postgres.migrate_template()
    yield postgres
    postgres.drop_all()


def test_marking_and_settling_are_measured_on_books_that_are_in_order(postgres: Postgres) -> None:
    figures = list(ledger_figures(postgres, TINY))

    assert {figure.code for figure in figures} == {"G6", "G14", "G15", "audit"}
    values = {figure.name: figure.value for figure in figures}
    assert values["rows written by settling again"] == 0
    assert values["statements of a pass"] == values["the same over 100 positions"]
    assert (values["statements of a pass"] or 99) <= 10
    assert values["network calls to value positions in 100 markets"] == 1
