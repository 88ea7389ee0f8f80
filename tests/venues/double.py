"""A venue on this machine: a real HTTP server that answers what a test tells it to."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.params if key == name]

    def one(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


@dataclass(frozen=True)
class Reply:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False  # close the connection instead of answering
    hold_seconds: float = 0  # before answering
    cut_to: int | None = None  # promise the whole body, send so many bytes


Answering = Callable[[Request], Reply]


class Double:
    """Routes by path; each is a reply, a list of replies in turn (the last one stays), or a function."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._routes: dict[str, Answering] = {}
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.url = ""

    def on(self, path: str, answer: Reply | list[Reply] | Answering) -> None:
        self._routes[path] = answer if callable(answer) else _in_turn(answer)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            route = self._routes.get(request.path)
            return route(request) if route else Reply({"error": "not found"}, 404)


def _in_turn(answer: Reply | list[Reply]) -> Answering:
    replies = deque(answer if isinstance(answer, list) else [answer])
    return lambda _: replies.popleft() if len(replies) > 1 else replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # header and body travel together
    double: Double

    def setup(self) -> None:
        super().setup()
        self.double.connections += 1

    def do_GET(self) -> None:
        self._answer("GET", None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer("POST", json.loads(self.rfile.read(length) or b"null"))

    def _answer(self, method: str, body: Any) -> None:
        parts = urlsplit(self.path)
        params = parse_qsl(parts.query, keep_blank_values=True)
        reply = self.double.answer(Request(method, parts.path, params, dict(self.headers), body))
        if reply.hold_seconds:
            self.double.stopped.wait(reply.hold_seconds)
        if reply.hang_up:
            self.close_connection = True
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if reply.cut_to is None else content[: reply.cut_to])
        if reply.cut_to is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Tests do not chatter."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def running_double() -> Iterator[Double]:
    double = Double()
    handler = type("Handler", (_Handler,), {"double": double})
    server = _Server(("127.0.0.1", 0), handler)
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
