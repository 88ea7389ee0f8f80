"""The arena's page: who is ahead and whether it means anything, what the models think of which event, and why."""

from datetime import datetime
from typing import Any

from fastapi import Request, Response

from services.arena import reporting
from services.arena.pages.frame import PAGES
from services.arena.resources import Resources
from services.arena.storage import showing
from shared.ui.truth import truth_of

BOARD_MAX, EVENTS_MAX, DECISIONS_MAX = 40, 10, 24


def arena_page(request: Request, here: Resources, now: datetime) -> Response:
    board = reporting.leaderboard(here, "return", None, BOARD_MAX)
    with here.database.connection() as connection:
        truth = truth_of(connection)
        facts: dict[str, Any] = {
            "board": board["leaderboard"],
            "computed_at": board["computed_at"],
            "events": showing.newest_events(connection, EVENTS_MAX),
            "decisions": showing.last_decisions(connection, DECISIONS_MAX),
            "models": showing.every_model(connection),
            "settled_min": here.settings.arena_settled_min,
        }
    return PAGES.answer(request, "arena.html", facts, now=now, truth=truth)
