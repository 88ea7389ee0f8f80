"""Many readers of the live feed, and those who are slow, silent, gone or too many."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from services.arena.streaming import readers
from shared.database import Database
from shared.lines import allow_many
from tests.arena.live import Live, live, numbers, said, say, until
from tests.bench.socket_readers import connected, frames_of

THOUSAND = 1_000
TOO_SLOW = (4408).to_bytes(2, "big") + b"Too slow"
LONG = "x" * 20_000


@pytest.fixture
def there(fresh_database_url: str) -> Iterator[Live]:
    with live(fresh_database_url) as there:
        yield there


def port_of(there: Live) -> int:
    return urlsplit(there.url).port or 0


def read_frames(reader: socket.socket, count: int, seconds: float = 20.0) -> list[dict[str, Any]]:
    """That many entries of the feed, from the bytes of a socket."""
    reader.settimeout(seconds)
    data = b""
    while len(found := [frame for frame in map(json.loads, frames_of(data)) if "number" in frame]) < count:
        piece = reader.recv(1 << 20)
        assert piece, "the socket was closed"
        data += piece
    return found


def test_a_thousand_readers_hear_every_entry_once_and_in_order(there: Live, fresh_database: Database) -> None:
    allow_many()
    crowd = connected(port_of(there), "/ws", THOUSAND)
    until(lambda: len(there.hub.readers) == THOUSAND)

    for number in range(0, 30, 3):
        say(fresh_database, *said(number, number + 1, number + 2))

    assert all(numbers(read_frames(reader, 30)) == list(range(30)) for reader in crowd)
    for reader in crowd:
        reader.close()
    until(lambda: not there.hub.readers)


def test_a_reader_who_does_not_read_is_cut_and_harms_nobody(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BEHIND_BYTES_MAX", 200_000)
    [stalled] = connected(port_of(there), "/ws", 1, receive_bytes=4_096)
    good = there.read()

    heard = 0
    while len(there.hub.readers) == 2:
        say(fresh_database, *said(*range(20), words=LONG))
        heard += len(good.take(20))
        assert heard < 2_000

    assert numbers([good.command("ping") | {"number": 1}]) == [1]
    good.close()
    stalled.close()


def test_a_slow_reader_is_told_why_he_was_cut_and_can_go_on_where_he_was(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BEHIND_BYTES_MAX", 200_000)
    [slow] = connected(port_of(there), "/ws", 1, receive_bytes=4_096)
    until(lambda: len(there.hub.readers) == 1)
    count = 0
    while there.hub.readers:
        say(fresh_database, *said(*range(count, count + 20), words=LONG))
        count += 20
        there.settle()

    frames, code, reason = read_to_the_end(slow)
    rest = there.read(since=frames[-1]["cursor"]).take(count - len(frames))

    assert code == 4408
    assert reason == f"Too slow: connect again with since={frames[-1]['cursor']}"
    assert numbers(frames) + numbers(rest) == list(range(count))
    assert rest


def read_to_the_end(reader: socket.socket) -> tuple[list[dict[str, Any]], int, str]:
    *frames, last = frames_of(read_all(reader), texts_only=False)
    entries = [frame for frame in map(json.loads, frames) if "number" in frame]
    return entries, int.from_bytes(last[:2], "big"), last[2:].decode()


def read_all(reader: socket.socket) -> bytes:
    """Until it says that it is over, or just ends."""
    reader.settimeout(20)
    data = b""
    while TOO_SLOW not in data[-200:] and (piece := reader.recv(1 << 20)):
        data += piece
    return data


def test_who_was_cut_and_still_does_not_read_is_dropped_altogether(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what he left would be kept for him for ever."""
    monkeypatch.setattr(readers, "BEHIND_BYTES_MAX", 200_000)
    monkeypatch.setattr("shared.lines.PARTING_SECONDS", 0.3)
    [stalled] = connected(port_of(there), "/ws", 1, receive_bytes=4_096)
    until(lambda: len(there.hub.readers) == 1)

    while there.hub.readers:
        say(fresh_database, *said(*range(20), words=LONG))
        there.settle()
    time.sleep(1)

    assert TOO_SLOW not in read_all(stalled)


def test_a_great_batch_cuts_nobody_who_reads(there: Live, fresh_database: Database) -> None:
    """Ten thousand entries of one transaction are more than a reader may leave unread."""
    crowd = [there.read() for _ in range(5)]

    say(fresh_database, *said(*range(10_000), words="x" * 500))

    assert all(numbers(reader.take(10_000)) == list(range(10_000)) for reader in crowd)


def test_readers_who_vanish_without_a_word_harm_nobody(there: Live, fresh_database: Database) -> None:
    vanishing = connected(port_of(there), "/ws", 20)
    good = there.read()
    until(lambda: len(there.hub.readers) == 21)

    for reader in vanishing:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        reader.close()  # with a reset
    say(fresh_database, *said(*range(100)))

    assert numbers(good.take(100)) == list(range(100))
    until(lambda: len(there.hub.readers) == 1)


def test_a_reader_that_breaks_within_harms_nobody(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = there.read(), there.read()
    one, _ = there.hub.readers

    def fail(_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(one, "offer", fail)
    say(fresh_database, *said(1))
    there.settle()

    assert sorted(numbers(broken.until_quiet()) + numbers(good.until_quiet())) == [1]
    assert len(there.hub.readers) == 1


def test_more_readers_than_there_is_room_for_are_turned_away(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.hub.READERS_MAX", 2)
    first, second = there.read(), there.read()

    third = there.read()
    assert third.end()[0] == 4429
    first.close()
    until(lambda: len(there.hub.readers) == 1)

    fourth = there.read()
    say(fresh_database, *said(1))
    assert numbers(second.take(1)) == numbers(fourth.take(1)) == [1]


def test_readers_hear_on_after_the_database_has_cut_its_sessions(there: Live, fresh_database: Database) -> None:
    reader = there.read()
    for number in range(1, 31):
        say(fresh_database, *said(number))
        if number % 10 == 0:
            with fresh_database.connection() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
                connection.rollback()

    assert numbers(reader.take(30)) == list(range(1, 31))


def test_a_feed_without_its_database_turns_readers_away() -> None:
    with live("postgresql://nobody@127.0.0.1:9/nothing") as there:
        code, reason = there.read_at_once().end()

    assert code == 1013
    assert reason == "The database cannot be reached; connect again in a moment."
