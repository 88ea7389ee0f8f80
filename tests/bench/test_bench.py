"""The benchmark in small: it runs, a sync writes only what changed, and asks Postgres by the batch."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.bench.figures import Figure, Floor, Goal
from tests.bench.listing import Listing
from tests.bench.postgres import Postgres
from tests.bench.scale import TINY
from tests.bench.sync_process import measured_sync
from tests.bench.syncs import sync_figures
from tests.bench.venues import LocalVenues, running_venues


@pytest.fixture
def postgres(server_url: str) -> Iterator[Postgres]:
    """The tests' own server, with databases of names of their own."""
    postgres = Postgres(server_url, prefix=f"bench_{uuid4().hex}")
    postgres.migrate_template()
    yield postgres
    postgres.drop_all()


@pytest.fixture
def venues() -> Iterator[LocalVenues]:
    with running_venues() as venues:
        yield venues


def test_the_benchmark_measures_syncs_and_one_without_changes_writes_no_row(postgres: Postgres) -> None:
    figures = list(sync_figures(postgres, TINY))

    assert {figure.code for figure in figures} == {"floor", "venue", "G1", "G2", "G3"}
    rows = {figure.name: figure.value for figure in figures if figure.unit == "rows"}
    assert rows == {
        "rows written by the first sync": 1_000 * 5 + 200 + 6 + 2,
        "rows written by it": 0,
    }
    assert all(figure.value for figure in figures if figure.unit != "rows")


def test_requests_to_postgres_grow_with_batches_and_not_with_rows(venues: LocalVenues, postgres: Postgres) -> None:
    venues.show(Listing(1_000))
    few = measured_sync(venues.settings(postgres.create("few")))
    venues.show(Listing(3_000))

    many = measured_sync(venues.settings(postgres.create("many")))

    assert few.counts["market_new"] == 1_000
    assert many.counts["market_new"] == 3_000
    assert many.sql_requests - few.sql_requests < (3_000 - 1_000) / 20


@pytest.mark.parametrize(
    ("value", "goal", "verdict"),
    [
        (10.0, Goal(10), "met"),
        (12.9, Goal(10), "within noise"),
        (13.1, Goal(10), "missed"),
        (0.7, Goal(0.7, at_least=True), "met"),
        (0.55, Goal(0.7, at_least=True), "within noise"),
        (0.5, Goal(0.7, at_least=True), "missed"),
        (1.0, Goal(0), "missed"),
        (1.0, None, "–"),
        (None, Goal(1), "not measured"),
    ],
)
def test_a_verdict_leaves_room_for_noise(value: float | None, goal: Goal | None, verdict: str) -> None:
    alone = Figure("G0", "alone", value, goal=goal)
    beside = Figure("G0", "beside a floor", None if value is None else value * 4, floor=Floor("four", 4), goal=goal)

    assert alone.verdict == verdict
    assert beside.verdict == verdict
