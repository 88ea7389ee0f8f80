"""The venues as the settings name them, and how they are doing."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from shared.application import product_version
from shared.settings import VenueSettings
from shared.venues.kalshi.client import KalshiVenue
from shared.venues.limits import HostLimits
from shared.venues.polymarket.client import PolymarketVenue
from shared.venues.transport import Transport, user_agent
from shared.venues.venue import Venue


def connected_venues(settings: VenueSettings) -> tuple[Venue, ...]:
    limits = HostLimits(_rates(settings))
    agent = user_agent(product_version(), settings.venue_contact)
    polymarket = PolymarketVenue(
        Transport("polymarket", limits, agent=agent),
        settings.polymarket_gamma_url,
        settings.polymarket_clob_url,
        settings.polymarket_data_url,
    )
    return polymarket, KalshiVenue(Transport("kalshi", limits, agent=agent), settings.kalshi_base_api_url)


def venue_health(venues: Sequence[Venue]) -> dict[str, Any]:
    """What /health says of the venues; an open circuit does not make the service itself unhealthy."""
    return {
        "venues": {
            venue.platform: {
                "base_url": venue.base_url,
                "circuit": venue.state.state,
                "since": venue.state.since,
                "failures": venue.state.failures,
                "last_error": venue.state.last_error,
                "simulated": venue.simulated,
            }
            for venue in venues
        }
    }


def _rates(settings: VenueSettings) -> dict[str, float]:
    """Requests a second by host. Addresses on one host share its bucket, and so add up their rates."""
    named = (
        (settings.polymarket_gamma_url, settings.polymarket_gamma_rate),
        (settings.polymarket_clob_url, settings.polymarket_clob_rate),
        (settings.polymarket_data_url, settings.polymarket_data_rate),
        (settings.kalshi_base_api_url, settings.kalshi_rate),
    )
    rates: dict[str, float] = {}
    for url, rate in named:
        host = urlsplit(url).netloc
        known = rates.get(host)
        rates[host] = rate if known is None else 0 if 0 in (known, rate) else known + rate
    return rates
