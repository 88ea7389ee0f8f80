"""Cursors of lists: opaque to the caller, the sort key of the last row to us."""

import base64
import binascii
import json

from shared.errors import Invalid


class UnknownCursor(Invalid):
    """The cursor was not made by this list; leave it out to start at the beginning."""


def cursor_of(*key: str | int | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def key_of(cursor: str, *kinds: type) -> list[str | int]:
    """The sort key in the cursor, which must have exactly these types."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise UnknownCursor(cursor=cursor[:80]) from error
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise UnknownCursor(cursor=cursor[:80])
    return key
