"""Server-sent events, as an open answer brings them."""

from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple

from shared.command_line.asking import read_json

LINE_BYTES_MAX = 4_000_000


class Told(NamedTuple):
    kind: str
    data: Any  # None: nothing was said, but the cursor moved
    cursor: str | None
    text: str = ""


class Lost(Exception):
    """The stream broke off before its end."""


def told(response: HTTPResponse) -> Iterator[Told]:
    """Until the other side ends it. Raises Lost when it breaks off, or is silent for too long."""
    kind, cursor, data = "message", None, list[str]()
    while True:
        try:
            line = response.readline(LINE_BYTES_MAX)
        except (OSError, HTTPException, ValueError) as error:
            raise Lost(str(error) or type(error).__name__) from error
        if not line:
            return
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "id":
            cursor = value
        elif name == "data":
            data.append(value)
        elif not text:
            if data or cursor:
                whole = "\n".join(data)
                yield Told(kind, _read(whole), cursor, whole)
            kind, data = "message", []


def _read(text: str) -> Any:
    try:
        return read_json(text) if text else None
    except ValueError as error:
        raise Lost("something came that is no JSON") from error
