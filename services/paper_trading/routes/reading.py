"""What portfolios are, decided, traded, hold and were paid."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from services.paper_trading import examples
from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.resources import Resources
from services.paper_trading.storage import pending, reading
from shared.answers import list_body, tagged_answer
from shared.documented import answers
from shared.parameters import Cursor, Limit, Word
from shared.routes import resources_of
from shared.trading.reasons import Outcome

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
PortfolioId = Annotated[Number | None, Query(description="None: all portfolios.")]


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


@router.get(
    "/paper-trading/positions",
    tags=["reads"],
    responses=answers({"positions": [examples.POSITION], "cursor": None}),
    summary="What is held and was held, newest first",
)
def list_positions(
    request: Request,
    here: Here,
    portfolio_id: PortfolioId = None,
    market_id: Word | None = None,
    status: Literal["open", "closed", "settled"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    wanted = {"portfolio_id": portfolio_id, "market_id": market_id, "status": status}
    return _page(request, here, reading.POSITIONS, wanted, cursor, limit)


@router.get(
    "/paper-trading/trades",
    tags=["reads"],
    responses=answers({"trades": [examples.TRADE], "cursor": None}),
    summary="Fills with book, fee schedule and grades, newest first",
)
def list_trades(
    request: Request,
    here: Here,
    portfolio_id: PortfolioId = None,
    market_id: Word | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """`naive_cost` is what paper trading at the mid without fees would claim, `execution_cost` the difference."""
    wanted = {"portfolio_id": portfolio_id, "market_id": market_id}
    return _page(request, here, reading.TRADES, wanted, cursor, limit)


@router.get(
    "/paper-trading/decisions",
    tags=["reads"],
    responses=answers({"decisions": [examples.DECISION], "cursor": None}),
    summary="What became of each signal, and why",
)
def list_decisions(
    request: Request,
    here: Here,
    portfolio_id: PortfolioId = None,
    market_id: Word | None = None,
    outcome: Outcome | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    wanted = {"portfolio_id": portfolio_id, "market_id": market_id, "outcome": outcome}
    return _page(request, here, reading.DECISIONS, wanted, cursor, limit)


@router.get(
    "/paper-trading/cash-entries",
    tags=["reads"],
    responses=answers({"cash_entries": [examples.CASH_ENTRY], "cursor": None}),
    summary="Every movement of cash; a balance is their sum",
)
def list_cash_entries(
    request: Request, here: Here, portfolio_id: PortfolioId = None, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    return _page(request, here, reading.CASH_ENTRIES, {"portfolio_id": portfolio_id}, cursor, limit)


@router.get(
    "/paper-trading/orders",
    tags=["reads"],
    responses=answers({"orders": [examples.ORDER], "cursor": None}),
    summary="Limit orders that wait or waited",
)
def list_orders(
    request: Request,
    here: Here,
    portfolio_id: PortfolioId = None,
    market_id: Word | None = None,
    status: Literal["open", "filled", "cancelled", "expired"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    wanted = {"portfolio_id": portfolio_id, "market_id": market_id, "status": status}
    return _page(request, here, reading.ORDERS, wanted, cursor, limit)


def _page(
    request: Request,
    here: Resources,
    listing: reading.Listing,
    wanted: dict[str, Any],
    cursor: str | None,
    limit: int,
) -> Response:
    with here.database.connection() as connection:
        body, after = reading.rows_page(connection, listing, wanted, cursor, limit)
        number = wanted.get("portfolio_id")
        if body == b"[]" and number is not None and not pending.read_accounts(connection, [number]):
            raise PortfolioNotFound(portfolio_id=number)
    return tagged_answer(request, list_body(listing.plural, body, after))
