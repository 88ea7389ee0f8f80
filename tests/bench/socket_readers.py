"""Many readers of a socket in one process: when each of them had each numbered frame."""

import json
import re
import select
import socket
import sys
from collections.abc import Iterator
from time import perf_counter, sleep

NUMBER = re.compile(rb'"number":(\d+)')
HANDSHAKE = (
    b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CONNECT_AT_A_TIME = 50
TEXT = 0x81  # the first byte of a text


def main(port: int, path: str, count: int, stalled: int) -> int:
    """Says `ready`, reads until its standard input ends, and answers as JSON, for each reader, [number, moment] of each
    frame with a number, in the order in which they came. Moments are those of perf_counter, which is one clock for all
    processes of a machine. `stalled` more connect and never read."""
    readers = connected(port, path, count)
    _stalled = connected(port, path, stalled, receive_bytes=4_096)
    print("ready", flush=True)
    heard = {each.fileno(): [] for each in readers}  # type: dict[int, list[tuple[float, bytes]]]
    by_file = {each.fileno(): each for each in readers}
    waiting = select.epoll()
    waiting.register(sys.stdin, select.EPOLLIN)
    for file in by_file:
        waiting.register(file, select.EPOLLIN)
    while True:
        for file, _ in waiting.poll():
            if file == sys.stdin.fileno():
                print(json.dumps([list(numbered(pieces)) for pieces in heard.values()]))
                return 0
            data = by_file[file].recv(262_144)
            heard[file].append((perf_counter(), data))
            if not data:
                waiting.unregister(file)


def connected(port: int, path: str, count: int, receive_bytes: int = 0) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        opening = []
        for _ in range(min(CONNECT_AT_A_TIME, count - len(sockets))):
            each = socket.socket()
            if receive_bytes:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            each.connect(("127.0.0.1", port))
            each.sendall(HANDSHAKE % path.encode())
            opening.append(each)
        for each in opening:
            answer = each.recv(4_096)
            if not answer.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(answer[:200])
        sockets += opening
        sleep(0.01)
    return sockets


def numbered(pieces: list[tuple[float, bytes]]) -> Iterator[tuple[int, float]]:
    """A frame has come when its last byte has."""
    rest = b""
    for moment, piece in pieces:
        rest += piece
        read = 0
        for frame, end in _frames(rest):
            read = end
            if found := NUMBER.search(frame):
                yield int(found[1]), moment
        rest = rest[read:]


def frames_of(data: bytes, texts_only: bool = True) -> list[bytes]:
    """What the whole frames carry; those that are no texts say that a socket ends, or ask whether we are there."""
    ends = [0, *(end for _, end in _frames(data))]
    found = [frame for frame, _ in _frames(data)]
    return [frame for frame, at in zip(found, ends, strict=False) if data[at] == TEXT or not texts_only]


def _frames(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Each whole frame, and where it ends."""
    at = 0
    while len(data) - at >= 2:
        head, length = 2, data[at + 1] & 127
        if length >= 126:
            head = 4 if length == 126 else 10
            length = int.from_bytes(data[at + 2 : at + head], "big")
        if len(data) < (end := at + head + length):
            return
        yield data[at + head : end], end
        at = end


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
