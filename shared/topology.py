"""Which services there are, on which ports they listen and where they find each other."""

from dataclasses import dataclass
from os import environ


@dataclass(frozen=True, slots=True)
class Service:
    name: str  # as in EVENTS_URL, in lower case
    package: str  # under services/, holds app.py
    port: int
    needs_database: bool = True
    app: str = "app"  # the name of the application in app.py

    @property
    def application(self) -> str:
        return f"services.{self.package}.app:{self.app}"


SANDBOX = Service("sandbox", "sandbox", 8090, needs_database=False)
EVENTS = Service("events", "events", 8000)
MARKETS = Service("markets", "markets", 8001)
MOMENTUM = Service("strategy_momentum", "strategy", 8002, app="momentum")
PAPER_TRADING = Service("paper_trading", "paper_trading", 8003)
ORCHESTRATOR = Service("orchestrator", "orchestrator", 8004)
MEAN_REVERSION = Service("strategy_mean_reversion", "strategy", 8005, app="mean_reversion")
ARBITRAGE = Service("strategy_arbitrage", "strategy", 8006, app="arbitrage")
HYBRID = Service("strategy_hybrid", "strategy", 8007, app="hybrid")
BASELINE = Service("strategy_baseline", "strategy", 8010, app="baseline")
ARENA = Service("arena", "arena", 8008)

SERVICES: tuple[Service, ...] = (
    SANDBOX,
    EVENTS,
    MARKETS,
    PAPER_TRADING,
    MOMENTUM,
    MEAN_REVERSION,
    ARBITRAGE,
    HYBRID,
    BASELINE,
    ARENA,
    ORCHESTRATOR,  # last, because its schedule begins to call the others as soon as it serves
)

# Which service decides for a portfolio of this type.
STRATEGIES: dict[str, Service] = {
    "momentum": MOMENTUM,
    "mean_reversion": MEAN_REVERSION,
    "arbitrage": ARBITRAGE,
    "hybrid": HYBRID,
    "baseline": BASELINE,
    "ai_model": ARENA,
}


def port_of(service: Service) -> int:
    return service.port + int(environ.get("PORT_OFFSET") or 0)


def url_of(service: Service) -> str:
    """The service's address: `EVENTS_URL` and so on, else its port on this machine."""
    return environ.get(f"{service.name.upper()}_URL") or f"http://127.0.0.1:{port_of(service)}"
