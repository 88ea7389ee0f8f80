"""When the board is computed anew: after what moves ranks, and not all the time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.arena import judging
from services.arena.storage.judging import judging_due
from shared.database import Database
from tests.arena.season import play
from tests.arena.test_board import ENTRANTS, opened
from tests.services.conftest import resources_of

LATER = timedelta(seconds=25)


@dataclass
class Scene:
    database: Database
    here: Any
    computed_at: datetime

    def change(self, query: str, **values: Any) -> None:
        with self.database.transaction() as connection:
            connection.execute(text(query), values)

    def due(self, after: timedelta = LATER) -> bool:
        with self.database.connection() as connection:
            return judging_due(connection, self.computed_at + after)


@pytest.fixture
def scene(fresh_database: Database, fresh_database_url: str) -> Iterator[Scene]:
    play(fresh_database, ENTRANTS[:2], 10)
    with opened(fresh_database_url) as arena:
        here, now = resources_of(arena), datetime.now(UTC)
        assert judging.judge_if_due(here, now) == 2
        yield Scene(fresh_database, here, now)


def test_a_board_is_not_computed_anew_while_nothing_has_ended(scene: Scene) -> None:
    assert not scene.due()
    assert judging.judge_if_due(scene.here, scene.computed_at + timedelta(hours=2)) is None


def test_a_session_that_ended_moves_no_rank(scene: Scene) -> None:
    ended = "UPDATE betting_sessions SET completed_at = :now, updated_at = :now"

    scene.change(ended, now=scene.computed_at + timedelta(seconds=5))

    assert not scene.due()


@pytest.mark.parametrize(
    "happened",
    [
        """INSERT INTO settlements (portfolio_id, market_no, position_id, version, outcome, quantity, cost, gross,
            amount, standing, settled_at)
        SELECT portfolio_id, market_no, position_id, 2, outcome, quantity, cost, gross, 0, standing, :now
        FROM settlements ORDER BY settlement_id LIMIT 1""",
        # all have abstained from it, so that nothing is paid
        "UPDATE arena_events SET updated_at = :now WHERE market_no = 3",
        "UPDATE portfolios SET created_at = :now WHERE portfolio_id = 2",
        "UPDATE portfolios SET status = 'closed', closed_at = :now WHERE portfolio_id = 2",
    ],
    ids=["paid", "settled", "new", "closed"],
)
def test_what_moves_ranks_is_judged_after_a_rest(scene: Scene, happened: str) -> None:
    scene.change(happened, now=scene.computed_at + timedelta(seconds=5))

    assert not scene.due(timedelta(seconds=15))
    assert scene.due()


def test_what_was_on_its_way_while_the_board_was_computed_is_judged_once_more(scene: Scene) -> None:
    scene.change("UPDATE arena_events SET updated_at = :now", now=scene.computed_at - timedelta(seconds=5))

    assert scene.due()
    again = scene.computed_at + LATER
    assert judging.judge_if_due(scene.here, again) == 2
    assert judging.judge_if_due(scene.here, again + LATER) is None
