"""Which services there are, on which ports they listen and where they find each other."""

from dataclasses import dataclass
from os import environ


@dataclass(frozen=True, slots=True)
class Service:
    name: str  # as in EVENTS_URL, in lower case
    package: str  # under services/, holds app.py
    port: int
    needs_database: bool = True

    @property
    def application(self) -> str:
        return f"services.{self.package}.app:app"


SANDBOX = Service("sandbox", "sandbox", 8090, needs_database=False)
EVENTS = Service("events", "events", 8000)
MARKETS = Service("markets", "markets", 8001)

SERVICES: tuple[Service, ...] = (SANDBOX, EVENTS, MARKETS)


def port_of(service: Service) -> int:
    return service.port + int(environ.get("PORT_OFFSET") or 0)


def url_of(service: Service) -> str:
    """The service's address: `EVENTS_URL` and so on, else its port on this machine."""
    return environ.get(f"{service.name.upper()}_URL") or f"http://127.0.0.1:{port_of(service)}"
