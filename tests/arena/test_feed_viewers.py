"""Who looks at an event: real readers, counted over all replicas."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import text

from services.arena.storage.viewers import say_viewers, viewers_of
from shared.database import Database
from tests.arena.live import NOON, Live, Socket, live

MINE, OTHER = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.arena.streaming.viewers.LOOK_SECONDS", 0.1)


@pytest.fixture
def there(fresh_database_url: str) -> Iterator[Live]:
    with live(fresh_database_url) as there:
        yield there


def counted(reader: Socket, viewers: int) -> dict[str, Any]:
    """What the reader is told until that many look on."""
    while True:
        frame = reader.next()
        assert frame["type"] in ("viewers", "subscribed", "unsubscribed")
        if frame.get("viewers") == viewers:
            return frame


def stored(database: Database) -> dict[UUID, int]:
    with database.connection() as connection:
        return viewers_of(connection, None, NOON)


def test_readers_of_an_event_are_told_how_many_they_are_when_it_changes(there: Live, fresh_database: Database) -> None:
    first = there.read(event_id=MINE)
    alone = counted(first, 1)
    second = there.read(event_id=[MINE, OTHER])
    counted(first, 2)
    with requests.get(f"{there.url}/feed", {"event_id": str(MINE)}, stream=True, timeout=10):
        three = counted(first, 3)
        assert stored(fresh_database) == {MINE: 3, OTHER: 1}
    counted(first, 2)
    second.command("unsubscribe", event_id=str(MINE))
    counted(first, 1)

    assert alone["event_id"] == three["event_id"] == str(MINE)
    assert set(three) == {"type", "cursor", "at", "event_id", "viewers"}
    with pytest.raises(TimeoutError):
        first.next(seconds=0.5)


def test_who_comes_later_is_told_at_once_how_many_look_on(there: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = there.read(event_id=MINE), there.read(event_id=MINE)
    counted(first, 2)
    monkeypatch.setattr("services.arena.streaming.viewers.LOOK_SECONDS", 60)
    time.sleep(0.3)

    second.close()
    third = there.read()
    third.command("subscribe", event_id=str(MINE))

    assert third.next()["viewers"] == 2


def test_who_looks_at_everything_looks_at_no_event(there: Live, fresh_database: Database) -> None:
    everything, reader = there.read(), there.read(event_id=MINE)

    assert counted(everything, 1)["event_id"] == str(MINE)
    assert stored(fresh_database) == {MINE: 1}
    counted(reader, 1)


def test_replicas_count_together_and_the_last_to_leave_is_counted_out(
    there: Live, fresh_database: Database, fresh_database_url: str
) -> None:
    with live(fresh_database_url) as other:
        here, elsewhere = there.read(event_id=MINE), other.read(event_id=MINE)

        counted(here, 2)
        counted(elsewhere, 2)
        elsewhere.close()

        counted(here, 1)
        here.close()
        deadline = time.monotonic() + 10
        while stored(fresh_database):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_replica_that_says_nothing_any_more_counts_for_nothing(fresh_database: Database) -> None:
    dead, alive = uuid4(), uuid4()
    with fresh_database.transaction() as connection:
        say_viewers(connection, dead, {MINE: 7, OTHER: 1}, NOON)
        say_viewers(connection, alive, {MINE: 2}, NOON + timedelta(seconds=29))

        soon = viewers_of(connection, None, NOON + timedelta(seconds=29))
        later = viewers_of(connection, [MINE, OTHER], NOON + timedelta(seconds=31))
        other = viewers_of(connection, [OTHER], NOON + timedelta(seconds=29))
        say_viewers(connection, alive, {}, NOON + timedelta(hours=1))
        left = connection.execute(text("SELECT count(*) FROM viewer_counts")).scalar_one()

    assert soon == {MINE: 9, OTHER: 1}
    assert later == {MINE: 2}
    assert other == {OTHER: 1}
    assert left == 0


def test_where_nobody_reads_nobody_is_asked(there: Live, fresh_database: Database) -> None:
    there.read(event_id=MINE).close()
    time.sleep(0.5)
    asked = _asked(fresh_database)

    time.sleep(0.5)

    assert _asked(fresh_database) == asked


def _asked(database: Database) -> int:
    """How often the table was looked into, as its own replica would see it."""
    with database.connection() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        query = "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'viewer_counts'"
        return int(connection.execute(text(query)).scalar_one())
