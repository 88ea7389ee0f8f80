"""Coming back to the live feed: nothing is lost and nothing repeated, wherever and whenever a reader goes on."""

import random
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from services.arena.streaming import history, readers
from shared.cursors import cursor_of
from shared.database import Database
from shared.feed import append_entries
from tests.arena.live import NOON, Live, cursor_now, forget, live, numbers, said, say

MINE = str(uuid4())
WRITERS, ENTRIES_EACH = 4, 60


@pytest.fixture
def there(fresh_database_url: str) -> Iterator[Live]:
    with live(fresh_database_url) as there:
        yield there


def test_every_frame_has_a_cursor_from_which_the_rest_follows_once(there: Live, fresh_database: Database) -> None:
    reader = there.read()
    say(fresh_database, *said(*range(10)))
    with fresh_database.transaction() as slow:
        append_entries(slow, said(10, 11), NOON)
        say(fresh_database, *said(12, 13))
        frames = reader.take(12)
    say(fresh_database, *said(14))
    frames += reader.take(3)

    order = numbers(frames)
    rests = [sorted(numbers(there.read(since=frame["cursor"]).until_quiet())) for frame in frames]

    assert order == [*range(10), 12, 13, 10, 11, 14]
    assert rests == [sorted(order[behind:]) for behind in range(1, 16)]


