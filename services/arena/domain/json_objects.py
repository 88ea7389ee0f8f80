"""The JSON objects in a text that a model wrote, with names without case and numbers as they were written."""

import json
import re
from collections.abc import Iterator
from typing import Any


class Contradiction:
    """Two values under one name."""


class Written(str):
    """A number by its digits, or NaN and its like, which JSON does not know and models write."""

    __slots__ = ()


def objects_in(text: str) -> Iterator[tuple[dict[str, Any], int]]:
    """The outermost ones and where each ends; what cannot be decoded is text. Numbers stay texts: what becomes of
    their digits is for who knows what they mean."""
    decoder = json.JSONDecoder(
        parse_float=Written, parse_int=Written, parse_constant=Written, strict=False, object_pairs_hook=_pairs
    )
    start = text.find("{")
    while start >= 0:
        after = start + 1
        try:
            value, after = decoder.raw_decode(text, start)
            yield value, after
        except (ValueError, RecursionError):
            pass
        start = text.find("{", after)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in pairs:
        key = re.sub(r"[\s-]+", "_", name.strip().lower())
        read[key] = Contradiction() if key in read and read[key] != value else value
    return read
