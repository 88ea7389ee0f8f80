"""The arena's first page: which model forecasts best and whether that means anything, and what is being decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fastapi import Request, Response

from services.arena.pages.frame import PAGES
from services.arena.resources import Resources
from services.arena.storage import showing
from shared.board.reading import BoardReader, rows_of
from shared.board.rows import By, board_in_order, board_row
from shared.ui.boards import board_of
from shared.ui.changes import Parts
from shared.ui.drawings import color_of
from shared.ui.live import Live
from shared.ui.places import Visit, visit_of
from shared.ui.stances import Stance, strip
from shared.ui.truth import truth_of

EVERY_SECONDS = 2.0
EVENTS_MAX, DECISIONS_MAX = 10, 20
FIGURES = ("answer", "now", "board", "events")
COUNTED = {"YES": "YES", "NO": "NO", "ABSTAIN": "abstain", "running": "on air", "failed": "failed"}

Row = Mapping[str, Any]


def home_page(request: Request, here: Resources, by: By, now: datetime) -> Response:
    live: Live = request.app.state.live
    visit = visit_of(request)
    with here.database.connection() as connection:
        truth = truth_of(connection)
        models = showing.every_model(connection)
        entered = [each["portfolio_id"] for each in models if each["portfolio_id"] is not None]
        standing = {number: board_row(row, by) for number, row in rows_of(connection, entered).items()}
    facts: dict[str, Any] = {
        "within": "Arena",
        "by": by,
        "models": [each | {"row": standing.get(each["portfolio_id"])} for each in models],
        "settled_min": here.settings.arena_settled_min,
        "decisions_max": DECISIONS_MAX,
    }
    parts = live.parts(key_of(visit, by), HomeParts(here, visit, by))
    return PAGES.answer(request, "arena.html", facts, now=now, truth=truth, live=(f"/live?by={by}", parts))


def key_of(visit: Visit, by: By) -> tuple[str, ...]:
    return "arena", by, visit.scheme, visit.host, visit.public


class HomeParts:
    """Makes the live parts: who leads, the board with money as it is now, what is being decided, and what it costs."""

    def __init__(self, here: Resources, visit: Visit, by: By) -> None:
        self.here, self.visit, self.by = here, visit, by
        self.board = BoardReader()

    def __call__(self) -> Parts:
        now, settings = self.here.clock(), self.here.settings
        with self.here.database.connection() as connection:
            rows = self.board.rows(connection)
            events = showing.newest_events(connection, EVENTS_MAX)
            decisions = showing.last_decisions(connection, DECISIONS_MAX)
            spent, on_air = showing.spent_today(connection, now), showing.on_air(connection)
        for event in events:
            event["drawn"] = _stances(event)
            event["counted"] = _counted(event)
        for each in decisions:
            each["shade"] = color_of(each["portfolio_id"], "ai_model", each["color"])
        facts = {
            **_standing(rows, self.by, settings.arena_settled_min),
            "events": events,
            "decisions": decisions,
            "spent": spent,
            "budget": settings.arena_day_budget,
            "on_air": on_air,
        }
        return Parts(
            {name: PAGES.part(self.visit, f"arena_{name}.html", facts, now=now) for name in FIGURES},
            {"decisions": PAGES.part(self.visit, "arena_decisions.html", facts, now=now)},
        )


def _standing(rows: Sequence[Row], by: By, settled_min: int) -> dict[str, Any]:
    """By skill those who forecast nothing have no place."""
    ordered = [row for row in board_in_order(rows, by) if by == "return" or row["model"] is not None]
    return {
        "by": by,
        "answer": sentence_of(board_in_order(rows, "skill"), settled_min),
        "board": board_of(ordered, by),
        "computed_at": max((row["computed_at"] for row in rows if row["computed_at"]), default=None),
    }


def _stances(event: Row) -> Any:
    stated = [each for each in event["stances"] if each["probability"] is not None and each["status"] == "completed"]
    stances = [
        Stance(
            each["name"],
            Decimal(each["probability"]),
            color_of(each["portfolio_id"], "ai_model", each["color"]),
            each["position"],
        )
        for each in stated
    ]
    return strip(stances, event["current_price"]) if stances else None


def _counted(event: Row) -> str:
    """How many took which side, in words."""
    counts = {
        words: sum(kind in (each["status"], each["position"]) for each in event["stances"])
        for kind, words in COUNTED.items()
    }
    return " · ".join(f"{count} {words}" for words, count in counts.items() if count)


def sentence_of(by_skill: Sequence[Row], settled_min: int) -> str:
    """The answer to the page's question, from the board by skill."""
    models = [row for row in by_skill if row["model"] is not None]
    if not models:
        return "No model has entered yet."
    ranked = [row for row in models if row["rank"] is not None]
    if not ranked:
        most = max((row["settled_events"] or 0 for row in models), default=0)
        return (
            f"Nobody can say yet: it takes {settled_min} settled events with a forecast before models are ranked, "
            f"and the furthest has {most}."
        )
    first = ranked[0]
    told = f"{first['name']} forecasts best over {first['settled_events']} settled events"
    alike = sum(row["tier"] == first["tier"] for row in ranked) - 1
    apart = (
        "told apart from the next one" if not alike else f"not told apart from {alike} of the {len(ranked) - 1} others"
    )
    crowd = (
        "and significantly better than the crowd"
        if first["better_than_null"]
        else "and not significantly better than the crowd"
    )
    return f"{told}: {apart}, {crowd}."
