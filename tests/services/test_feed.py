"""The feed: every entry once, whatever the order in which transactions commit, and whatever becomes of the database."""

import random
import select
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from shared.cursors import UnknownCursor, cursor_of
from shared.database import Database
from shared.feed import (
    CHANNEL,
    Entry,
    NewEntry,
    append_entries,
    entries_after,
    entries_behind,
    present_cursor,
    seen_by,
    wake,
)
from shared.feed_listener import FeedListener
from shared.lines import allow_many

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def said(*numbers: int) -> list[NewEntry]:
    return [NewEntry("trade", {"number": number}, portfolio_id=number) for number in numbers]


def append(connection: Connection, *numbers: int) -> None:
    append_entries(connection, said(*numbers), NOON)


def commit(database: Database, *numbers: int) -> None:
    with database.transaction() as connection:
        append(connection, *numbers)


def cursor_now(database: Database) -> str:
    with database.connection() as connection:
        return present_cursor(connection)


def read(database: Database, cursor: str, limit: int = 1_000) -> tuple[list[Any], str]:
    """All numbers after the cursor, and the cursor behind them."""
    numbers: list[Any] = []
    more = True
    while more:
        with database.connection() as connection:
            batch = entries_after(connection, cursor, limit)
        numbers += [entry.payload["number"] for entry in batch.entries]
        cursor, more = batch.cursor, batch.more
    return numbers, cursor


