"""The home page: who is ahead, whether it means anything, and whether everything runs."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import Request, Response

from services.orchestrator import reports
from services.orchestrator.resources import Resources
from services.orchestrator.storage import cycles, jobs, reading
from shared import topology
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PERLEADERS_MAX = 20
CYCLES_MAX = 8
BREAKERS_MAX = 20
LEADERS_MAX = 20
PERCENT = Decimal("0.01")
NULL_ENTRANTS = "baseline"  # the type of the portfolios that stand for chance, habit and doing nothing
POSITIONS_MIN = 30  # finished ones, below which a lead is as good as luck


PAGES = Pages(Path(__file__).parent / "templates", topology.ORCHESTRATOR)


def home_page(request: Request, here: Resources) -> Response:
    """Everything from the database: the page is there also while a service is not."""
    now = here.clock()
    with here.database.transaction() as connection:
        cycles.bury_dead(connection, now)
        truth = truth_of(connection)
        leaders = reading.leaders(connection, LEADERS_MAX)
        others = reading.beside(connection, [leader["portfolio_id"] for leader in leaders])
        running = reading.newest_cycles(connection, 1, running=True)
        last = reading.newest_cycles(connection, CYCLES_MAX, running=False)
        shown = running or last[:1]
        steps = reading.step_groups(connection, shown[0]["cycle_id"]) if shown else []
        lines = reports.schedule_lines(here, jobs.last_runs(connection), now)
        health = jobs.health_rows(connection)
        breakers = reading.open_breakers(connection, BREAKERS_MAX)
        moments = reading.data_moments(connection)
    facts: dict[str, Any] = {
        "answer": sentence_of(leaders, traded=others["traded"], closed=others["closed"]),
        "leaders": leaders,
        "others": others,
        "paper_trading": topology.url_of(topology.PAPER_TRADING),
        "running": running[0] if running else None,
        "last": last,
        "shown": shown[0] if shown else None,
        "steps": steps,
        "progress": reports.progress_of(running[0], steps) if running else None,
        "schedule": lines,
        "enabled": here.settings.schedule_enabled,
        "health": health,
        "breakers": breakers,
        "moments": moments,
    }
    return PAGES.answer(request, "orchestrator.html", facts, now=now, truth=truth)


def sentence_of(leaders: Sequence[dict[str, Any]], *, traded: bool, closed: int = 0) -> str:
    """Who is ahead and what that is worth, in words; `traded`: whether anybody has."""
    if not leaders and closed:
        return "Every portfolio is closed, so nobody is ahead any more."
    if not leaders:
        return "There are no portfolios yet. They appear here as soon as one is made: POST /paper-trading/portfolios."
    first = leaders[0]
    if not traded:
        return "Nobody has traded yet, so nobody is ahead. The first cycle changes that."
    if first["growth"] <= 0:
        return "No portfolio is above its deposit, so nobody is ahead."
    percent = (first["growth"] * 100).quantize(PERCENT)
    lead = f"{first['name']} leads with {percent:+} % on its deposit"
    if first["strategy_type"] == NULL_ENTRANTS:
        return f"{lead}. It is a null entrant, so nobody has beaten chance and habit yet."
    over = first["finished_positions"]
    if over < POSITIONS_MIN:
        bets = "no bet that is" if not over else f"{over} bet{'s that are' if over > 1 else ' that is'}"
        return f"{lead}. With {bets} over, that cannot be told from luck."
    return f"{lead}, with {over} bets that are over."
