"""Answers of lists and things: bytes made once, an entity tag, and 304 for who has them already."""

from hashlib import blake2b
from typing import Any

from fastapi import Request, Response

from shared.json_bytes import encoded

JSON_TYPE = "application/json"


def etag_of(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def matches(etag: str, if_none_match: str | None) -> bool:
    if not if_none_match:
        return False
    return if_none_match.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]


def list_body(plural: str, rows: bytes, cursor: str | None, count: int | None = None) -> bytes:
    """`{"<plural>": […], "cursor": …}` around rows that Postgres made into JSON already."""
    counted = b"" if count is None else b'"count":%d,' % count
    after = b"null" if cursor is None else b'"%s"' % cursor.encode()
    return b'{%s"%s":%s,"cursor":%s}' % (counted, plural.encode(), rows, after)


def json_answer(value: Any, status: int = 200) -> Response:
    return Response(encoded(value), status, media_type=JSON_TYPE)


def tagged_answer(request: Request, body: bytes) -> Response:
    """The bytes with their tag, or 304 when the caller holds the same."""
    etag = etag_of(body)
    headers = {"etag": etag, "cache-control": "no-cache"}
    if matches(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON_TYPE, headers=headers)