def test_a_long_history_comes_in_pages_and_goes_over_into_the_present(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.history.PAGE", 7)
    begin = cursor_now(fresh_database)
    for number in range(0, 100, 10):
        say(fresh_database, *said(*range(number, number + 10)))

    reader = there.read(since=begin)
    say(fresh_database, *said(100, 101))

    assert numbers(reader.take(102)) == list(range(102))
    assert reader.until_quiet() == []


def test_what_is_said_while_the_last_page_is_read_is_not_lost(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came too late for the history, and the reader was not in the present yet."""
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(1))
    read_page = history._page

    def slowly(*given: Any) -> Any:
        page = read_page(*given)
        say(fresh_database, *said(2, 3))
        there.settle()
        return page

    monkeypatch.setattr(history, "_page", slowly)
    reader = there.read(since=begin)

    assert numbers(reader.take(3)) == [1, 2, 3]
    say(fresh_database, *said(4))
    assert numbers(reader.until_quiet()) == [4]


def test_only_what_a_reader_looks_at_is_told_of_the_past(there: Live, fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(1, kind="message", event_id=MINE), *said(2), *said(3, kind="alarm", event_id=uuid4()))

    reader = there.read(since=begin, event_id=MINE)

    assert numbers(reader.take(2)) == [1, 3]
    assert reader.until_quiet() == []


def test_a_reader_who_comes_and_goes_all_the_time_hears_everything_once(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While four writers commit in any order, and each time from the cursor of whatever frame came last."""
    monkeypatch.setattr("services.arena.streaming.history.PAGE", 5)
    chance = random.Random(11)
    cursor = cursor_now(fresh_database)
    writers = [threading.Thread(target=_write, args=(fresh_database, writer)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()

    heard: list[int] = []
    visits = 0
    while len(heard) < WRITERS * ENTRIES_EACH:
        reader = there.read_at_once(since=cursor)
        for _ in range(min(chance.randrange(1, 12), WRITERS * ENTRIES_EACH - len(heard))):
            frame = reader.next()
            cursor = frame["cursor"]
            heard += numbers([frame])
        reader.close()
        visits += 1
    for writer in writers:
        writer.join()

    assert visits > 20
    assert there.read(since=cursor).until_quiet() == []
    assert sorted(heard) == sorted(writer * 1_000 + at for writer in range(WRITERS) for at in range(ENTRIES_EACH))


def _write(database: Database, writer: int) -> None:
    chance = random.Random(writer)
    for at in range(0, ENTRIES_EACH, 3):
        with database.transaction() as connection:
            append_entries(connection, said(*(writer * 1_000 + at + each for each in range(3))), NOON)
            time.sleep(chance.random() / 100)
        say(database)


def test_two_replicas_tell_the_same_and_a_reader_may_change_between_them(
    there: Live, fresh_database: Database, fresh_database_url: str
) -> None:
    with live(fresh_database_url) as other:
        here_reader, other_reader = there.read(), other.read()
        say(fresh_database, *said(1, 2))
        frames = here_reader.take(2)
        changed = other.read(since=frames[0]["cursor"])
        say(fresh_database, *said(3))

        assert numbers(other_reader.take(3)) == [1, 2, 3]
        assert numbers(changed.take(2)) == [2, 3]


def test_a_replica_that_lags_does_not_repeat_what_another_one_has_told(
    there: Live, fresh_database: Database, fresh_database_url: str
) -> None:
    """A reader brings the cursor of a replica that is ahead. The one that lags then hears what he knows already."""
    with live(fresh_database_url) as late:
        late.read()
        behind = late.hub.cursor
        reader = there.read()
        late.hub._room.clear()  # its listener waits before it hands anything on
        say(fresh_database, *said(1, 2, 3))
        ahead = reader.take(3)[1]["cursor"]

        changed = late.read_at_once(since=ahead)
        first = changed.take(1)
        say(fresh_database, *said(4))
        assert late.hub.cursor == behind
        late.hub._room.set()

        assert numbers(first + changed.until_quiet()) == [3, 4]


def test_no_cursor_repeats_what_a_history_told_of_a_batch_that_the_present_tells_later(
    there: Live, fresh_database: Database, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replica lags; its next batch holds what the history has told, and before it what was committed late."""
    monkeypatch.setattr("services.arena.streaming.hub.HEARTBEAT_SECONDS", 0.1)
    with live(fresh_database_url) as late:
        late.read()
        begin = late.hub.cursor
        late.hub._room.clear()  # its listener has read the first entry, and waits
        say(fresh_database, *said(0))
        with fresh_database.transaction() as slow:
            append_entries(slow, said(1), NOON)
            say(fresh_database, *said(2))
            reader = late.read_at_once(since=begin)
            told = reader.take(2)
            pong = reader.command("ping")
            beat = reader.next()
        late.hub._room.set()
        say(fresh_database)
        [frame] = reader.take(1)
        say(fresh_database, *said(3))

        assert numbers([*told, frame]) == [0, 2, 1]
        assert numbers(reader.until_quiet()) == [3]
        for moment in (pong, beat):
            assert numbers(there.read(since=moment["cursor"]).until_quiet()) == [1, 3]
        assert numbers(there.read(since=frame["cursor"]).until_quiet()) == [3]


@pytest.mark.parametrize(
    "cursor", [cursor_of("1:2:", "", "0"), cursor_of("9:3:", "", 0), cursor_of(f"{2**62}:{2**62}:", "", 0)]
)
def test_a_cursor_of_another_database_is_refused(there: Live, cursor: str) -> None:
    code, reason = there.read(since=cursor).end()

    assert (code, reason[:10]) == (4400, "The cursor")


def test_who_is_too_far_behind_is_told_to_read_anew(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.history.PAGE", 4)
    monkeypatch.setattr("services.arena.streaming.history.HISTORY_MAX", 10)
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(11)))
    reader = there.read()
    say(fresh_database, *said(11))
    near = reader.take(1)[0]

    far = there.read(since=begin).end()
    say(fresh_database, *said(*range(12, 22)))

    assert far[0] == 4410
    assert "More than 10 entries" in far[1]
    assert numbers(there.read(since=near["cursor"]).take(10)) == list(range(12, 22))


def test_who_comes_from_before_what_is_forgotten_is_told_so(there: Live, fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(1, 2))
    forget(fresh_database)

    code, reason = there.read(since=begin).end()

    sentence = "Entries after this cursor are forgotten; read the lists anew, and then the feed without a cursor."
    assert (code, reason) == (4410, sentence)


def test_what_is_forgotten_while_a_history_is_told_is_not_passed_over(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.history.PAGE", 4)
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(10)))
    read_page = history._page

    def forgetting(*given: Any) -> Any:
        page = read_page(*given)
        forget(fresh_database)
        return page

    monkeypatch.setattr(history, "_page", forgetting)
    reader = there.read(since=begin)

    assert numbers(reader.take(4)) == [0, 1, 2, 3]
    assert reader.end()[0] == 4410


@pytest.mark.parametrize("ours", [True, False])
def test_a_history_of_big_entries_cuts_nobody_who_reads(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    """A page of it is more than a reader may leave unread and the kernel takes; on our own server, and on others."""
    if not ours:
        monkeypatch.setattr("services.arena.streaming.sockets.line_of", lambda _: None)
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(2_500), words="x" * 4_000))
    assert readers.BEHIND_BYTES_MAX < 2_000 * 4_000

    reader = there.read(since=begin)
    time.sleep(0.3)  # so that all that is sent at once is unread at one moment

    assert numbers(reader.take(2_500)) == list(range(2_500))


def test_much_that_happens_while_a_history_is_told_cuts_nobody_and_is_told_once(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of the present than is kept for him: the history goes on where it was dropped."""
    monkeypatch.setattr("services.arena.streaming.history.PAGE", 4)
    monkeypatch.setattr(readers, "HELD_BYTES_MAX", 2_000)
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(6)))
    bursts = iter([said(*range(at, at + 6), words="x" * 500) for at in range(6, 24, 6)])
    read_page = history._page

    def slowly(*given: Any) -> Any:
        page = read_page(*given)
        say(fresh_database, *next(bursts, []))
        there.settle()
        return page

    monkeypatch.setattr(history, "_page", slowly)
    reader = there.read(since=begin)

    assert numbers(reader.take(24)) == list(range(24))
    say(fresh_database, *said(24))
    assert numbers(reader.until_quiet()) == [24]


def test_where_entries_cannot_be_told_readers_are_let_go_and_find_them_when_they_come_back(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = there.read()
    say(fresh_database, *said(1))
    cursor = reader.take(1)[0]["cursor"]
    with monkeypatch.context() as broken:
        broken.setattr("services.arena.streaming.events.frame_of", None)
        say(fresh_database, *said(2))
        code, _ = reader.end()

    assert code == 1013
    again = there.read_at_once(since=cursor)
    assert numbers(again.take(1)) == [2]
    say(fresh_database, *said(3))
    assert numbers(again.take(1)) == [3]
