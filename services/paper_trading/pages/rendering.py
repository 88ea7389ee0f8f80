"""The templates of the pages of portfolios, and who looks at a live page."""

from pathlib import Path

from fastapi import Request

from services.paper_trading.pages import decided
from services.paper_trading.pages.rounding import in_cents
from shared import topology
from shared.ui.places import Visit, visit_of
from shared.ui.rendering import Pages

PAGES = Pages(Path(__file__).parents[1] / "templates", topology.PAPER_TRADING)
PAGES.environment.filters["because"] = lambda outcome: decided.BECAUSE.get(outcome, outcome.replace("_", " "))
PAGES.environment.filters["became"] = decided.sentence
PAGES.environment.filters["in_cents"] = in_cents


def visitor_of(request: Request) -> Visit:
    """Whoever looks, without the theme: live parts are the same in every one."""
    seen = visit_of(request)
    return Visit(seen.scheme, seen.host, seen.public, "system")
