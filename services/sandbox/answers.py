"""Answers as the venues send them: bytes with their own error shapes, always marked as simulated."""

import orjson
from fastapi import Response

JSON = "application/json; charset=utf-8"


class VenueError(Exception):
    """An answer other than success, in the words of the venue."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


def raw(body: bytes | str, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    return Response(body, status, headers, JSON)


def said(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, None, JSON)
