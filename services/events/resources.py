"""What the events service holds while it serves."""

from shared.settings import VenueSettings
from shared.venues.resources import VenueResources


class Settings(VenueSettings):
    """Nothing that the other services do not read as well."""


class Resources(VenueResources[Settings]):
    """The venues, of which it asks the events."""
