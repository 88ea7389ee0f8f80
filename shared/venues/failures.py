"""How a call to a venue can fail: each failure is an error whose name is the fact."""

import re
from typing import Any

from shared.errors import BadGateway, NotFound, Unavailable


class VenueError(BadGateway):
    """The venue did not give a usable answer."""

    def __init__(self, *, again: bool = False, pause_seconds: float = 0, **facts: Any) -> None:
        super().__init__(**facts)
        self.again = again  # whether the same request may succeed in a moment
        self.pause_seconds = pause_seconds  # what the venue asked for in Retry-After

    @property
    def counts_as_away(self) -> bool:
        """Whether the circuit should count this call as failed."""
        return True


class VenueUnreachable(VenueError):
    """{host} could not be reached: {why}."""


class VenueRefused(VenueError):
    """{host} answered {path} with status {status}: {body}"""

    @property
    def status_code(self) -> int:
        return int(self.facts["status"])

    @property
    def counts_as_away(self) -> bool:
        """A 404 or 422 comes from a venue that is there; a refused door and a 5xx do not."""
        return self.again or self.status_code in (401, 403)


class VenueGibberish(VenueError):
    """{host} answered {path} with something that cannot be read: {why}."""


class CircuitOpen(VenueError):
    """The circuit of {platform} is open after {failures} failed calls; the next try is in {seconds} s."""

    status = Unavailable.status


class CursorRepeated(VenueError):
    """The listing {path} came round in a circle at the cursor {cursor}."""


class PagesExceeded(VenueError):
    """The listing {path} did not end within {pages} pages."""


class NoBook(NotFound):
    """The venue keeps no order book for {external_id} now."""


class NoToken(NotFound):
    """The market {external_id} has no token yet."""


def reason_of(error: VenueError) -> str:
    """The name of the failure as a reason code: `venue_unreachable`, `circuit_open` …"""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", error.name).lower()
