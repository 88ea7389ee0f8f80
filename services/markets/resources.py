"""What the markets service holds while it serves."""

from decimal import Decimal

from pydantic import Field

from shared.settings import VenueSettings
from shared.venues.resources import VenueResources


class Settings(VenueSettings):
    market_liquidity_min: Decimal = Field(default=Decimal(100), ge=0)  # dollars
    market_resolved_kept: bool = False


class Resources(VenueResources[Settings]):
    """The venues, of which it asks the markets."""
