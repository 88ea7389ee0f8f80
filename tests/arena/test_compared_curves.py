"""The curves of two entrants beside each other: of the range that was asked for."""

from datetime import UTC, datetime, timedelta

from services.arena.storage.showing_pairs import curves
from shared.database import Database
from tests.orchestrator import build

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_curves_begin_where_the_range_does(fresh_database: Database) -> None:
    one, other = (build.portfolio(fresh_database, name, NOON) for name in ("Ann", "Bob"))
    for hours in range(6):
        for number in (one, other):
            build.equity_point(fresh_database, number, NOON + timedelta(hours=hours), 1_000 + hours)
    since = NOON + timedelta(hours=4)

    with fresh_database.connection() as connection:
        whole, recent = (curves(connection, one, other, start, 100) for start in (None, since))

    assert [len(whole[number]) for number in (one, other)] == [6, 6]
    assert [len(recent[number]) for number in (one, other)] == [2, 2]
    assert min(recent[one]) >= since.timestamp() - 120
