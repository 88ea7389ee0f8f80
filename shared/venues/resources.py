"""What a service that talks to the venues holds while it serves: its settings, the database and the venues."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from shared.database import Database
from shared.prepared import Generation
from shared.settings import VenueSettings
from shared.venues.connect import connected_venues, venue_health
from shared.venues.venue import Venue

Settings = TypeVar("Settings", bound=VenueSettings)


class VenueResources(Generic[Settings]):
    generation: ClassVar[Generation]  # of the process, so that its prepared lists know it before anything is opened

    def __init_subclass__(cls) -> None:
        cls.generation = Generation()

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.venues: Sequence[Venue] = connected_venues(settings)

    def data_changed(self) -> None:
        """Lists that were prepared before this moment are not answered again."""
        self.generation.advance()

    def health(self) -> dict[str, Any]:
        return venue_health(self.venues)

    def close(self) -> None:
        for venue in self.venues:
            venue.close()
