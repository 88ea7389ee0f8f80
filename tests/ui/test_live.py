"""Live parts over real HTTP: one state for all who watch, nothing twice, nobody cut, an end when the server stops."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import pytest
import requests
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy.exc import OperationalError

from shared.errors import NotFound
from shared.ui.changes import Parts, changes_of
from shared.ui.live import BEHIND_MAX, Live, Viewer, frame_of, live_of
from tests.serving import serving


class Board:
    """A page's parts that a test turns by hand."""

    def __init__(self) -> None:
        self.value = 1
        self.made = 0
        self.broken: Exception | None = None

    def parts(self) -> Parts:
        self.made += 1
        if self.broken:
            raise self.broken
        return Parts({"board": f'<p><span data-cell="a">${self.value}</span><!----></p>'})


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def app(board: Board) -> FastAPI:
    app, router = FastAPI(), APIRouter()
    app.state.live = Live("arena")
    app.state.when_told_to_stop = [app.state.live.told_to_stop]

    @router.get("/live")
    async def read_live(request: Request) -> Response:
        return live_of(request).stream(request, "board", board.parts, every_seconds=0.05)

    @router.get("/page")
    def read_page(request: Request) -> dict[str, str]:
        return {"have": live_of(request).parts("board", board.parts).digest}

    app.include_router(router)
    return app


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with serving(app) as address:
        yield address


class Watching:
    """A reader of server-sent events."""

    def __init__(self, address: str, have: str = "") -> None:
        self.answer = requests.get(f"{address}/live", params={"have": have}, stream=True, timeout=20)
        self.lines = self.answer.iter_lines(decode_unicode=True)

    def __enter__(self) -> "Watching":
        return self

    def __exit__(self, *_: type[BaseException] | TracebackType | BaseException | None) -> None:
        self.answer.close()

    def event(self) -> tuple[str, Any]:
        name, data = "", None
        for line in self.lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
            elif line.startswith(":"):
                name = "heartbeat"
            elif not line and name:
                return name, data
        return "end", None


def test_whoever_comes_gets_the_whole_state_and_then_what_changes(address: str, board: Board) -> None:
    with Watching(address) as watching:
        first = watching.event()
        board.value = 2
        second = watching.event()

    assert first == ("changes", {"parts": board_part(1), "cells": {}, "lines": {}})
    assert second == ("changes", {"parts": {}, "cells": {"a": "$2"}, "lines": {}})


def board_part(value: int) -> dict[str, str]:
    return {"board": f'<p><span data-cell="a">${value}</span><!----></p>'}


def test_a_page_that_shows_the_present_is_not_told_it_again(address: str, board: Board) -> None:
    have = requests.get(f"{address}/page", timeout=5).json()["have"]

    with Watching(address, have) as watching:
        first = watching.event()
        board.value = 2
        second = watching.event()

    assert first == ("heartbeat", None)
    assert second[1]["cells"] == {"a": "$2"}


def test_who_returns_from_a_state_of_before_is_told_the_difference(address: str, board: Board) -> None:
    have = requests.get(f"{address}/page", timeout=5).json()["have"]
    board.value = 7

    with Watching(address, have) as watching:
        assert watching.event()[1] == {"parts": {}, "cells": {"a": "$7"}, "lines": {}}


def test_many_watch_and_the_parts_are_made_once_a_tick(address: str, board: Board) -> None:
    with watchers(address, 12) as readers:
        assert all(reader.event()[0] == "changes" for reader in readers)
        before = board.made
        board.value = 3
        seen = [reader.event()[1] for reader in readers]

    assert all(each == seen[0] for each in seen)
    assert board.made - before < 12


@contextmanager
def watchers(address: str, count: int) -> Iterator[list[Watching]]:
    readers = [Watching(address) for _ in range(count)]
    try:
        yield readers
    finally:
        for reader in readers:
            reader.answer.close()


def test_a_database_that_is_away_is_said_once_and_then_it_goes_on(address: str, board: Board) -> None:
    with Watching(address) as watching:
        watching.event()
        board.broken = OperationalError("SELECT", {}, Exception("gone"))
        away = watching.event()
        board.broken, board.value = None, 5
        again = watching.event()

    assert away == ("away", {})
    assert again[1]["cells"] == {"a": "$5"}


def test_parts_that_cannot_be_made_do_not_end_the_stream(address: str, board: Board) -> None:
    with Watching(address) as watching:
        watching.event()
        board.broken = KeyError("a template's mistake")
        assert watching.event()[0] == "away"
        board.broken, board.value = None, 6
        assert watching.event()[1]["cells"] == {"a": "$6"}


def test_streams_end_when_the_server_is_told_to_stop(app: FastAPI) -> None:
    with serving(app) as address:
        watching = Watching(address)
        watching.event()
        reading = threading.Thread(target=watching.event, daemon=True)
        reading.start()

    reading.join(5)
    assert not reading.is_alive()


def test_nobody_is_made_for_when_all_have_left(address: str, app: FastAPI, board: Board) -> None:
    with Watching(address) as watching:
        watching.event()

    settled = threading.Event()
    for _ in range(100):
        if not app.state.live.topics:
            break
        settled.wait(0.05)
    before = board.made
    settled.wait(0.3)

    assert board.made == before
    assert app.state.live.viewers == 0


def test_who_does_not_read_gets_the_whole_state_once_he_reads_again() -> None:
    async def story() -> bytes:
        live, now = Live("arena"), Parts({"board": "now"})
        viewer = Viewer(live, None)
        for number in range(BEHIND_MAX + 5):
            viewer.take(b"frame %d" % number)

        class Standing:
            parts = now

        return await viewer.waiting(Standing())  # type: ignore[arg-type]

    waiting = asyncio.run(story())

    assert b"frame" not in waiting
    assert b'"parts":{"board":"now"}' in waiting


def test_a_frame_says_which_state_it_leads_to() -> None:
    parts = Parts({"board": "x"})

    assert frame_of(changes_of(None, parts), parts).startswith(f"id: {parts.digest}\nevent: changes\ndata: ".encode())


def test_who_comes_while_the_database_is_away_is_told_so(address: str, board: Board) -> None:
    with Watching(address) as first:
        first.event()
        board.broken = OperationalError("SELECT", {}, Exception("gone"))
        first.event()
        with Watching(address) as second:
            assert [second.event()[0], second.event()[0]] == ["changes", "away"]


def test_when_it_is_back_and_nothing_has_changed_it_is_said_as_well(address: str, board: Board) -> None:
    with Watching(address) as watching:
        watching.event()
        board.broken = OperationalError("SELECT", {}, Exception("gone"))
        watching.event()
        board.broken = None

        assert watching.event() == ("changes", {"parts": {}, "cells": {}, "lines": {}})


def test_what_is_not_there_is_an_ordinary_answer_and_no_topic(app: FastAPI, board: Board) -> None:
    @app.exception_handler(NotFound)
    def missing(_: Request, problem: NotFound) -> Response:
        return Response(problem.detail, problem.status)

    board.broken = NotFound()

    with serving(app) as address:
        answer = requests.get(f"{address}/live", timeout=5)

        assert (answer.status_code, answer.text) == (404, "There is nothing here.")
        assert not app.state.live.topics
        assert app.state.live.viewers == 0


def test_a_page_of_a_topic_that_is_away_is_not_made_of_its_old_parts(app: FastAPI, board: Board) -> None:
    live: Live = app.state.live

    class Lost:
        parts, away = Parts({"board": "old"}), True

    live.topics["board"] = Lost()  # type: ignore[assignment]

    assert live.parts("board", board.parts).figures == board_part(1)
