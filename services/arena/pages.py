"""The arena's page: who is ahead and whether it means anything, what the models think of which event, and why."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Response

from services.arena import reporting
from services.arena.resources import Resources
from services.arena.storage import showing
from shared.pages.rendering import rendered, ribbon, templates_of

TEMPLATES = templates_of(Path(__file__).parent / "templates")
BOARD_MAX, EVENTS_MAX, DECISIONS_MAX = 40, 10, 24


def arena_page(here: Resources, now: datetime) -> Response:
    board = reporting.leaderboard(here, "return", None, BOARD_MAX)
    with here.database.connection() as connection:
        facts: dict[str, Any] = {
            "ribbon": ribbon(showing.simulated(connection)),
            "now": now,
            "board": board["leaderboard"],
            "computed_at": board["computed_at"],
            "events": showing.newest_events(connection, EVENTS_MAX),
            "decisions": showing.last_decisions(connection, DECISIONS_MAX),
            "models": showing.every_model(connection),
            "settled_min": here.settings.arena_settled_min,
        }
    return rendered(TEMPLATES, "arena.html", "arena", facts)
