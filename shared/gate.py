"""The gate before every service: who may enter, how much they may bring, and one run id for all that follows."""

import hmac
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from os import urandom
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from shared.browser_pass import SIGN_IN, holds_pass
from shared.errors import Forbidden, Problem, TooLarge, Unauthorized
from shared.json_bytes import encoded

log = structlog.get_logger()

REQUESTS = Counter("coliseum_http_requests_total", "Requests answered.", ["service", "method", "route", "status"])
SECONDS = Histogram(
    "coliseum_http_request_seconds", "Time to the end of the answer; streams apart.", ["service", "method", "route"]
)
SOCKETS = Counter("coliseum_sockets_total", "Sockets that were asked for.", ["service", "route", "status"])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_BYTES_MAX = 2_000_000
STREAM = b"text/event-stream"
# A name or an address with a port or without: who reads the header later reads the same as we do.
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
RUN_ID = re.compile(r"^[A-Za-z0-9_.:-]{1,80}$")


class UnknownHost(Forbidden):
    """The Host header names a machine that this service does not answer for; add it to ALLOWED_HOSTS if it should."""

    status = 421


class CrossSite(Forbidden):
    """A command cannot be given from another site's page."""


class NotJson(Problem):
    """A body has to be JSON: send content-type application/json."""

    status = 415


class InternalError(Problem):
    """Something went wrong in this service; its log has the details under this run id."""

    status = 500


@dataclass(frozen=True, slots=True)
class Rules:
    service: str
    hosts: frozenset[str]
    commands: frozenset[str]  # paths that act although they also answer GET
    token: str | None  # None: commands are open, because only this machine can reach us
    guarded: bool = True  # False for the sandbox, whose venues know neither tokens nor sites


