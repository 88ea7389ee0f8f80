"""Hot lists answered from prepared bytes: the second reader within a second costs neither a query nor a thread."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.answers import matches

FRESH_SECONDS = 1.0  # how far a replica may lag behind a write that another one made
BODY_BYTES_MAX = 4_000_000  # a longer answer is not kept
KEPT_BYTES_MAX = 64_000_000
ENTRY_BYTES = 1_000  # headers, keys and the objects around them

Key = tuple[str, bytes]


class Generation:
    """Counts the writes of this process."""

    def __init__(self) -> None:
        self.number = 0

    def advance(self) -> None:
        self.number += 1


@dataclass(frozen=True, slots=True)
class Entry:
    generation: int
    made_at: float
    headers: list[tuple[bytes, bytes]]
    etag: str
    body: bytes


class Prepared:
    """Keeps the bytes of answered lists until this process changes its data, or a second passes."""

    def __init__(self, app: ASGIApp, paths: frozenset[str], generation: Callable[[], int]) -> None:
        self.app = app
        self.paths = paths
        self.generation = generation
        self.entries: OrderedDict[Key, Entry] = OrderedDict()
        self.kept_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self.paths:
            await self.app(scope, receive, send)
            return
        key: Key = (scope["path"], scope["query_string"])
        entry = self.entries.get(key)
        if entry and entry.generation == self.generation() and monotonic() - entry.made_at < FRESH_SECONDS:
            await _send_entry(entry, scope, send)
            return
        await self.app(scope, receive, _Recorder(self, key, send))

    def keep(self, key: Key, entry: Entry) -> None:
        if replaced := self.entries.pop(key, None):
            self.kept_bytes -= _size(key, replaced)
        self.entries[key] = entry
        self.kept_bytes += _size(key, entry)
        while self.kept_bytes > KEPT_BYTES_MAX:
            self.kept_bytes -= _size(*self.entries.popitem(last=False))


def _size(key: Key, entry: Entry) -> int:
    """Roughly what an entry takes: strangers choose the question as well as the answer."""
    return len(key[1]) + len(entry.body) + ENTRY_BYTES


class _Recorder:
    """Passes an answer on and keeps it when it is whole, successful and tagged."""

    def __init__(self, prepared: Prepared, key: Key, send: Send) -> None:
        self.prepared, self.key, self.send = prepared, key, send
        self.generation, self.made_at = prepared.generation(), monotonic()
        self.headers: list[tuple[bytes, bytes]] | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self.headers = list(message["headers"])
        elif message["type"] == "http.response.body" and self.headers is not None:
            etag = dict(self.headers).get(b"etag")
            if etag and not message.get("more_body") and len(message["body"]) <= BODY_BYTES_MAX:
                entry = Entry(self.generation, self.made_at, self.headers, etag.decode(), message["body"])
                self.prepared.keep(self.key, entry)
        await self.send(message)


async def _send_entry(entry: Entry, scope: Scope, send: Send) -> None:
    asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), None)
    if matches(entry.etag, asked):
        headers = [header for header in entry.headers if header[0] in (b"etag", b"cache-control")]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": entry.headers})
    await send({"type": "http.response.body", "body": entry.body})
