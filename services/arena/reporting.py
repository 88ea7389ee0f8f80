"""What the stored rows say of boards and models when somebody asks: rows in order, calibration, correlation."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from services.arena.domain.standings import rounded
from services.arena.resources import Resources
from services.arena.storage import judging as reads
from services.arena.storage import standings
from shared.board.reading import board_rows, model_row
from shared.board.rows import By, board_in_order, board_row
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.errors import NotFound
from shared.scoring.calibration import Calibration, calibration
from shared.scoring.columns import grades
from shared.scoring.correlation import error_correlations
from shared.scoring.matrix import score_matrix

UNSTATED = "no forecast of it has been settled by yes or no yet"


class NoPortfolio(NotFound):
    """This model has no portfolio yet, so nothing is known of how well it does."""


def leaderboard(here: Resources, by: By, cursor: str | None, limit: int) -> dict[str, Any]:
    with here.database.connection() as connection:
        rows = board_rows(connection)
    start = _place(cursor, by)
    ordered = board_in_order(rows, by)
    return {
        "by": by,
        "computed_at": max((row["computed_at"] for row in rows if row["computed_at"]), default=None),
        "settled_min": here.settings.arena_settled_min,
        "leaderboard": ordered[start : start + limit],
        "cursor": cursor_of(by, start + limit) if len(ordered) > start + limit else None,
    }


def days(here: Resources, first: date, last: date, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
    with here.database.connection() as connection:
        body, key = standings.days_page(connection, first, last, _day_key(cursor), limit)
    return body, None if key is None else cursor_of("days", key[0].isoformat(), key[1], key[2])


def history(here: Resources, today: date, days_back: int, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
    """Today and so many days before it."""
    return days(here, today - timedelta(days=days_back - 1), today, cursor, limit)


def performance(here: Resources, model_id: UUID) -> dict[str, Any]:
    with here.database.connection() as connection:
        row = model_row(connection, model_id)
    if row is None:
        raise NoPortfolio(model_id=str(model_id))
    place = ("rank", "tier", "probability_best", "interval", "settled_events", "still_needed", "standing", "missing")
    by_skill = board_row(row, "skill")
    return {
        "model_id": row["model_id"],
        "model": row["model"],
        "computed_at": row["computed_at"],
        "by_return": board_row(row, "return"),
        "by_skill": {name: by_skill[name] for name in place},
    }


def forecasts_calibration(here: Resources, model_id: UUID) -> tuple[str, int, Calibration | None]:
    """The model's name, its forecasts that were settled by yes or no, and how true they were; from the rows of now."""
    with here.database.connection() as connection:
        name, stated = reads.external_id(connection, model_id), reads.model_forecasts(connection, model_id)
    probabilities = np.array([float(probability) for probability, _ in stated])
    return name, len(stated), calibration(probabilities, grades([outcome for _, outcome in stated]))


def model_calibration(here: Resources, model_id: UUID) -> dict[str, Any]:
    name, forecasts, found = forecasts_calibration(here, model_id)
    shown = None
    if found is not None:
        shown = {name: _rounded(value) for name, value in asdict(found).items() if name != "bins"}
        shown["bins"] = [{name: _rounded(value) for name, value in asdict(each).items()} for each in found.bins]
    return {
        "model_id": model_id,
        "model": name,
        "forecasts": forecasts,
        "calibration": shown,
        "missing": {} if shown else {"calibration": UNSTATED},
    }


def correlation(here: Resources) -> dict[str, Any]:
    """Of the errors p − y of each model with each, over the markets that both forecast."""
    with here.database.connection() as connection:
        rows = reads.forecasts_by_market(connection)
    models = sorted({row[0] for row in rows})
    outcomes = {row[1]: row[3] for row in rows}
    made = score_matrix(
        [row[0] for row in rows], [row[1] for row in rows], [float(row[2]) for row in rows], order=models
    )
    happened = grades([outcomes[int(str(market_no))] for market_no in made.events])
    found = error_correlations(made.scores, happened)
    return {
        "models": models,
        "correlation": [[{"r": rounded(each.r), "events": each.events} for each in line] for line in found],
    }


def _rounded(value: Any) -> Any:
    return rounded(value) if isinstance(value, float) else value


def _place(cursor: str | None, by: By) -> int:
    if cursor is None:
        return 0
    name, place = key_of(cursor, str, int)
    if name != by or int(place) < 0:
        raise UnknownCursor(cursor=cursor[:80])
    return int(place)


def _day_key(cursor: str | None) -> tuple[date, int, int] | None:
    if cursor is None:
        return None
    name, day, rank, portfolio_id = key_of(cursor, str, str, int, int)
    try:
        if name != "days" or not 0 <= int(rank) < 2**31 or not 0 <= int(portfolio_id) < 2**31:
            raise ValueError("of another list")
        return date.fromisoformat(str(day)), int(rank), int(portfolio_id)
    except ValueError as error:
        raise UnknownCursor(cursor=cursor[:80]) from error
