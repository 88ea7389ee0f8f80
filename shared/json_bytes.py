"""JSON bytes in which a Decimal is a number with all its digits."""

from decimal import Decimal
from typing import Any

import orjson


def encoded(value: Any) -> bytes:
    return orjson.dumps(value, default=_number, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value.normalize(), "f") if value else "0")
    raise TypeError(f"{type(value).__name__} has no JSON form here")
