"""The gate of the sandbox: marks every answer as simulated and lets faults strike on the way out."""

import asyncio
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.sandbox.faults import CHAT_KINDS, CHAT_PATHS, VENUE_PATHS, FaultOrder, Faults
from services.sandbox.limits import Limits

SIMULATED = (b"x-simulated", b"coliseum-sandbox")
JSON = (b"content-type", b"application/json; charset=utf-8")
HTML = (b"content-type", b"text/html; charset=utf-8")
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>"
VENUES = tuple(prefix for prefixes in VENUE_PATHS.values() for prefix in prefixes)
LISTS = ("events", "markets", "data", "trades", "series")
PASSED_ON = frozenset(("latency", "stale_book", *CHAT_KINDS))  # the answer behind them takes its own way
NO_BOOK = b'{"error":"No orderbook exists for the requested token id"}'
EMPTY_BOOK: dict[str, list[Any]] = {"no_dollars": [], "yes_dollars": []}


class Misbehaviour:
    """Outermost in the app. What the faults are is asked anew for each request."""

    def __init__(self, app: ASGIApp, limits: Limits | None) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        marked = _marked(send)
        path: str = scope["path"]
        if not path.startswith(VENUES):
            await self.app(scope, receive, marked)
            return
        sandbox = scope["app"].state.resources
        now = sandbox.clock()
        if self.limits is not None and (refusal := self.limits.refusal(path, now)) is not None:
            await answer(marked, 429, refusal, [JSON])
            return
        struck = sandbox.faults.struck(path, now)
        if struck:
            await _strike(self.app, struck, sandbox.faults, scope, receive, marked)
        else:
            await self.app(scope, receive, marked)


def _marked(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], SIMULATED]}
        await send(message)

    return marked


async def answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _strike(
    app: ASGIApp, struck: list[FaultOrder], faults: Faults, scope: Scope, receive: Receive, send: Send
) -> None:
    for order in struck:
        if order.kind == "latency":
            await asyncio.sleep(order.delay)
        elif order.kind == "stale_book":
            scope["sandbox_stale"] = order.age
        elif order.kind in CHAT_KINDS:
            scope.setdefault("sandbox_chat", {})[order.kind] = order
        elif order.kind == "timeout":
            await _hang(order, receive, send)
            return
        elif order.kind in _REFUSALS:
            status, body, headers = _refusal(order.kind, scope["path"])
            again = [(b"retry-after", str(order.retry_after).encode())] if order.retry_after is not None else []
            await answer(send, status, body, [*headers, *again])
            return
    spoiling = [order for order in struck if order.kind not in PASSED_ON]
    if not spoiling:
        await app(scope, receive, send)
        return
    status, headers, body = await _collected(app, scope, receive)
    for order in spoiling:
        status, body = _spoiled(order, faults, scope, status, body)
    kept = [header for header in headers if header[0] != b"content-length"]
    await answer(send, status, body, kept)


_REFUSALS: dict[str, tuple[int, bytes, list[tuple[bytes, bytes]]]] = {
    "402": (402, b'{"error":"payment required"}', [JSON]),
    "429": (429, b'{"error":"too many requests"}', [JSON]),
    "status_500": (500, b"internal error", [(b"content-type", b"text/plain")]),
    "status_503": (503, b'{"error":"service unavailable"}', [JSON]),
    "venue_down": (
        503,
        b"upstream connect error or disconnect/reset before headers",
        [(b"content-type", b"text/plain")],
    ),
    "html_200": (200, PAGE, [HTML]),
}

_CHAT_REFUSALS = {
    "402": "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
    "429": "Provider returned error",
    "status_500": "Internal Server Error",
    "status_503": "No instances available",
}