def until(condition: Any, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_an_entry_says_what_was_appended(fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    entry = NewEntry("settlement", {"amount": Decimal("12.34567891"), "who": "Zoë\t\\"}, portfolio_id=3)
    with fresh_database.transaction() as connection:
        append_entries(connection, [entry], NOON)

    with fresh_database.connection() as connection:
        batch = entries_after(connection, begin)

    [found] = batch.entries
    said = {"amount": Decimal("12.34567891"), "who": "Zoë\t\\"}
    assert found == Entry(
        found.entry_id, found.transaction_id, "settlement", 3, None, said, NOON, between=found.between
    )
    assert not batch.more


def test_an_entry_that_is_committed_late_is_read_late_and_once(fresh_database: Database) -> None:
    """The slow one began first and has the lower number: a reader that goes by numbers would never see it."""
    begin = cursor_now(fresh_database)
    with fresh_database.transaction() as slow:
        append(slow, 1)
        commit(fresh_database, 2)
        before, cursor = read(fresh_database, begin)
        commit(fresh_database, 3)
    after, cursor = read(fresh_database, cursor)

    assert before == [2]
    assert after == [1, 3]
    assert read(fresh_database, cursor)[0] == []


def test_a_transaction_that_only_became_a_writer_later_is_not_lost(fresh_database: Database) -> None:
    with fresh_database.transaction() as late:
        late.execute(text("SELECT 1"))
        commit(fresh_database, 1)
        _, cursor = read(fresh_database, cursor_now(fresh_database))
        append(late, 2)

    assert read(fresh_database, cursor)[0] == [2]


def test_what_is_rolled_back_was_never_said(fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    with fresh_database.connection() as connection, connection.begin() as transaction:
        append(connection, 1)
        transaction.rollback()
    with fresh_database.transaction() as connection:
        append(connection, 2)
        nested = connection.begin_nested()
        append(connection, 3)
        nested.rollback()
        with connection.begin_nested():
            append(connection, 4)

    assert read(fresh_database, begin)[0] == [2, 4]


def test_pages_are_whole_even_when_others_commit_between_them(fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    with fresh_database.transaction() as slow:
        append(slow, 1)
        commit(fresh_database, 2, 3, 4)
        with fresh_database.connection() as connection:
            first = entries_after(connection, begin, limit=2)
        commit(fresh_database, 5)
    rest, _ = read(fresh_database, first.cursor, limit=2)

    assert [entry.payload["number"] for entry in first.entries] == [2, 3]
    assert first.more
    assert rest == [4, 1, 5]


def test_every_entry_has_a_cursor_right_behind_it(fresh_database: Database) -> None:
    """Also within one transaction, and when others commit late."""
    begin = cursor_now(fresh_database)
    with fresh_database.transaction() as slow:
        append(slow, 1, 2)
        commit(fresh_database, 3, 4)
        with fresh_database.connection() as connection:
            early = entries_after(connection, begin).entries
        commit(fresh_database, 5)
    with fresh_database.connection() as connection:
        late = entries_after(connection, begin, limit=4).entries

    assert [read(fresh_database, entry.cursor)[0] for entry in early] == [[4, 1, 2, 5], [1, 2, 5]]
    assert [read(fresh_database, entry.cursor, limit=1)[0] for entry in late] == [[2, 3, 4, 5], [3, 4, 5], [4, 5], [5]]


def test_it_can_be_told_how_far_behind_a_cursor_is_and_what_it_has_seen(fresh_database: Database) -> None:
    with fresh_database.transaction() as slow:
        append(slow, 1)
        begin = cursor_now(fresh_database)
        commit(fresh_database, 2, 3, 4)
        with fresh_database.connection() as connection:
            [first, *_] = entries_after(connection, begin, limit=1).entries
            middle = seen_by(present_cursor(connection))
    with fresh_database.connection() as connection:
        behind = [
            entries_behind(connection, cursor, 100) for cursor in (begin, first.cursor, present_cursor(connection))
        ]
        some = entries_behind(connection, begin, 2)
        heard = {
            entry.payload["number"]: middle.holds(entry.transaction_id)
            for entry in entries_after(connection, begin).entries
        }

    assert behind == [4, 3, 0]
    assert some == 2
    assert heard == {1: False, 2: True, 3: True, 4: True}


def test_many_writers_in_any_order_are_all_heard_once(fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    committed: list[int] = []
    chance = random.Random(7)
    plans = [[(chance.random() < 0.2, chance.random() / 200) for _ in range(25)] for _ in range(8)]

    def write(writer: int) -> None:
        for at, (rolls_back, pause) in enumerate(plans[writer]):
            number = writer * 1_000 + at
            with fresh_database.connection() as connection, connection.begin() as transaction:
                append(connection, number)
                time.sleep(pause)
                if rolls_back:
                    transaction.rollback()
            if not rolls_back:
                committed.append(number)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for writer in writers:
        writer.start()
    heard: list[Any] = []
    cursor = begin
    while any(writer.is_alive() for writer in writers):
        found, cursor = read(fresh_database, cursor, limit=3)
        heard += found
    heard += read(fresh_database, cursor, limit=3)[0]

    assert len(committed) > 100
    assert sorted(heard) == sorted(committed)


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        cursor_of("id", 3),
        cursor_of("1:2:", "", "0"),
        cursor_of("a:b:", "", 0),
        cursor_of("9:3:", "", 0),
        cursor_of("1:2:", "3", 0),
        cursor_of(f"{2**62}:{2**62}:", "", 0),
    ],
)
def test_a_cursor_that_is_not_of_this_database_is_refused(fresh_database: Database, cursor: str) -> None:
    with fresh_database.connection() as connection, pytest.raises(UnknownCursor):
        entries_after(connection, cursor)


def test_one_wake_tells_of_a_whole_batch(fresh_database: Database) -> None:
    with fresh_database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"LISTEN {CHANNEL}"))
        commit(fresh_database, *range(500))
        wake(fresh_database)
        session: Any = connection.connection.driver_connection
        select.select([session], [], [], 5)
        session.poll()

        assert len(session.notifies) == 1


class Heard:
    """What a listener was handed."""

    def __init__(self) -> None:
        self.numbers: list[Any] = []
        self.fails_at: Any = None

    def __call__(self, entries: Sequence[Entry]) -> None:
        self.numbers += [entry.payload["number"] for entry in entries]
        if self.fails_at in self.numbers:
            self.fails_at = None
            raise RuntimeError("the subscriber fell over")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listening(stack: ExitStack, database: Database, cursor: str | None = None) -> tuple[FeedListener, Heard]:
    heard = Heard()
    listener = FeedListener(database, heard, cursor)
    listener.start()
    stack.callback(listener.stop)
    assert listener.listening.wait(10)
    return listener, heard


def test_four_listeners_hear_everything_from_their_start_on(fresh_database: Database, stack: ExitStack) -> None:
    commit(fresh_database, 0)
    listeners = [listening(stack, fresh_database) for _ in range(4)]

    commit(fresh_database, 1, 2)
    wake(fresh_database)
    commit(fresh_database, 3)
    wake(fresh_database)

    until(lambda: all(len(heard.numbers) == 3 for _, heard in listeners), seconds=3)
    assert [heard.numbers for _, heard in listeners] == [[1, 2, 3]] * 4


def test_a_listener_goes_on_where_another_one_stopped(fresh_database: Database, stack: ExitStack) -> None:
    first, heard = listening(stack, fresh_database)
    commit(fresh_database, 1)
    wake(fresh_database)
    until(lambda: heard.numbers == [1])
    first.stop()
    commit(fresh_database, 2)

    _, later = listening(stack, fresh_database, first.cursor)

    until(lambda: later.numbers == [2])
    assert heard.numbers == [1]


def test_a_listener_whose_sessions_are_cut_loses_and_repeats_nothing(
    fresh_database: Database, stack: ExitStack
) -> None:
    _, heard = listening(stack, fresh_database)

    for number in range(1, 61):
        commit(fresh_database, number)
        wake(fresh_database)
        if number % 15 == 0:
            _cut_listeners(fresh_database)

    until(lambda: len(heard.numbers) >= 60)
    assert heard.numbers == list(range(1, 61))


def _cut_listeners(database: Database) -> None:
    with database.connection() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        connection.rollback()


def test_an_entry_whose_writer_died_before_the_wake_is_heard_all_the_same(
    fresh_database: Database, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.feed_listener.LOOK_SECONDS", 0.2)
    _, heard = listening(stack, fresh_database)

    commit(fresh_database, 1)

    until(lambda: heard.numbers == [1], seconds=3)


def test_a_listener_hears_also_where_a_thousand_files_are_open(fresh_database: Database, stack: ExitStack) -> None:
    """As in a process with many readers: the connection of a listener that comes back is then a file far up."""
    allow_many()
    with ExitStack() as files:
        for _ in range(1_100):
            files.enter_context(Path("/dev/null").open())
        _, heard = listening(stack, fresh_database)

        commit(fresh_database, 1)
        wake(fresh_database)

        until(lambda: heard.numbers == [1], seconds=3)


def test_a_subscriber_that_fails_hears_the_next_entries(fresh_database: Database, stack: ExitStack) -> None:
    _, heard = listening(stack, fresh_database)
    heard.fails_at = 1

    commit(fresh_database, 1)
    wake(fresh_database)
    until(lambda: heard.fails_at is None)
    commit(fresh_database, 2)
    wake(fresh_database)

    until(lambda: heard.numbers == [1, 2])


def test_a_listener_stops_at_once(fresh_database: Database) -> None:
    listener = FeedListener(fresh_database, Heard())
    listener.start()
    listener.listening.wait(10)
    began = time.monotonic()

    listener.stop()

    assert time.monotonic() - began < 1
    assert "feed-listener" not in [thread.name for thread in threading.enumerate()]