class Gate:
    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._open_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        run_id = _run_id(headers)
        structlog.contextvars.bind_contextvars(run_id=run_id)
        answer = _Answer(send, run_id)
        started = perf_counter()
        try:
            self._admit(scope, headers)
        except Problem as problem:
            if isinstance(problem, Unauthorized) and b"text/html" in headers.get(b"accept", b""):
                await _to_sign_in(headers, answer)
            else:
                await _refuse(problem, answer)
        else:
            await self._pass(scope, _bounded(receive), answer, run_id)
        finally:
            route = getattr(scope.get("route"), "path_format", None) or _known_path(scope["path"])
            requests, seconds = _meters(self.rules.service, scope["method"], route, answer.status)
            requests.inc()
            if not answer.streams:
                seconds.observe(perf_counter() - started)
            structlog.contextvars.clear_contextvars()

    async def _pass(self, scope: Scope, receive: Receive, answer: "_Answer", run_id: str) -> None:
        """The wall between requests: one that fails is logged, and says nothing of how we are built."""
        try:
            await self.app(scope, receive, answer)
        except TooLarge as problem:
            await _refuse(problem, answer)
        except Exception:
            log.exception("request_failed", path=scope["path"])
            if answer.status:
                raise  # half an answer is out; the server cuts the connection
            await _refuse(InternalError(run_id=run_id), answer)

    async def _open_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sockets read, so they need no token. But another site's page could read along, because browsers ask nobody
        before they open one: its address is refused."""
        headers = dict(scope["headers"])
        structlog.contextvars.bind_contextvars(run_id=_run_id(headers))
        opening = _Opening(send, scope, self.rules.service)
        try:
            self._admit_host(headers)
            if self.rules.guarded:
                _admit_origin(headers)
        except Problem as problem:
            await _refuse_socket(problem, scope, opening)
        else:
            await self._pass_socket(scope, receive, opening)
        finally:
            structlog.contextvars.clear_contextvars()

    async def _pass_socket(self, scope: Scope, receive: Receive, opening: "_Opening") -> None:
        """The wall between sockets: one that fails is logged, and ends without saying how we are built."""
        try:
            await self.app(scope, receive, opening)
        except WebSocketDisconnect:
            pass  # it went while something was said to it
        except Exception:
            log.exception("socket_failed", path=scope["path"])
            with suppress(OSError, RuntimeError):  # it may be gone
                await opening({"type": "websocket.close", "code": 1011, "reason": "Something went wrong here."})

    def _admit_host(self, headers: dict[bytes, bytes]) -> None:
        given = headers.get(b"host", b"").decode("latin-1")
        host = _without_port(given)
        if host not in self.rules.hosts or not HOST.fullmatch(given):
            raise UnknownHost(host=host[:120])

    def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        self._admit_host(headers)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > BODY_BYTES_MAX:
            raise TooLarge(limit_bytes=BODY_BYTES_MAX)
        if self.rules.guarded and (scope["method"] not in SAFE_METHODS or scope["path"] in self.rules.commands):
            self._admit_command(scope["path"], headers, length not in (b"0", b"") or b"transfer-encoding" in headers)

    def _admit_command(self, scope_path: str, headers: dict[bytes, bytes], has_body: bool) -> None:
        _admit_origin(headers)
        if scope_path == SIGN_IN:
            return  # its form brings the token itself
        if self.rules.token is not None:
            given = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
            signed_in = holds_pass(headers.get(b"cookie", b"").decode("latin-1"), self.rules.token)
            if not signed_in and not hmac.compare_digest(given, self.rules.token.encode()):
                raise Unauthorized()
        media_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if has_body and media_type != b"application/json":
            raise NotJson(content_type=media_type.decode("latin-1")[:80])


def _admit_origin(headers: dict[bytes, bytes]) -> None:
    if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
        raise CrossSite()
    origin = headers.get(b"origin")
    if origin is not None and origin.split(b"//", 1)[-1] != headers.get(b"host"):
        raise CrossSite(origin=origin.decode("latin-1")[:120])


class _Opening:
    """Sends on, and counts how a socket was answered."""

    def __init__(self, send: Send, scope: Scope, service: str) -> None:
        self.send, self.scope, self.service = send, scope, service
        self.answered = False

    async def __call__(self, message: Message) -> None:
        if not self.answered:
            self.answered = True
            status = {"websocket.accept": 101, "websocket.close": 403}.get(message["type"]) or message["status"]
            route = getattr(self.scope.get("route"), "path", None) or "(none)"
            SOCKETS.labels(self.service, route, status).inc()
        await self.send(message)


class _Answer:
    """Sends on, and remembers the status, and whether it goes on for as long as somebody listens."""

    def __init__(self, send: Send, run_id: str) -> None:
        self.send, self.run_id, self.status, self.streams = send, run_id.encode(), 0, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.streams = any(
                value.startswith(STREAM) for name, value in message["headers"] if name == b"content-type"
            )
            extra = [(b"x-run-id", self.run_id), (b"x-content-type-options", b"nosniff")]
            message = {**message, "headers": [*message["headers"], *extra]}
        await self.send(message)


def _bounded(receive: Receive) -> Receive:
    """Bodies without a length are counted as they arrive."""
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_BYTES_MAX:
            raise TooLarge(limit_bytes=BODY_BYTES_MAX)
        return message

    return take


@lru_cache(maxsize=4_096)
def _meters(service: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(service, method, route, status), SECONDS.labels(service, method, route)


async def _refuse(problem: Problem, send: Any, prefix: str = "") -> None:
    body = encoded({"detail": problem.detail, "error": problem.name, "facts": problem.facts})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{prefix}http.response.start", "status": problem.status, "headers": headers})
    await send({"type": f"{prefix}http.response.body", "body": body})


async def _to_sign_in(headers: dict[bytes, bytes], send: Send) -> None:
    """A person who pressed a button of a page signs in, and returns to that page."""
    back = urlsplit(headers.get(b"referer", b"").decode("latin-1"))
    where = f"{SIGN_IN}?back={quote(back.path or '/', safe='/')}".encode()
    await send({"type": "http.response.start", "status": 303, "headers": [(b"location", where)]})
    await send({"type": "http.response.body", "body": b""})


async def _refuse_socket(problem: Problem, scope: Scope, send: Any) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await _refuse(problem, send, "websocket.")
    else:
        await send({"type": "websocket.close"})


def _run_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-run-id", b"").decode("latin-1")
    if not given:
        return urandom(16).hex()
    return given if RUN_ID.match(given) else urandom(16).hex()


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _known_path(path: str) -> str:
    """A label for answers that no route made; strangers' paths must not become labels."""
    return path if path in ("/alive", "/ready", "/health", "/metrics", "/events", "/markets", "/series") else "(none)"
