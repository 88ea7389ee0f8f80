"""Acting on signals, and letting waiting orders meet what was traded."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.paper_trading import examples, execution, resting
from services.paper_trading.execution import Policy
from services.paper_trading.resources import Resources, Settings
from shared.answers import json_answer
from shared.commands import both
from shared.documented import answers
from shared.errors import Invalid
from shared.routes import clock, resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
PORTFOLIOS_MAX = 1_000


class NoPortfolioNamed(Invalid):
    """Name the portfolio: ?portfolio_id=1, or {"portfolio_ids": [1, 2]} for several."""


class Portfolios(BaseModel):
    model_config = ConfigDict(extra="forbid")

    portfolio_ids: Annotated[list[Number], Field(min_length=1, max_length=PORTFOLIOS_MAX)]
    cycle_id: UUID | None = None


@both(
    router,
    "/paper-trading/execute-signals",
    responses=answers(examples.EXECUTED, 404, 502),
    summary="Act on the undecided signals of a portfolio",
)
def execute_signals(
    here: Here,
    portfolio_id: Annotated[Number | None, Query()] = None,
    asked: Annotated[Portfolios | None, Body()] = None,
) -> Response:
    """Fetches fresh books, fills at prices that are offered now, pays the venue's fees, and writes a decision with its
    reason for every signal. A signal is acted on once, however often this is called."""
    policy = policy_of(here.settings)
    if asked is not None:
        ids = list(dict.fromkeys(asked.portfolio_ids))
        done = execution.execute_signals(here.database, here.markets, ids, policy, clock)
        return json_answer({"results": [answer.shown(in_full=False) for answer in done]})
    if portfolio_id is None:
        raise NoPortfolioNamed()
    [answer] = execution.execute_signals(here.database, here.markets, [portfolio_id], policy, clock)
    return json_answer(answer.shown(in_full=True))


@router.post(
    "/paper-trading/watch-orders",
    tags=["commands"],
    responses=answers(examples.WATCHED, 502),
    summary="Let waiting limit orders meet the trades printed since",
)
def watch_orders(here: Here) -> Response:
    return json_answer(vars(resting.watch_orders(here.database, here.markets, clock)))


def policy_of(settings: Settings) -> Policy:
    return Policy(
        timedelta(seconds=settings.book_age_max),
        timedelta(seconds=settings.signal_age_max),
        timedelta(seconds=settings.data_age_max),
    )
