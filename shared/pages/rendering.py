"""Pages from templates: one frame around what a service has to say."""

from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared import topology
from shared.pages import figures

FRAME = Path(__file__).parent / "templates"
STYLE = (FRAME / "style.css").read_text()

# Where a person may want to go, in the order of interest.
PLACES = (
    (topology.ORCHESTRATOR, "Home"),
    (topology.ARENA, "Arena"),
    (topology.PAPER_TRADING, "Portfolios"),
    (topology.MARKETS, "Markets"),
    (topology.EVENTS, "Events"),
    (topology.MOMENTUM, "Momentum"),
    (topology.MEAN_REVERSION, "Reversion"),
    (topology.ARBITRAGE, "Arbitrage"),
    (topology.HYBRID, "Hybrid"),
    (topology.BASELINE, "Baseline"),
    (topology.SANDBOX, "Sandbox"),
)

# The page carries its own style and runs no script; nothing is fetched from anywhere else.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def templates_of(folder: Path) -> Environment:
    """The templates of a service, which extend `frame.html`."""
    environment = Environment(
        loader=FileSystemLoader([folder, FRAME]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("dollars", "money", "gain", "amount", "cents", "count", "ago", "seconds", "missing"):
        environment.filters[name] = getattr(figures, name)
    return environment


def rendered(environment: Environment, template: str, here: str, facts: dict[str, Any]) -> Response:
    places = [(service.name, title, topology.url_of(service)) for service, title in PLACES]
    page = environment.get_template(template).render(style=STYLE, here=here, places=places, **facts)
    headers = {"content-security-policy": POLICY, "referrer-policy": "no-referrer", "cache-control": "no-cache"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def ribbon(simulated: list[bool | None]) -> str:
    """The truth about the data, in one line."""
    known = {flag for flag in simulated if flag is not None}
    if not known:
        return "NO DATA YET"
    if known == {True}:
        return "SIMULATED VENUES"
    return "LIVE DATA · PAPER MONEY" if known == {False} else "LIVE AND SIMULATED VENUES"
