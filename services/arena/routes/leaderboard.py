"""Boards and what stands behind them over HTTP: rankings, attribution, counterfactuals, sealed forecasts, the check."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.arena import attributing, judging, replaying, reporting, verifying
from services.arena import examples_judging as examples
from services.arena.resources import Resources
from services.arena.routes.registry import ModelNotFound
from services.arena.storage import reading, seals
from shared.answers import json_answer, list_body, tagged_answer
from shared.attribution.grouping import Grouping
from shared.board.rows import By
from shared.documented import answers
from shared.errors import Conflict
from shared.json_bytes import encoded
from shared.parameters import Cursor, Limit, Moment
from shared.routes import clock, resources_of
from shared.trading.limits import Dollars, Sizing

router = APIRouter()

RULES_MAX = 20
DAYS_MAX = 3_660

Here = Annotated[Resources, Depends(resources_of)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
ModelId = Annotated[
    str, Path(max_length=140, pattern=r"^[^\x00]+$", examples=["gpt-4o"], description="Its external id, or its UUID.")
]


class BoardBeingComputed(Conflict):
    """The board is being computed at the moment; ask again when it is done."""


class VerificationUnderWay(Conflict):
    """The rows are being verified at the moment, and no earlier result is at hand; ask again in a minute."""


class Counterfactual(BaseModel):
    """Rules of sizing, each tried on all forecasts."""

    model_config = ConfigDict(extra="forbid")

    rules: Annotated[list[Sizing], Field(min_length=1, max_length=RULES_MAX)]
    initial_balance: Dollars | None = Field(default=None, description="None: that of the model's portfolio.")


@router.get(
    "/leaderboard",
    tags=["reads"],
    responses=answers(examples.BOARD),
    summary="Who stands where, and which differences are real",
)
def read_board(
    request: Request,
    here: Here,
    by: Annotated[By, Query(description="`return` of what is settled, or `skill` against the crowd.")] = "return",
    limit: Limit = 1_000,
    cursor: Cursor = None,
) -> Response:
    """AI models, rules and null entrants on one board: who has a rank comes first, then the others by the growth of
    their account. Money is as it is now; ranks and statistics are as of `computed_at`. Return and skill are shown
    side by side and never inferred from one another. A figure that cannot be computed is null, and `missing` says why.
    `interval` is of `settled_return` (by return) or of the mean skill (by skill), 95 %, from a joint bootstrap over
    events. `wins`, `losses` and `pushes` count settled positions by their profit after all costs, not bets whose side
    came true. `abstentions` of a rule are those of its last run and the signals that were not acted on."""
    return tagged_answer(request, encoded(reporting.leaderboard(here, by, cursor, limit)))


@router.get(
    "/leaderboard/daily",
    tags=["reads"],
    responses=answers({"date": "2026-11-21", "leaderboard": [examples.DAY_ROW], "cursor": None}),
    summary="The board of one day",
)
def read_day(
    request: Request,
    here: Here,
    day: Annotated[date | None, Query(alias="date", description="A day of UTC; none: today.")] = None,
    limit: Limit = 1_000,
    cursor: Cursor = None,
) -> Response:
    """A portfolio's days add up to its whole result. `total_balance` is what the account is worth, open positions at
    what they could be sold for."""
    wanted = day or clock().date()
    body, after = reporting.days(here, wanted, wanted, cursor, limit)
    return tagged_answer(
        request, b'{"date":"%s",%s' % (str(wanted).encode(), list_body("leaderboard", body, after)[1:])
    )


@router.get(
    "/leaderboard/history",
    tags=["reads"],
    responses=answers({"days": 30, "history": [examples.DAY_ROW], "cursor": None}),
    summary="The boards of the last days, newest first",
)
def read_history(
    request: Request,
    here: Here,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 30,
    limit: Limit = 1_000,
    cursor: Cursor = None,
) -> Response:
    body, after = reporting.history(here, clock().date(), days, cursor, limit)
    return tagged_answer(request, b'{"days":%d,%s' % (days, list_body("history", body, after)[1:]))


@router.post(
    "/leaderboard/refresh",
    tags=["commands"],
    responses=answers(examples.REFRESHED, 409),
    summary="Compute the board now, and write it as today's",
)
def refresh_board(here: Here) -> Response:
    now = clock()
    entrants = judging.judge(here, now)
    if entrants is None:
        raise BoardBeingComputed()
    return json_answer({"entrants": entrants, "day_rows": judging.snapshot_day(here, now), "computed_at": now})


@router.get(
    "/models/correlation",
    tags=["reads"],
    responses=answers(examples.CORRELATION),
    summary="Whether the models err together",
)
def read_correlation(request: Request, here: Here) -> Response:
    """Pearson's correlation of the errors (probability − outcome) over the markets that both have forecast, with their
    number; null with fewer than three."""
    return tagged_answer(request, encoded(reporting.correlation(here)))


@router.get(
    "/models/{model_id}/performance",
    tags=["reads"],
    responses=answers(examples.PERFORMANCE, 404),
    summary="How well one model does, by money and by skill",
)
def read_performance(request: Request, here: Here, model_id: ModelId) -> Response:
    return tagged_answer(request, encoded(reporting.performance(here, _model(here, model_id))))


@router.get(
    "/models/{model_id}/calibration",
    tags=["reads"],
    responses=answers(examples.CALIBRATION, 404),
    summary="How often it happened what a model called so likely",
)
def read_calibration(request: Request, here: Here, model_id: ModelId) -> Response:
    """Ten bins, and Murphy's terms, which sum to the Brier score: reliability − resolution + uncertainty +
    within_variance − within_covariance."""
    return tagged_answer(request, encoded(reporting.model_calibration(here, _model(here, model_id))))


@router.post(
    "/models/{model_id}/counterfactual",
    tags=["commands"],
    responses=answers(examples.COUNTERFACTUAL, 404, 409),
    summary="The stored forecasts of a model under other rules of sizing",
)
def read_counterfactual(here: Here, model_id: ModelId, asked: Counterfactual) -> Response:
    """Writes nothing. Each bet walks the book that was there at the decision, pays the fees of that day and is settled
    when its market was; balances count open bets at what they cost. `actual` is what really happened."""
    number = _model(here, model_id)
    return json_answer(replaying.counterfactual(here, number, asked.rules, asked.initial_balance))


@router.get(
    "/attribution",
    tags=["reads"],
    responses=answers(examples.ATTRIBUTION, 404),
    summary="Where realised profit came from: edge, execution and luck",
)
def read_attribution(
    request: Request,
    here: Here,
    portfolio_id: Annotated[Number | None, Query(description="None: all portfolios.")] = None,
    by: Annotated[
        Grouping, Query(description="Periods are of UTC, by their first day; `trade` needs an id.")
    ] = "portfolio",
    since: Annotated[Moment | None, Query(alias="from", description="Realised from then on.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Realised before then.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The terms sum exactly to `realized_pnl`. Edge is what the stated probability promised at the mid, execution the
    way from mid to fill with fees, luck the outcome less the stated probability; `unexplained` is what has no name
    because no probability was stated or there was no mid."""
    wanted = attributing.Wanted(portfolio_id, by, since, until)
    return tagged_answer(request, encoded(attributing.attribution(here, wanted, cursor, limit)))


