"""What the events service holds while it serves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.settings import VenueSettings
from shared.venues.resources import VenueResources


class Settings(VenueSettings):
    """Nothing that the other services do not read as well."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How much is stored, as of a moment."""

    generation: int
    at: datetime
    platforms: list[dict[str, Any]]


class Resources(VenueResources[Settings]):
    """The venues, of which it asks the events."""

    counted: Counted | None = None
