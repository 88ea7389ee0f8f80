"""What sessions said, joined into few rows when nobody follows it any more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.arena.motor import FOLLOWED_FOR, Motor
from services.arena.resources import Resources, Settings
from services.arena.storage.messages import join_pieces
from services.arena.storage.reading_sessions import messages_page
from shared.database import Database
from tests.arena.displayed import Displayed
from tests.paper_trading.ledger import NOON, Ledger

SPOKEN = (
    ("system", "Go."),
    ("reasoning", "Ice "),
    ("reasoning", ""),
    ("reasoning", "grows,\n"),
    ("action", "BUY YES"),
    ("reasoning", "and "),
    ("reasoning", "Zoë stays."),
    ("system", "Bet."),
    ("system", "Paid."),
    ("reasoning", "Alone."),
)
JOINED = [
    (0, "system", "Go."),
    (3, "reasoning", "Ice grows,\n"),
    (4, "action", "BUY YES"),
    (6, "reasoning", "and Zoë stays."),
    (7, "system", "Bet."),
    (8, "system", "Paid."),
    (9, "reasoning", "Alone."),
]
HOUR = timedelta(hours=1)


@pytest.fixture
def displayed(fresh_database: Database) -> Displayed:
    displayed = Displayed(fresh_database, Ledger(fresh_database))
    for model in ("one", "two", "three", "four"):
        displayed.model(model, model.upper())
    return displayed


def sessions(displayed: Displayed) -> list[UUID]:
    """One that ended two hours ago, one that failed an hour and a minute ago, one that ended now, one that runs."""
    event_id = displayed.event(displayed.ledger.market(1))
    ended: dict[str, Any] = {"final_position": "ABSTAIN", "no_bet": "abstained"}
    found = [
        displayed.session(event_id, "one", completed_at=NOON - 2 * HOUR, **ended),
        displayed.session(
            event_id, "two", "failed", failure="timed_out", completed_at=NOON - HOUR - timedelta(minutes=1)
        ),
        displayed.session(event_id, "three", completed_at=NOON, **ended),
        displayed.session(event_id, "four", "running"),
    ]
    for number, session_id in enumerate(found):
        displayed.says(session_id, *SPOKEN, at=NOON + timedelta(seconds=number))
    return found


def rows(displayed: Displayed, session_id: UUID) -> list[tuple[int, str, str]]:
    query = """
        SELECT sequence_number, message_type, content FROM session_messages WHERE session_id = :id
        ORDER BY sequence_number
    """
    return [tuple(row.values()) for row in displayed.ledger.rows(query, id=session_id)]


def as_spoken() -> list[tuple[int, str, str]]:
    return [(number, kind, content) for number, (kind, content) in enumerate(SPOKEN)]


def test_pieces_of_sessions_that_ended_before_become_one_text_each(displayed: Displayed) -> None:
    ended, failed, later, running = sessions(displayed)

    with displayed.database.transaction() as connection:
        gone = join_pieces(connection, NOON - HOUR)

    assert gone == 6
    assert rows(displayed, ended) == rows(displayed, failed) == JOINED
    assert rows(displayed, later) == rows(displayed, running) == as_spoken()


def test_readers_of_the_joined_text_find_what_they_found_before(displayed: Displayed) -> None:
    [ended, *_] = sessions(displayed)
    with displayed.database.transaction() as connection:
        before = messages_page(connection, ended, -1, None, 100, joined=True)

        join_pieces(connection, NOON)

        assert messages_page(connection, ended, -1, None, 100, joined=True) == before
        assert messages_page(connection, ended, -1, None, 100, joined=False) == before


def test_joining_again_changes_nothing_and_may_leave_out_what_ended_before(displayed: Displayed) -> None:
    ended, failed, *_ = sessions(displayed)

    with displayed.database.transaction() as connection:
        first = join_pieces(connection, NOON - HOUR, NOON - HOUR - timedelta(minutes=1))
        left = rows(displayed, ended)
        second = join_pieces(connection, NOON - HOUR)
        third = join_pieces(connection, NOON - HOUR)

    assert (first, second, third) == (3, 3, 0)
    assert left == as_spoken()
    assert rows(displayed, failed) == rows(displayed, ended) == JOINED


def test_the_motor_joins_what_ended_an_hour_ago(displayed: Displayed, fresh_database_url: str) -> None:
    ended, failed, later, _ = sessions(displayed)
    moments = iter([NOON, NOON + FOLLOWED_FOR + timedelta(seconds=1)])
    here = Resources(Settings(database_url=fresh_database_url), displayed.database, lambda: next(moments))
    motor = Motor(here)
    [duty] = [duty for duty in motor.slow if duty.name == "join_pieces"]

    duty.act()
    first = [rows(displayed, each) for each in (ended, failed, later)]
    duty.act()

    assert first == [JOINED, JOINED, as_spoken()]
    assert rows(displayed, later) == JOINED
    assert duty.every == 3_600