@router.get(
    "/forecasts",
    tags=["reads"],
    responses=answers({"forecasts": [examples.FORECAST], "cursor": None}),
    summary="The chain of sealed forecasts, newest first",
)
def list_forecasts(request: Request, here: Here, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """`hash` is the SHA-256 of `previous_hash` and `document` in one; the first link stands on 64 zeros."""
    with here.database.connection() as connection:
        body, after = seals.forecasts_page(connection, cursor, limit)
    return tagged_answer(request, list_body("forecasts", body, after))


@router.get(
    "/verify",
    tags=["reads"],
    responses=answers(examples.VERIFIED, 409),
    summary="Recompute chain, balances and board from the rows, and name what does not match",
)
def read_verification(here: Here) -> Response:
    """Reads everything, so one verification runs at a time; while it does, and as long again after it, the last result
    is answered, as of `verified_at`. A standing whose rows have moved on since it was computed is out of date,
    and no disagreement; `curves_thinned` have fewer points left than their drawdown was computed from."""
    found = verifying.verified(here, clock())
    if found is None:
        raise VerificationUnderWay()
    return json_answer(found)


def _model(here: Resources, model_id: str) -> UUID:
    with here.database.connection() as connection:
        number = reading.model_number(connection, model_id)
    if number is None:
        raise ModelNotFound(model_id=model_id)
    return number
