"""A provider at the level of bytes: a real server that writes what a test wants, as slowly as it wants."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from services.arena.domain.completions import Endpoint, Message, Question

Writing = Callable[[socket.socket, bytes], None]

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


def whole(status: str, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "content-type: application/json", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@dataclass
class Wire:
    writing: Writing
    address: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    keeps: bool = False  # its connections, as a writing that says how long its answer is allows
    stopped: threading.Event = field(default_factory=threading.Event)

    def question(self, *, seconds: float = 5, key: str | None = "key-of-the-test", model: str = "m/1") -> Question:
        return Question(Endpoint(self.address, key), model, [Message("user", "hi")], 100, seconds)


@contextmanager
def running_wire(writing: Writing) -> Iterator[Wire]:
    wire = Wire(writing)
    server = socket.create_server(("127.0.0.1", 0))
    wire.address = f"http://127.0.0.1:{server.getsockname()[1]}/v1"

    def serve() -> None:
        while not wire.stopped.is_set():
            with suppress(OSError):
                taken, _ = server.accept()
                wire.connections += 1
                threading.Thread(target=talk, args=(taken,), daemon=True).start()

    def talk(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            while (asked := _request(taken)) is not None:
                wire.requests.append(asked)
                wire.writing(taken, asked)
                if not wire.keeps:
                    return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield wire
    finally:
        wire.stopped.set()
        with suppress(OSError):
            socket.create_connection(server.getsockname(), timeout=1).close()
        server.close()


def _request(taken: socket.socket) -> bytes | None:
    """One request with its body; None: the other end is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = taken.recv(65_536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += taken.recv(65_536)
    return head + b"\r\n\r\n" + body
