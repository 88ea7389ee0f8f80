"""One reader of server-sent events: the same frames, over a plain answer that does not end."""

import asyncio

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.arena.streaming import history
from services.arena.streaming.frames import Frame
from services.arena.streaming.hub import Hub
from services.arena.streaming.problems import TRY_AGAIN, close_code
from services.arena.streaming.readers import QueueReader
from shared.errors import Problem
from shared.lines import line_of

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class FeedStream(Response):
    """Joins before it begins, so that what is wrong with the request is an ordinary answer."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, since: str | None, event_ids: frozenset[str]) -> None:
        self.hub, self.since, self.event_ids = hub, since, event_ids
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = QueueReader(_form, line_of(scope))
        tasks = []
        try:
            await self.hub.join(reader, self.since, self.event_ids)
            if self.since is not None:
                page = await history.first_page(self.hub, reader, self.since)
                tasks.append(asyncio.create_task(_bring(self.hub, reader, page)))
            tasks.append(asyncio.create_task(_until_gone(reader, receive)))
            await _pump(reader, send)
        finally:
            self.hub.leave(reader)
            for task in tasks:
                task.cancel()


def _form(frame: Frame) -> bytes:
    return frame.event


async def _pump(reader: QueueReader, send: Send) -> None:
    async def take(events: list[bytes]) -> None:
        await send({"type": "http.response.body", "body": b"".join(events), "more_body": True})

    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await reader.pump(take)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _bring(hub: Hub, reader: QueueReader, page: history.Page) -> None:
    try:
        await history.tell(hub, reader, page)
    except Problem as problem:  # in the middle: who asks again from his last id is answered with it
        reader.end(close_code(problem), problem.detail)
    except (OperationalError, InterfaceError, PoolExhausted):
        reader.end(TRY_AGAIN, "The database cannot be reached.")


async def _until_gone(reader: QueueReader, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.end(1000, "")
