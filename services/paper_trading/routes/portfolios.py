"""Making, changing, pausing and closing portfolios."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.paper_trading import controlling, examples, managing
from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.resources import Resources
from services.paper_trading.storage import reading
from shared.answers import list_body, tagged_answer
from shared.documented import answers
from shared.parameters import Cursor, Limit
from shared.routes import clock, resources_of
from shared.topology import STRATEGIES

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
PortfolioId = Annotated[int, Path(ge=1, le=2**31 - 1)]
# Without marks that turn the direction of what stands around it, and not of spaces alone.
_SIGN = r"\x00-\x1f\u202a-\u202e\u2066-\u2069"
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=rf"^[^{_SIGN}]*[^{_SIGN}\x20][^{_SIGN}]*$")]
STRATEGY_TYPES = sorted(STRATEGIES)
Frequency = Literal["every_cycle", "hourly", "daily", "weekly"]
Reason = Annotated[str | None, Field(max_length=500, pattern=r"^[^\x00]*$")]


def _known_strategy(name: str) -> str:
    if name not in STRATEGIES:
        raise PydanticCustomError("strategy_unknown", "Input should be one of " + ", ".join(STRATEGY_TYPES))
    return name


StrategyType = Annotated[str, AfterValidator(_known_strategy), Field(json_schema_extra={"enum": [*STRATEGY_TYPES]})]


class NewPortfolio(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    strategy_type: StrategyType
    initial_balance: Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 12, decimal_places=2)] = Decimal(10_000)
    strategy_config: dict[str, Any] = Field(default_factory=dict)
    frequency: Frequency = "every_cycle"


class PortfolioChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    status: Literal["active", "paused", "closed"] | None = None
    frequency: Frequency | None = None
    strategy_config: dict[str, Any] | None = Field(
        default=None, description="A given key replaces, null takes it back to its default."
    )
    reason: Reason = None


class Why(BaseModel):
    reason: Reason = None


@router.post(
    "/paper-trading/portfolios",
    tags=["commands"],
    status_code=201,
    responses={**answers(examples.PORTFOLIO, 409), 201: {"description": "Made; the answer is the portfolio."}},
    summary="Make a portfolio",
)
def create_portfolio(here: Here, asked: NewPortfolio) -> Response:
    """Its configuration is checked against the schema of the strategy that will decide for it."""
    portfolio_id = managing.create_portfolio(
        here.database,
        here.strategies,
        name=asked.name.strip(),
        strategy_type=asked.strategy_type,
        strategy_config=asked.strategy_config,
        frequency=asked.frequency,
        initial_balance=asked.initial_balance,
        now=clock(),
    )
    return _portfolio(here, portfolio_id, 201)


@router.patch(
    "/paper-trading/portfolios/{portfolio_id}",
    tags=["commands"],
    responses=answers(examples.PORTFOLIO, 404, 409),
    summary="Rename, reconfigure, pause, resume or close a portfolio",
)
def change_portfolio(here: Here, portfolio_id: PortfolioId, asked: PortfolioChange) -> Response:
    """Pausing and closing cancel what waits. What a closed portfolio holds is settled by the venue in its time."""
    changes = asked.model_dump(exclude_none=True, exclude={"reason"})
    managing.change_portfolio(here.database, here.strategies, portfolio_id, changes, asked.reason, clock())
    return _portfolio(here, portfolio_id)


@router.post(
    "/paper-trading/portfolios/{portfolio_id}/{verb}",
    tags=["commands"],
    responses=answers(examples.PORTFOLIO, 404, 409),
    summary="Pause, resume or close a portfolio",
)
def turn_portfolio(here: Here, portfolio_id: PortfolioId, verb: controlling.Verb, asked: Why | None = None) -> Response:
    """Pausing and closing cancel what waits. A closed portfolio decides nothing any more and does not open again; what
    it holds is marked on, and paid when its venue has settled it."""
    controlling.turn_portfolio(here, portfolio_id, verb, asked.reason if asked else None, clock())
    return _portfolio(here, portfolio_id)


@router.get(
    "/paper-trading/portfolios",
    tags=["reads"],
    responses=answers({"portfolios": [examples.PORTFOLIO], "cursor": None}),
    summary="Portfolios, newest first",
)
def list_portfolios(
    request: Request,
    here: Here,
    status: Literal["active", "paused", "closed"] | None = None,
    strategy_type: StrategyType | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    wanted = {"status": status, "strategy_type": strategy_type}
    with here.database.connection() as connection:
        body, after = reading.rows_page(connection, reading.PORTFOLIOS, wanted, cursor, limit)
    return tagged_answer(request, list_body("portfolios", body, after))


@router.get(
    "/paper-trading/portfolios/{portfolio_id}/changes",
    tags=["reads"],
    responses=answers({"changes": [examples.CHANGE], "cursor": None}, 404),
    summary="What was changed about a portfolio, and why",
)
def list_changes(
    request: Request, here: Here, portfolio_id: PortfolioId, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    with here.database.connection() as connection:
        wanted = {"portfolio_id": portfolio_id}
        body, after = reading.rows_page(connection, reading.CHANGES, wanted, cursor, limit)
    if body == b"[]" and cursor is None:
        raise PortfolioNotFound(portfolio_id=portfolio_id)
    return tagged_answer(request, list_body("changes", body, after))


def _portfolio(here: Resources, portfolio_id: int, status: int = 200) -> Response:
    with here.database.connection() as connection:
        body = reading.portfolio_json(connection, portfolio_id)
    return Response(body, status, media_type="application/json")
