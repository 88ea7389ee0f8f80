"""The arena's home: who is ahead and whether it is real, how it went, what happens now, what the models think."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from fastapi import Request, Response

from services.orchestrator.pages.curves import Range, chart_of
from services.orchestrator.resources import Resources
from services.orchestrator.storage import showing
from shared import topology
from shared.board.lead import lead_said
from shared.board.rows import By, board_in_order
from shared.ui import boards
from shared.ui.changes import Parts
from shared.ui.drawings import color_of
from shared.ui.live import Make
from shared.ui.places import Visit, visit_of
from shared.ui.rendering import Pages
from shared.ui.stances import Stance, strip
from shared.ui.told import newest_told
from shared.ui.truth import truth_of

Rows = Literal["top", "all"]

PAGES = Pages(Path(__file__).parents[1] / "templates", topology.ORCHESTRATOR)
LINES_MAX = 40
ROWS_FIRST = 12  # of the board, so that what happens now is seen without scrolling
MINDS_MAX = 12
EVENTS_MAX = 12
KEPT = timedelta(seconds=5)


def home_page(request: Request, here: Resources, by: By, span: Range, rows: Rows) -> Response:
    """Everything from the database: the page is there also while a service is not."""
    now = here.clock()
    parts = request.app.state.live.parts(*topic_of(request, here, by, rows))
    with here.database.connection() as connection:
        truth = truth_of(connection)
        chart = chart_of(
            connection, visit_of(request), span, now, here.settings.cycle_every_seconds, f"by={by}&rows={rows}"
        )
        facts: dict[str, Any] = {
            "by": by,
            "rows": rows,
            "chart": chart,
            "closed": showing.closed_portfolios(connection),
            "kept": {"by": by, "range": span, "rows": rows},
        }
    live = (f"/live?by={by}&rows={rows}", parts)
    return PAGES.answer(request, "home.html", facts, now=now, truth=truth, live=live)


def topic_of(request: Request, here: Resources, by: By, rows: Rows) -> tuple[Any, Make]:
    """The key of the live parts, and what makes them."""
    visit = replace(visit_of(request), theme="system")
    return ("home", by, rows, visit), HomeParts(here, visit, by, rows)


class HomeParts:
    """Makes the live parts, every second while somebody watches: what its rows say again is not written again."""

    def __init__(self, here: Resources, visit: Visit, by: By, rows: Rows) -> None:
        self.here, self.visit, self.by, self.rows = here, visit, by, rows
        self._written: dict[str, tuple[datetime, dict[str, Any], str]] = {}

    def __call__(self) -> Parts:
        now = self.here.clock()
        with self.here.database.connection() as connection:
            standing = self.here.board.rows(connection)
            closed = showing.closed_portfolios(connection)["closed"]
            told = newest_told(connection, LINES_MAX)
            minds = showing.thinking(connection, MINDS_MAX)
            today = datetime.combine(now.date(), time(), now.tzinfo)
            events = showing.events_with_stances(connection, today, EVENTS_MAX)
            going_on = showing.events_going_on(connection)
            state = showing.state_of_operations(connection)
        ordered = board_in_order(standing, self.by)
        most = None if self.rows == "all" else ROWS_FIRST
        figures = {
            "answer": self._part("home_answer.html", now, answer=lead_said(ordered, self.by, closed)),
            "board": self._part("home_board.html", now, board=boards.board_of(ordered, self.by, most), by=self.by),
            "thinking": self._part("home_thinking.html", now, minds=[_mind(mind) for mind in minds]),
            "events": self._part(
                "home_events.html", now, events=[_event(event) for event in events], going_on=going_on
            ),
            "state": self._part("home_state.html", now, state=state, newest=told[0] if told else None),
        }
        return Parts(figures, {"feed": self._part("home_feed.html", now, told=told)})

    def _part(self, template: str, now: datetime, **facts: Any) -> str:
        """Times in words ("3 min ago") grow old, so nothing is kept for long."""
        before = self._written.get(template)
        if before is not None and now - before[0] < KEPT and before[1] == facts:
            return before[2]
        written = PAGES.part(self.visit, template, facts, now=now)
        self._written[template] = (now, facts, written)
        return written


def _mind(mind: dict[str, Any]) -> dict[str, Any]:
    return {**mind, "color": color_of(mind["portfolio_id"], "ai_model", mind["color"]), "tail": _tail(mind["tail"])}


def _tail(written: str | None) -> str:
    """From the beginning of a word on."""
    if not written or len(written) < showing.TAIL:
        return written or ""
    return "… " + written.split(" ", 1)[-1]


def _event(event: dict[str, Any]) -> dict[str, Any]:
    stated = [
        Stance(
            stance["name"],
            Decimal(stance["probability"]),
            color_of(stance["portfolio_id"], "ai_model", stance["color"]),
            stance["position"] or "no decision",
        )
        for stance in event["stances"]
        if stance["probability"] is not None
    ]
    return {**event, "strip": strip(stated, event["current_price"]), **_tally(event["stances"])}


def _tally(stances: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Who bets on what, in numbers."""
    positions = [stance["position"] for stance in stances]
    under_way = sum(1 for stance in stances if stance["status"] in ("pending", "running"))
    return {
        "spoken": len(positions) - under_way,
        "yes": positions.count("YES"),
        "no": positions.count("NO"),
        "abstained": positions.count("ABSTAIN"),
        "failed": sum(1 for stance in stances if stance["failure"]),
        "under_way": under_way,
    }
