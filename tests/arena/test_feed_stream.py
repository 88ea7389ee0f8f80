"""The live feed as server-sent events: the same frames, over a plain request."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from services.arena.streaming import history, readers
from shared.database import Database
from tests.arena.live import Frame, Live, cursor_now, forget, live, numbers, said, say, until

MINE, OTHER = str(uuid4()), str(uuid4())
PASSING = ("viewers", "welcome")


@pytest.fixture
def there(fresh_database_url: str) -> Iterator[Live]:
    with live(fresh_database_url) as there:
        yield there


class Stream:
    """Server-sent events as a browser takes them."""

    def __init__(self, answer: requests.Response) -> None:
        self.answer = answer
        self.last_id = ""
        self._lines = answer.iter_lines(None, decode_unicode=True)

    def next(self) -> tuple[str, Frame]:
        """The name of the next event and what it says; empty at the end."""
        name, data = "", ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = value
            elif not line and data:
                return name, json.loads(data)
        return "", {}

    def take(self, count: int) -> list[Frame]:
        frames: list[Frame] = []
        while len(frames) < count:
            name, frame = self.next()
            assert name, "the stream ended"
            assert (name, self.last_id) == (frame["type"], frame["cursor"])
            if name not in PASSING:
                frames.append(frame)
        return frames


@contextmanager
def reading(there: Live, headers: dict[str, str] | None = None, **parameters: Any) -> Iterator[Stream]:
    with requests.get(f"{there.url}/feed", parameters, headers=headers, stream=True, timeout=10) as answer:
        assert answer.status_code == 200, answer.text
        stream = Stream(answer)
        assert stream.next()[0] == "welcome"
        yield stream


def test_a_stream_tells_the_same_frames_as_a_socket(there: Live, fresh_database: Database) -> None:
    reader = there.read()
    with reading(there) as stream:
        say(fresh_database, *said(1, who="Zoë\n\n"), *said(2, kind="cycle"))

        assert stream.take(2) == reader.take(2)
        assert stream.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.answer.headers["cache-control"] == "no-store"
        assert stream.answer.headers["x-run-id"]


def test_a_stream_can_be_of_some_events(there: Live, fresh_database: Database) -> None:
    with reading(there, event_id=[MINE, OTHER]) as both, reading(there, event_id=MINE) as one:
        say(fresh_database, *said(1, event_id=MINE), *said(2, event_id=OTHER), *said(3), *said(4, kind="alarm"))

        assert numbers(both.take(3)) == [1, 2, 4]
        assert numbers(one.take(2)) == [1, 4]


def test_a_stream_goes_on_behind_the_last_event_that_the_browser_had(there: Live, fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(1, 2, 3))
    with reading(there, since=begin) as stream:
        assert numbers(stream.take(3)) == [1, 2, 3]
        last = stream.last_id
    say(fresh_database, *said(4))

    with reading(there, {"Last-Event-ID": last}, since=begin) as stream:
        say(fresh_database, *said(5))
        assert numbers(stream.take(2)) == [4, 5]


def test_a_heartbeat_moves_the_last_id_and_is_no_event(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.hub.HEARTBEAT_SECONDS", 0.2)
    with reading(there, event_id=MINE) as stream:
        say(fresh_database, *said(1))
        there.settle()
        time.sleep(0.5)
        say(fresh_database, *said(2, event_id=MINE))
        lines: list[str] = []
        while '"number":2' not in (lines or [""])[-1]:
            lines.append(next(stream._lines))

    beats = [at for at, line in enumerate(lines) if line == ": heartbeat"]
    assert lines[beats[-1] + 1].startswith("id: ")
    assert lines[beats[-1] + 2] == ""
    with reading(there, {"Last-Event-ID": lines[beats[-1] + 1].removeprefix("id: ")}) as stream:
        assert numbers(stream.take(1)) == [2]


@pytest.mark.parametrize(
    ("parameters", "status", "error"),
    [
        ({"since": "nonsense"}, 422, "UnknownCursor"),
        ({"event_id": "7"}, 422, "Invalid"),
        ({"since": "x" * 9_000}, 422, "Invalid"),
    ],
)
def test_what_cannot_be_understood_is_answered_before_the_stream_begins(
    there: Live, parameters: dict[str, str], status: int, error: str
) -> None:
    answer = requests.get(f"{there.url}/feed", parameters, timeout=10)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert not there.hub.readers


def test_who_is_too_far_behind_and_who_is_too_many_are_told_so(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.history.PAGE", 4)
    monkeypatch.setattr("services.arena.streaming.history.HISTORY_MAX", 10)
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(11)))

    far = requests.get(f"{there.url}/feed", {"since": begin}, timeout=10)
    monkeypatch.setattr("services.arena.streaming.hub.READERS_MAX", 0)
    many = requests.get(f"{there.url}/feed", timeout=10)

    assert (far.status_code, far.json()["error"]) == (410, "TooFarBehind")
    assert (many.status_code, many.json()["error"]) == (503, "TooManyReaders")
    assert not there.hub.readers


def test_a_stream_from_before_what_is_forgotten_is_answered_so(there: Live, fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(1))
    forget(fresh_database)

    answer = requests.get(f"{there.url}/feed", {"since": begin}, timeout=10)

    assert (answer.status_code, answer.json()["error"]) == (410, "EntriesForgotten")
    assert answer.json()["facts"]["forgotten_before"].startswith("2026-11-20T13:00:00")
    assert not there.hub.readers


def test_a_stream_ends_where_its_history_is_forgotten_meanwhile(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 4)
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(10)))
    read_page = history._page

    def forgetting(*given: Any) -> Any:
        page = read_page(*given)
        forget(fresh_database)
        return page

    monkeypatch.setattr(history, "_page", forgetting)
    with reading(there, since=begin) as stream:
        assert numbers(stream.take(4)) == [0, 1, 2, 3]
        assert stream.next() == ("", {})
    again = requests.get(f"{there.url}/feed", headers={"Last-Event-ID": stream.last_id}, timeout=10)

    assert again.status_code == 410


def test_a_history_of_big_entries_cuts_no_stream_that_is_read(there: Live, fresh_database: Database) -> None:
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(*range(2_500), words="x" * 4_000))

    with reading(there, since=begin) as stream:
        assert numbers(stream.take(2_500)) == list(range(2_500))


def test_a_stream_without_a_database_is_refused() -> None:
    with live("postgresql://nobody@127.0.0.1:9/nothing") as there:
        answer = requests.get(f"{there.url}/feed", timeout=20)

    assert (answer.status_code, answer.json()["error"]) == (503, "DatabaseUnavailable")


def test_a_browser_that_leaves_is_forgotten(there: Live, fresh_database: Database) -> None:
    with reading(there):
        assert len(there.hub.readers) == 1

    until(lambda: not there.hub.readers)


def test_a_burst_cuts_nobody_who_reads(there: Live, fresh_database: Database) -> None:
    """One transaction says more than a reader may leave unread."""
    with reading(there) as stream:
        say(fresh_database, *said(*range(1_000), words="x" * (readers.BEHIND_BYTES_MAX // 900)))

        assert numbers(stream.take(1_000)) == list(range(1_000))


def test_a_stream_that_is_not_read_is_cut_and_dropped_and_others_go_on(
    there: Live, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BEHIND_BYTES_MAX", 200_000)
    monkeypatch.setattr(readers, "PARTING_SECONDS", 0.3)
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    stalled.connect(("127.0.0.1", urlsplit(there.url).port))
    stalled.sendall(b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    until(lambda: len(there.hub.readers) == 1)
    with reading(there) as good:
        deadline = time.monotonic() + 20
        while len(there.hub.readers) != 1:
            say(fresh_database, *said(*range(5), words="x" * 20_000))
            good.take(5)
            assert time.monotonic() < deadline
        say(fresh_database, *said(7))
        assert numbers(good.take(1)) == [7]

    stalled.settimeout(10)
    data = b""
    while piece := stalled.recv(1 << 20):
        data += piece
    assert not data.endswith(b"0\r\n\r\n"), "what he left was kept for him"
    stalled.close()
