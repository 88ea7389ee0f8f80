"""What the venue tests share: a double on this machine, and clients that talk to it without waiting."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.venues.circuit import Circuit
from shared.venues.kalshi.client import KalshiVenue
from shared.venues.limits import HostLimits
from shared.venues.polymarket.client import PolymarketVenue
from shared.venues.records import Platform
from shared.venues.transport import Transport, user_agent
from tests.venues.double import Double, running_double

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"

AGENT = user_agent("9.9", "ops@example.org")


@pytest.fixture
def double() -> Iterator[Double]:
    with running_double() as running:
        yield running


TransportMaker = Callable[..., Transport]


@pytest.fixture
def transport_of() -> TransportMaker:
    """Makes a transport that neither limits nor sleeps, unless the test says otherwise."""

    def make(platform: Platform = "polymarket", **changes: object) -> Transport:
        arguments: dict[str, object] = {
            "circuit": Circuit(platform, failures_max=100),
            "agent": AGENT,
            "attempts_max": 2,
            "sleep": lambda _: None,
            **changes,
        }
        limits = arguments.pop("limits", None) or HostLimits(rate=0, sleep=lambda _: None)
        return Transport(platform, limits, **arguments)  # type: ignore[arg-type]

    return make


@pytest.fixture
def polymarket(double: Double, transport_of: TransportMaker) -> Iterator[PolymarketVenue]:
    venue = PolymarketVenue(
        transport_of("polymarket"), f"{double.url}/gamma", f"{double.url}/clob", f"{double.url}/data"
    )
    yield venue
    venue.close()


@pytest.fixture
def kalshi(double: Double, transport_of: TransportMaker) -> Iterator[KalshiVenue]:
    venue = KalshiVenue(transport_of("kalshi"), f"{double.url}/trade-api/v2")
    yield venue
    venue.close()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The captured answers beside the checkout."""
    folder = SHARED / "reference" / "samples"
    if not folder.is_dir():
        pytest.skip("the reference samples do not lie beside this checkout")
    return folder


@pytest.fixture(scope="session")
def captures() -> Path:
    """The raw captures beside the checkout."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the raw captures do not lie beside this checkout")
    return folder
