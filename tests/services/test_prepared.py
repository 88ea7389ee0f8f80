"""Prepared bytes: how long they serve, and that strangers cannot fill the memory with them."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared import prepared
from shared.prepared import Generation, Prepared


class Counting:
    """An app whose every answer is another one."""

    def __init__(self, size: int = 10) -> None:
        self.answered = 0
        self.size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.answered += 1
        body = str(self.answered).encode().ljust(self.size, b" ")
        await Response(body, headers={"etag": f'"{self.answered}"'})(scope, receive, send)


def get(app: Prepared, query: bytes = b"", path: str = "/things") -> bytes:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}
    asyncio.run(app(scope, receive, send))
    return b"".join(message.get("body", b"") for message in sent)


def preparing(app: Counting) -> tuple[Prepared, Generation]:
    generation = Generation()
    return Prepared(app, frozenset({"/things"}), lambda: generation.number), generation


def test_bytes_serve_until_something_is_written() -> None:
    app = Counting()
    prepared_app, generation = preparing(app)

    first, second = get(prepared_app), get(prepared_app)
    generation.advance()
    third = get(prepared_app)

    assert first == second != third
    assert app.answered == 2


def test_bytes_serve_for_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Counting()
    prepared_app, _ = preparing(app)
    now = [100.0]
    monkeypatch.setattr(prepared, "monotonic", lambda: now[0])

    get(prepared_app)
    now[0] += prepared.FRESH_SECONDS + 0.001
    get(prepared_app)

    assert app.answered == 2


def test_a_write_during_the_answer_makes_it_stale_at_once() -> None:
    """The rows may have been read before the write, so the answer must not serve the next reader."""

    class Writing(Counting):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            generation.advance()
            await super().__call__(scope, receive, send)

    app = Writing()
    prepared_app, generation = preparing(app)

    get(prepared_app)
    get(prepared_app)

    assert app.answered == 2


def test_other_paths_are_not_kept() -> None:
    app = Counting()
    prepared_app, _ = preparing(app)

    get(prepared_app, path="/other")
    get(prepared_app, path="/other")

    assert app.answered == 2
    assert not prepared_app.entries


def test_long_answers_are_not_kept_and_many_are_bounded() -> None:
    long = Counting(size=prepared.BODY_BYTES_MAX + 1)
    many = Counting(size=prepared.BODY_BYTES_MAX)
    long_app, many_app = preparing(long)[0], preparing(many)[0]

    get(long_app)
    for number in range(40):
        get(many_app, query=b"n=%d" % number)

    assert not long_app.entries
    assert sum(len(entry.body) for entry in many_app.entries.values()) <= prepared.KEPT_BYTES_MAX


def test_questions_of_strangers_do_not_fill_the_memory() -> None:
    """A query string of 60 kB whose answer is short: it is the question that takes the room."""
    prepared_app, _ = preparing(Counting())

    for number in range(1_500):
        get(prepared_app, query=b"n=%d&%s" % (number, b"x" * 60_000))

    kept = sum(len(key[1]) + len(entry.body) for key, entry in prepared_app.entries.items())
    assert kept <= prepared.KEPT_BYTES_MAX