def _refusal(kind: str, path: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Providers of models wrap their refusals; what stands before them does not."""
    status, body, headers = _REFUSALS[kind]
    if path.startswith(CHAT_PATHS) and kind in _CHAT_REFUSALS:
        error: dict[str, Any] = {"message": _CHAT_REFUSALS[kind], "code": status}
        if kind == "429":
            error["metadata"] = {"provider_name": "Sandbox", "raw": "temporarily rate-limited upstream"}
        return status, orjson.dumps({"error": error, "user_id": "user_sandbox"}), [JSON]
    return status, body, headers


async def _hang(order: FaultOrder, receive: Receive, send: Send) -> None:
    """Silence, and then the connection closes in the middle of an answer."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), order.delay)
    except TimeoutError:
        await send({"type": "http.response.start", "status": 200, "headers": [JSON, (b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    status, headers, parts = 200, [], []

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message["headers"])
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return status, headers, b"".join(parts)


def _spoiled(order: FaultOrder, faults: Faults, scope: Scope, status: int, body: bytes) -> tuple[int, bytes]:
    if order.kind == "cut_json":
        return status, body[: max(1, len(body) * 2 // 3)]
    if order.kind == "no_book":
        return _without_books(status, body)
    if order.kind not in _EDITS or status != 200:
        return status, body
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return status, body
    return status, orjson.dumps(_EDITS[order.kind](value, order, faults, scope))


def _without_books(status: int, body: bytes) -> tuple[int, bytes]:
    """A list loses its books; Kalshi's are empty; a single book of the CLOB is not found."""
    value = orjson.loads(body) if status == 200 else None
    if isinstance(value, list):
        return 200, b"[]"
    if isinstance(value, dict) and "orderbook_fp" in value:
        return 200, orjson.dumps({"orderbook_fp": EMPTY_BOOK})
    if isinstance(value, dict) and "orderbooks" in value:
        emptied = [{**row, "orderbook_fp": EMPTY_BOOK} for row in value["orderbooks"]]
        return 200, orjson.dumps({"orderbooks": emptied})
    return 404, NO_BOOK


def rows_of(value: Any) -> list[Any] | None:
    """The list of a page, wherever it stands."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for name in LISTS:
            if isinstance(value.get(name), list):
                found: list[Any] = value[name]
                return found
    return None


def _edit_field(value: Any, order: FaultOrder, faults: Faults, scope: Scope) -> Any:
    """Of the first row that has the field, wherever rows stand; nested markets count as rows."""
    if isinstance(value, dict):
        if order.field in value:
            if order.kind == "missing_field":
                return {name: item for name, item in value.items() if name != order.field}
            return {**value, order.field: order.value}
        for name, item in value.items():
            edited = _edit_field(item, order, faults, scope)
            if edited is not item:
                return {**value, name: edited}
    if isinstance(value, list):
        for place, item in enumerate(value):
            edited = _edit_field(item, order, faults, scope)
            if edited is not item:
                return [*value[:place], edited, *value[place + 1 :]]
    return value


def _reorder(value: Any, order: FaultOrder, faults: Faults, scope: Scope) -> Any:
    rows = rows_of(value)
    if rows:
        rows.reverse()
    return value


def _repeat_cursor(value: Any, order: FaultOrder, faults: Faults, scope: Scope) -> Any:
    """The cursor that was sent comes back, so that the list would never end."""
    query = dict(pair.split("=", 1) for pair in scope["query_string"].decode().split("&") if "=" in pair)
    sent = query.get("after_cursor") or query.get("cursor") or query.get("next_cursor")
    if sent and isinstance(value, dict):
        name = "cursor" if scope["path"].startswith("/kalshi") else "next_cursor"
        return {**value, name: sent}
    return value


def _duplicate(value: Any, order: FaultOrder, faults: Faults, scope: Scope) -> Any:
    """The rows of the page before once more, under the cursor of this one."""
    rows = rows_of(value)
    if rows is None:
        return value
    path = scope["path"]
    before = faults.pages.get(path)
    faults.pages[path] = orjson.dumps(rows)
    if before is not None:
        rows[:] = orjson.loads(before)
    return value


_EDITS = {
    "missing_field": _edit_field,
    "mistyped_field": _edit_field,
    "reordered_page": _reorder,
    "repeated_cursor": _repeat_cursor,
    "duplicate_page": _duplicate,
}
