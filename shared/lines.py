"""Connections that live long: what their app may do with the line beneath them, and how they end."""

# Most of the cost of a frame to a thousand readers is making it a thousand times and waking a thousand tasks. A frame
# of a server is the same bytes for every reader (RFC 6455: nothing is masked; and we do not compress), so it is made
# once and written as it is. Who does not read is dropped: closing alone would wait for him with what he left.

import asyncio
import resource
import struct
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINE = "coliseum.line"  # among the extensions of a scope
PARTING_SECONDS = 5.0  # for a reader that is cut to take what is on its way, and why it ends
STOPPING_SECONDS = 0.5  # the same when the process stops
GOING_AWAY = 1001
REASON_BYTES_MAX = 123  # of a close frame
FILES_MAX = 16_384  # a connection is a file, and many systems begin with 1,024
STOPS = "This server stops; connect again in a moment."


class Line:
    """What is beneath a connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def waiting(self) -> int:
        """Bytes that were written and that the kernel has not taken, because the other side does not read."""
        return self._transport.get_write_buffer_size()

    def drop(self) -> None:
        """Ends it now, and forgets what waits."""
        self._transport.abort()


class SocketLine(Line):
    """Beneath a socket that was accepted."""

    def __init__(self, protocol: "SocketProtocol") -> None:
        super().__init__(protocol.transport)
        self._protocol = protocol

    def write(self, frames: bytes) -> None:
        """Whole frames, as `text_frame` makes them; nothing once the line ends."""
        if not self._transport.is_closing() and not self._protocol.close_sent:
            self._transport.write(frames)

    async def drained(self) -> None:
        """Until little waits, or the line has ended."""
        await self._protocol.writable.wait()

    def end(self, code: int, reason: str) -> None:
        """Says why and ends, with whoever reads on or without. May be called twice."""
        self._protocol.end(code, reason, PARTING_SECONDS)


def line_of(scope: Scope) -> Any:
    """Its `Line` or `SocketLine`; None under a server that is not ours."""
    return scope.get("extensions", {}).get(LINE)


def text_frame(text: bytes) -> bytes:
    """A text message as it travels from a server."""
    length = len(text)
    if length < 126:
        return b"\x81%c%b" % (length, text)
    if length < 65_536:
        return b"\x81\x7e" + struct.pack("!H", length) + text
    return b"\x81\x7f" + struct.pack("!Q", length) + text


def close_reason(sentence: str) -> str:
    """As much of it as a close frame holds."""
    return sentence.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


def allow_many() -> int:
    """Lets this process have as many files, and so connections, as the system allows; answers how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES_MAX if hard == resource.RLIM_INFINITY else min(FILES_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return FILES_MAX if soft == resource.RLIM_INFINITY else soft


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, with a line for the app; it says goodbye when the server stops, and waits for nobody."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][LINE] = SocketLine(self)  # type: ignore[assignment]

    def end(self, code: int, reason: str, within_seconds: float) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, close_reason(reason))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(within_seconds, self.transport.abort)

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.end(GOING_AWAY, STOPS, STOPPING_SECONDS)
        else:
            super().shutdown()
            self.loop.call_later(STOPPING_SECONDS, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(PARTING_SECONDS, self.transport.abort)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with a line for the app."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {LINE: Line(self.transport)}  # type: ignore[dict-item]
