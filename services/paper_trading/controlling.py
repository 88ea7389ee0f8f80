"""What people do to a portfolio from its page: let it pause, go on, or run at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from services.paper_trading import managing
from services.paper_trading.resources import Resources
from shared.calls import ServiceRefused, ServiceUnreachable

Verb = Literal["pause", "resume", "close"]

STATUS_AFTER: Mapping[Verb, str] = {"pause": "paused", "resume": "active", "close": "closed"}
RUN_SECONDS = 10


def turn_portfolio(here: Resources, portfolio_id: int, verb: Verb, reason: str | None, now: datetime) -> None:
    """Pausing and closing cancel what waits."""
    changes = {"status": STATUS_AFTER[verb]}
    managing.change_portfolio(here.database, here.strategies, portfolio_id, changes, reason, now)


def run_now(here: Resources, portfolio_id: int) -> dict[str, str]:
    """What the orchestrator said when it was asked for a cycle of this portfolio, in codes that the page knows. The
    cycle trades on the markets that are stored, with books that are fetched for it."""
    asked = {"portfolio_id": portfolio_id, "collect": False, "wait": False}
    try:
        begun = here.orchestrator.post("/trading/run-portfolio-cycle", asked, seconds=RUN_SECONDS)
    except ServiceUnreachable:
        return {"said": "not-reached"}
    except ServiceRefused as refusal:
        said: Mapping[str, Any] = refusal.facts
        if said.get("error") == "CycleRunning":
            return {"said": "busy", "cycle": str(said["facts"]["cycle_id"])}
        return {"said": "not-active" if said.get("error") == "PortfoliosNotActive" else "refused"}
    return {"said": "runs", "cycle": str(begun["cycle_id"])}
