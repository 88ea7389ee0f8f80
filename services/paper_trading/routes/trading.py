"""Acting on signals, and the state that comes of it."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.paper_trading import examples, execution, pages, resting
from services.paper_trading.execution import Policy, PortfolioNotFound
from services.paper_trading.resources import Resources, Settings
from services.paper_trading.storage import reading
from shared.answers import json_answer, list_body, tagged_answer
from shared.commands import both
from shared.documented import answers
from shared.errors import Invalid
from shared.parameters import Cursor, Limit
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


@router.get(
    "/paper-trading/portfolio",
    tags=["reads"],
    responses=answers(examples.PORTFOLIO, 404),
    summary="One portfolio with what it holds",
)
def read_portfolio(request: Request, here: Here, portfolio_id: Annotated[Number, Query()]) -> Response:
    with here.database.connection() as connection:
        body = reading.portfolio_json(connection, portfolio_id)
    if body is None:
        raise PortfolioNotFound(portfolio_id=portfolio_id)
    return tagged_answer(request, body)


@router.get(
    "/paper-trading/all-portfolios",
    tags=["reads"],
    responses=answers({"portfolios": [examples.PORTFOLIO], "cursor": None}),
    summary="All portfolios, newest first",
)
def read_all_portfolios(request: Request, here: Here, limit: Limit = 1_000, cursor: Cursor = None) -> Response:
    with here.database.connection() as connection:
        body, after = reading.rows_page(connection, reading.PORTFOLIOS, {}, cursor, limit)
    return tagged_answer(request, list_body("portfolios", body, after))


@router.get("/", include_in_schema=False)
def read_page(request: Request, here: Here) -> Response:
    return pages.portfolios_page(here, request.query_params, clock())


def policy_of(settings: Settings) -> Policy:
    return Policy(
        timedelta(seconds=settings.book_age_max),
        timedelta(seconds=settings.signal_age_max),
        timedelta(seconds=settings.data_age_max),
    )
