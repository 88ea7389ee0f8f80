"""Who looks at a page, from which address, and where the other pages are from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request

from shared import topology
from shared.topology import Service

Theme = Literal["light", "dark", "system"]
THEME_COOKIE = "coliseum_theme"

# The five places of the header; each is a page of the service that knows the answer.
PLACES: tuple[tuple[str, Service, str], ...] = (
    ("Arena", topology.ORCHESTRATOR, "/"),
    ("Portfolios", topology.PAPER_TRADING, "/"),
    ("Markets", topology.MARKETS, "/"),
    ("Operations", topology.ORCHESTRATOR, "/operations"),
    ("Compare", topology.ARENA, "/compare"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Pages that differ in nothing of this are the same."""

    scheme: str
    host: str  # without a port
    public: str  # PUBLIC_ADDRESS, or empty
    theme: Theme

    def address_of(self, service: Service) -> str:
        """Where a browser finds a service: on this host at the service's port, unless PUBLIC_ADDRESS says otherwise."""
        if self.public:
            return self.public.replace("{service}", service.name.replace("_", "-"))
        return f"{self.scheme}://{self.host}:{topology.port_of(service)}"

    @property
    def addresses(self) -> Mapping[str, str]:
        """By the name of the service, for templates: `{{ to.markets }}/market/…`."""
        return {service.name: self.address_of(service) for service in topology.SERVICES}


def visit_of(request: Request) -> Visit:
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname or "127.0.0.1"
    chosen = request.cookies.get(THEME_COOKIE)
    return Visit(
        scheme=request.url.scheme,
        host=f"[{named}]" if ":" in named else named,
        public=request.app.state.settings.public_address,
        theme="light" if chosen == "light" else "dark" if chosen == "dark" else "system",
    )
