"""Which services there are, on which ports they listen and where they find each other."""

import re
from dataclasses import dataclass
from os import environ
from pathlib import Path

OWN_FOLDER = Path(__file__).resolve().parents[1] / "strategies"
PORT_LINE = re.compile(r"^PORT\b[^=\n]*=\s*(\d[\d_]*)\s*(?:#.*)?$", re.MULTILINE)


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


def own_strategies(folder: Path = OWN_FOLDER) -> dict[str, Service]:
    """Rules that whoever runs this has written: a file that names its port is one, and is called like the file. Only
    that line is read here; the file's own controller imports it."""
    found = {}
    for file in sorted(folder.glob("*.py")):
        if port := PORT_LINE.search(file.read_text(errors="replace")):
            found[file.stem] = Service(f"strategy_{file.stem}", "strategy", int(port[1]), app=file.stem)
    return found


OWN = own_strategies()

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
    *OWN.values(),
    ARENA,
    ORCHESTRATOR,  # last, because its schedule begins to call the others as soon as it serves
)

# Which service decides for a portfolio of this type.
STRATEGIES: dict[str, Service] = OWN | {
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
