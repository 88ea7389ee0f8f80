"""A model's look at a settlement is a note: it may raise an alarm, and it never touches a payout."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.arena.resources import Resources
from services.arena.validating import validate
from services.paper_trading.settlement import pay_due
from shared.database import Database
from tests.arena.displayed import Displayed
from tests.arena.test_summaries import COMPILER, Minds, arena
from tests.arena.wire_double import running_wire
from tests.paper_trading.ledger import NOON, Ledger


@pytest.fixture
def minds() -> Minds:
    minds = Minds()
    minds.compile = json.dumps({"consistent": True, "note": "The pilot closed it on Friday."})
    return minds


@pytest.fixture
def here(fresh_database: Database, minds: Minds) -> Iterator[Resources]:
    with (
        running_wire(lambda taken, asked: taken.sendall(minds.answer(asked))) as wire,
        arena(fresh_database, wire) as here,
    ):
        yield here


@pytest.fixture
def displayed(fresh_database: Database) -> Displayed:
    return Displayed(fresh_database, Ledger(fresh_database))


@pytest.fixture
def event_id(displayed: Displayed) -> UUID:
    """Settled YES, with a bet that was paid."""
    displayed.model("gpt-4o", "GPT-4o")
    event_id = displayed.event(displayed.ledger.market(1), "closed")
    displayed.bet(event_id, "gpt-4o", "yes", "1000", "0.40", "0")
    displayed.ends(event_id, "yes", "1")
    return event_id


def notes(here: Resources) -> list[Any]:
    with here.database.connection() as connection:
        return list(connection.execute(text("SELECT * FROM settlement_notes ORDER BY version")))


def alarms(here: Resources) -> list[Any]:
    with here.database.connection() as connection:
        return list(connection.execute(text("SELECT payload, market_no FROM feed_entries WHERE kind = 'alarm'")))


def test_a_settlement_that_fits_gets_its_note_and_no_alarm(here: Resources, minds: Minds, event_id: UUID) -> None:
    validate(here, event_id, NOON)
    validate(here, event_id, NOON)

    [note] = notes(here)
    assert (note.version, note.outcome, note.validated, note.alarm) == (1, "yes", True, False)
    assert (note.validation_notes, note.agent_model) == ("The pilot closed it on Friday.", COMPILER)
    assert alarms(here) == []
    [asked] = minds.asked[COMPILER]
    assert "settled it as YES; a share of YES paid 1 dollars" in asked["messages"][1]["content"]
    assert '"said": "yes"' in asked["messages"][1]["content"]


def test_a_settlement_that_does_not_fit_raises_an_alarm_and_moves_no_money(
    here: Resources, minds: Minds, displayed: Displayed, event_id: UUID
) -> None:
    money = ("cash_entries", "settlements", "market_settlements", "portfolios", "portfolio_positions")
    before = displayed.ledger.places(*money)
    minds.compile = json.dumps({"consistent": False, "note": "The log says it stayed open."})

    validate(here, event_id, NOON)
    validate(here, event_id, NOON)

    [note] = notes(here)
    assert (note.validated, note.alarm) == (False, True)
    [alarm] = alarms(here)
    assert alarm.payload["event_id"] == str(event_id)
    assert "The log says it stayed open." in alarm.payload["reason"]
    assert alarm.market_no is not None
    assert displayed.ledger.places(*money) == before


def test_of_two_who_look_at_once_one_raises_the_alarm(here: Resources, minds: Minds, event_id: UUID) -> None:
    minds.compile = json.dumps({"consistent": False, "note": "The log says it stayed open."})
    minds.together = Barrier(2)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda now: validate(here, event_id, now), [NOON, NOON]))

    assert len(minds.asked[COMPILER]) == 2
    assert (len(notes(here)), len(alarms(here))) == (1, 1)


@pytest.mark.parametrize(
    ("said", "words", "by"),
    [
        (json.dumps({"consistent": None, "note": "Nobody tells."}), "Nobody tells.", COMPILER),
        ("Looks fine to me!", "cannot be read", COMPILER),
        (402, "Nobody could look at it: the provider answered 402", None),
    ],
)
def test_where_nobody_can_say_nothing_is_claimed(
    here: Resources, minds: Minds, event_id: UUID, said: Any, words: str, by: str | None
) -> None:
    minds.compile = said

    validate(here, event_id, NOON)

    [note] = notes(here)
    assert (note.validated, note.alarm, note.agent_model) == (None, False, by)
    assert words in note.validation_notes
    assert alarms(here) == []


def test_a_correction_is_looked_at_again(here: Resources, displayed: Displayed, event_id: UUID) -> None:
    validate(here, event_id, NOON)
    market_no = displayed.ledger.one("SELECT market_no FROM arena_events")["market_no"]
    displayed.ledger.final(market_no, "no", "0", settled_at=NOON + timedelta(hours=1))
    assert not pay_due(here.database, NOON + timedelta(hours=2)).failures

    validate(here, event_id, NOON + timedelta(hours=2))

    assert [(note.version, note.outcome) for note in notes(here)] == [(1, "yes"), (2, "no")]


def test_a_market_that_nobody_held_is_looked_at_by_the_venues_word(here: Resources, displayed: Displayed) -> None:
    event_id = displayed.event(displayed.ledger.market(2), "closed")
    displayed.ends(event_id, "void", None)

    validate(here, event_id, NOON)

    [note] = notes(here)
    assert (note.version, note.outcome, note.validated) == (1, "void", True)


def test_an_event_that_is_not_settled_is_let_alone(here: Resources, minds: Minds, displayed: Displayed) -> None:
    event_id = displayed.event(displayed.ledger.market(3), "closed")

    validate(here, event_id, NOON)

    assert notes(here) == []
    assert minds.asked[COMPILER] == []
