"""What the feed forgets: how far is remembered, and no reader passes over what is gone without being told so."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, text

from shared.database import Database
from shared.feed import EntriesForgotten, Entry, append_entries, entries_after, forget_entries, prepare_reading
from tests.services.test_feed import NOON, append, commit, cursor_now, read, said, until


def cursor_when_settled(database: Database) -> str:
    """Of a moment in which no transaction is under way that is as old as the last entry, in any database here."""
    query = text("SELECT pg_snapshot_xmin(pg_current_snapshot()) > max(transaction_id) FROM feed_entries")

    def settled() -> bool:
        with database.connection() as connection:
            return bool(connection.execute(query).scalar())

    until(settled)
    return cursor_now(database)


def forget(database: Database, before: datetime) -> int:
    with database.transaction() as connection:
        return forget_entries(connection, before)


def two_days(database: Database) -> tuple[str, list[Entry]]:
    """An entry of noon and one of the day after; a cursor from before them, and both entries as read from there."""
    begin = cursor_now(database)
    commit(database, 1)
    cursor_when_settled(database)
    with database.transaction() as connection:
        append_entries(connection, said(2), NOON + timedelta(days=1))
    cursor_when_settled(database)
    with database.connection() as connection:
        return begin, list(entries_after(connection, begin).entries)


def test_old_entries_can_be_forgotten_and_a_cursor_from_before_them_is_told_so(fresh_database: Database) -> None:
    begin, [first, second] = two_days(fresh_database)

    forgotten = forget(fresh_database, NOON + timedelta(hours=1))

    assert forgotten == 1
    with fresh_database.connection() as connection, pytest.raises(EntriesForgotten) as refused:
        entries_after(connection, begin)
    assert refused.value.facts == {"forgotten_before": NOON + timedelta(hours=1)}
    assert read(fresh_database, first.cursor)[0] == [2], "he was told what is forgotten"
    assert read(fresh_database, second.cursor)[0] == []


def test_a_cursor_in_the_middle_of_what_is_forgotten_is_told_so(fresh_database: Database) -> None:
    _, [first, second] = two_days(fresh_database)
    commit(fresh_database, 3)

    forget(fresh_database, NOON + timedelta(days=2))

    with fresh_database.connection() as connection, pytest.raises(EntriesForgotten):
        entries_after(connection, first.cursor)
    with fresh_database.connection() as connection, pytest.raises(EntriesForgotten):
        entries_after(connection, second.cursor)


def test_what_was_committed_late_and_is_forgotten_is_missed_by_no_cursor(fresh_database: Database) -> None:
    """The slow one began first: a reader that went by the highest number alone would think that he knows it."""
    with fresh_database.transaction() as slow:
        append(slow, 1)
        commit(fresh_database, 2)
        cursor = cursor_now(fresh_database)

    forget(fresh_database, NOON + timedelta(hours=1))

    with fresh_database.connection() as connection, pytest.raises(EntriesForgotten):
        entries_after(connection, cursor)


def test_a_cursor_behind_all_that_is_forgotten_goes_on(fresh_database: Database) -> None:
    commit(fresh_database, 1)
    cursor = cursor_when_settled(fresh_database)
    commit(fresh_database, 2)
    with fresh_database.transaction() as connection:
        connection.execute(
            text("UPDATE feed_entries SET created_at = created_at + interval '1 day' WHERE entry_id > 1")
        )

    forget(fresh_database, NOON + timedelta(hours=1))

    assert read(fresh_database, cursor)[0] == [2]


def test_forgetting_nothing_or_taking_it_back_refuses_no_cursor(fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    commit(fresh_database, 1)

    nothing = forget(fresh_database, NOON)
    with fresh_database.connection() as connection, connection.begin() as transaction:
        forget_entries(connection, NOON + timedelta(hours=1))
        transaction.rollback()

    assert nothing == 0
    assert read(fresh_database, begin)[0] == [1]


def test_how_far_was_forgotten_never_goes_back(fresh_database: Database) -> None:
    """The clocks of writers differ: what is forgotten later may have begun earlier."""
    with fresh_database.transaction() as connection:
        append_entries(connection, said(1), NOON + timedelta(days=1))
    cursor = cursor_when_settled(fresh_database)
    commit(fresh_database, 2)

    forget(fresh_database, NOON + timedelta(hours=1))
    forget(fresh_database, NOON + timedelta(days=2))

    with fresh_database.connection() as connection, pytest.raises(EntriesForgotten):
        entries_after(connection, cursor)


def test_a_wake_costs_one_statement(fresh_database: Database) -> None:
    """Whether something was forgotten is asked for a reader who comes with a cursor, and not for one who listens."""
    commit(fresh_database, 1)
    cursor = cursor_now(fresh_database)
    statements: list[str] = []
    event.listen(fresh_database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with fresh_database.connection() as connection:
        prepare_reading(connection)
        statements.clear()

        entries_after(connection, cursor, prepared=True)

    assert [statement.split(" (")[0] for statement in statements] == ["EXECUTE feed_reading"]
