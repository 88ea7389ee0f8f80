"""What the markets service holds while it serves: its settings, the database and the venues."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import Field

from shared.database import Database
from shared.prepared import Generation
from shared.settings import VenueSettings
from shared.venues.connect import connected_venues, venue_health
from shared.venues.venue import Venue


class Settings(VenueSettings):
    market_liquidity_min: Decimal = Field(default=Decimal(100), ge=0)  # dollars
    market_resolved_kept: bool = False


class Resources:
    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.venues: Sequence[Venue] = connected_venues(settings)

    def data_changed(self) -> None:
        """Lists that were prepared before this moment are not answered again."""
        generation.advance()

    def health(self) -> dict[str, Any]:
        return venue_health(self.venues)

    def close(self) -> None:
        for venue in self.venues:
            venue.close()


generation = Generation()
