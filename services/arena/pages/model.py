"""One model: what it is, how well it forecasts and whether that is calibrated, what it costs, and its sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from services.arena import reporting
from services.arena.pages.event import truth_for
from services.arena.pages.frame import PAGES
from services.arena.resources import Resources
from services.arena.storage import reading, showing_models
from shared.board.reading import model_row
from shared.board.rows import board_row
from shared.errors import NotFound
from shared.ui.drawings import color_of
from shared.ui.reliability import calibration_plot
from shared.ui.truth import truth_of

SESSIONS_MAX = 60


class NoSuchModel(NotFound):
    """The arena has no model of this name; its page lists those it has."""


def model_page(request: Request, here: Resources, named: str, now: datetime) -> Response:
    with here.database.connection() as connection:
        model_id = reading.model_number(connection, named)
        if model_id is None:
            raise NoSuchModel(model=named)
        model = showing_models.model_shown(connection, model_id)
        row = model_row(connection, model_id)
        facts: dict[str, Any] = {
            "within": "Arena",
            "model": model,
            "counts": showing_models.counts_shown(connection, model_id),
            "sessions": [_judged(each) for each in showing_models.sessions_of(connection, model_id, SESSIONS_MAX)],
            "by_return": None if row is None else board_row(row, "return"),
            "by_skill": None if row is None else board_row(row, "skill"),
            "computed_at": None if row is None else row["computed_at"],
        }
        truth = truth_of(connection)
    shade = color_of(model["portfolio_id"] or 0, "ai_model", model["color"])
    facts |= {
        "shade": shade,
        "answer": sentence_of(model, facts["by_skill"]),
        **_calibration(here, model_id, shade),
        "sessions_max": SESSIONS_MAX,
    }
    return PAGES.answer(request, "model.html", facts, now=now, truth=truth)


def sentence_of(model: dict[str, Any], by_skill: dict[str, Any] | None) -> str:
    """By the interval of the board."""
    name = model["name"]
    if not model["enabled"]:
        return f"{name} takes no part: {model['disabled_reason']}."
    if by_skill is None or by_skill["skill"] is None:
        return f"Nothing that {name} forecast has been settled yet, so nothing can be said of its skill."
    skill = by_skill["skill"]
    side = "better" if skill["mean"] >= 0 else "worse"
    told = (
        f"Over {skill['events']} settled events {name} is {abs(skill['mean']):.4f} Brier points {side} than the crowd"
    )
    span, needed = by_skill["interval"], by_skill["still_needed"]
    if span is None:
        return f"{told}; {needed} more {'is' if needed == 1 else 'are'} needed before that is judged."
    reach = f"95 % interval {_signed(span['low'])} to {_signed(span['high'])}"
    if span["low"] > 0 or span["high"] < 0:
        return f"{told}, and that is more than chance: {reach}."
    return f"{told}; that is not told apart from chance: {reach}."


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")


def _judged(session: dict[str, Any]) -> dict[str, Any]:
    truth = truth_for(session, session)
    stated, crowd = session["probability"], session["crowd"]
    known = truth is not None and stated is not None and session["status"] == "completed"
    session["brier"] = (stated - truth) ** 2 if known else None
    session["skill"] = None if not known or crowd is None else (crowd - truth) ** 2 - session["brier"]
    return session


def _calibration(here: Resources, model_id: UUID, shade: str) -> dict[str, Any]:
    _, forecasts, found = reporting.forecasts_calibration(here, model_id)
    plot = calibration_plot(found, shade) if found else None
    return {"calibration": found, "plot": plot, "forecasts": forecasts}
