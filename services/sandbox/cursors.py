"""Cursors of listings: the place after the last row, by its sort value and id, so that new rows do not shift pages."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

import numpy as np
import orjson

from services.sandbox.domain.chance import Floats, Ints

Place = tuple[float, int]


def encoded(place: Place) -> str:
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decoded(cursor: str) -> Place | None:
    """None for what is no cursor of ours."""
    try:
        value, number = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return float(value), int(number)
    except (Error, ValueError, TypeError):
        return None


def ordered(values: Floats, ids: Ints, ascending: bool) -> Ints:
    """Places in the order of the values, equal ones by id."""
    signed = values if ascending else -values
    result: Ints = np.lexsort((ids, signed))
    return result


def page_start(values: Floats, ids: Ints, ascending: bool, after: Place | None) -> int:
    """Where the page after the given place begins, in columns that are in their order already."""
    if after is None:
        return 0
    value, number = after
    mine, bound = (values, value) if ascending else (-values, -value)
    return int(np.count_nonzero((mine < bound) | ((mine == bound) & (ids <= number))))
