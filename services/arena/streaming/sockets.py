"""One reader on a socket: welcome, history, commands, the end."""

import asyncio

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.types import Message
from starlette.websockets import WebSocket

from services.arena.streaming import history
from services.arena.streaming.commands import command_of, event_ids_of
from services.arena.streaming.hub import Hub
from services.arena.streaming.problems import BadSubscription, FeedUnavailable, close_code
from services.arena.streaming.readers import QueueReader, Reader, SocketReader
from shared.errors import Problem
from shared.lines import close_reason, line_of


async def serve_socket(hub: Hub, socket: WebSocket) -> None:
    await socket.accept()
    line = line_of(socket.scope)
    reader = QueueReader(lambda frame: frame.text, None) if line is None else SocketReader(line)
    since = socket.query_params.get("since") or None
    tasks = []
    if isinstance(reader, QueueReader):
        tasks.append(asyncio.create_task(_pump(socket, reader)))
    try:
        await hub.join(reader, since, event_ids_of(socket.query_params.getlist("event_id")))
        if since is not None:
            tasks.append(asyncio.create_task(_bring(hub, reader, since)))
        await _listen(hub, reader, socket)
    except Problem as problem:
        await _refuse(socket, reader, problem)
    except (OperationalError, InterfaceError, PoolExhausted):
        await _refuse(socket, reader, FeedUnavailable())
    finally:
        hub.leave(reader)
        for task in tasks:
            task.cancel()


async def _listen(hub: Hub, reader: Reader, socket: WebSocket) -> None:
    """Until the reader goes, or is let go."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if not reader.ended:
            _answer(hub, reader, message)


def _answer(hub: Hub, reader: Reader, message: Message) -> None:
    try:
        command = command_of(message.get("text") or message.get("bytes"))
        if command.action == "ping":
            reader.send(hub.now("pong", hub.cursor_for(reader)))
        else:
            hub.subscribe(reader, command)
    except BadSubscription as problem:
        reader.send(hub.now("error", hub.cursor_for(reader), detail=problem.detail))


async def _bring(hub: Hub, reader: Reader, since: str) -> None:
    try:
        await history.tell(hub, reader, await history.first_page(hub, reader, since))
    except Problem as problem:
        reader.end(close_code(problem), problem.detail)
    except (OperationalError, InterfaceError, PoolExhausted):
        reader.end(close_code(FeedUnavailable()), FeedUnavailable().detail)


async def _pump(socket: WebSocket, reader: QueueReader) -> None:
    async def take(texts: list[bytes]) -> None:
        for each in texts:
            await socket.send({"type": "websocket.send", "text": each.decode()})

    code, reason = await reader.pump(take)
    await socket.close(code, close_reason(reason))


async def _refuse(socket: WebSocket, reader: Reader, problem: Problem) -> None:
    if isinstance(reader, SocketReader):
        reader.end(close_code(problem), problem.detail)
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    else:
        await socket.close(close_code(problem), close_reason(problem.detail))
