"""The pages of portfolios, their live parts, and what their buttons do."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.paper_trading import controlling
from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.pages import attribution, exports, portfolio, portfolios
from services.paper_trading.resources import Resources
from shared.routes import clock, resources_of
from shared.ui.live import live_of

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]
PortfolioId = Annotated[int, Path(ge=1, le=2**31 - 1)]
FROM_PAGE = "from its page"


@router.get("/")
def read_portfolios(request: Request, here: Here) -> Response:
    number = request.query_params.get("portfolio_id", "")
    if len(number) <= 10 and number.isascii() and number.isdigit() and 0 < int(number) < 2**31:
        return RedirectResponse(f"/portfolio/{int(number)}", 303)  # where it was before portfolios had pages
    return portfolios.portfolios_page(request, here, clock)


@router.get("/live")
async def follow_portfolios(request: Request, here: Here) -> Response:
    key, make = portfolios.live_of(request, here, portfolios.asked_of(request.query_params), clock)
    return live_of(request).stream(request, key, make)


@router.get("/portfolio/{portfolio_id}.csv")
def read_trades_csv(request: Request, here: Here, portfolio_id: PortfolioId) -> Response:
    return exports.trades_csv(request, here, portfolio_id, clock())


@router.get("/portfolio/{portfolio_id}.png")
def read_picture(request: Request, here: Here, portfolio_id: PortfolioId) -> Response:
    return exports.picture(request, here, portfolio_id, clock())


@router.get("/portfolio/{portfolio_id}/equity.csv")
def read_equity_csv(request: Request, here: Here, portfolio_id: PortfolioId) -> Response:
    return exports.equity_csv(request, here, portfolio_id, clock())


@router.get("/portfolio/{portfolio_id}/live")
async def follow_portfolio(request: Request, here: Here, portfolio_id: PortfolioId) -> Response:
    key, make = portfolio.live_of(request, here, portfolio_id, clock)
    return live_of(request).stream(request, key, make)


@router.get("/portfolio/{portfolio_id}/attribution")
def read_attribution(request: Request, here: Here, portfolio_id: PortfolioId) -> Response:
    return attribution.attribution_page(request, here, portfolio_id, clock())


@router.get("/portfolio/{portfolio_id}")
def read_portfolio(request: Request, here: Here, portfolio_id: PortfolioId) -> Response:
    return portfolio.portfolio_page(request, here, portfolio_id, clock)


@router.post("/portfolio/{portfolio_id}/pause")
def pause(here: Here, portfolio_id: PortfolioId) -> Response:
    controlling.turn_portfolio(here, portfolio_id, "pause", FROM_PAGE, clock())
    return _back(portfolio_id, {"said": "paused"})


@router.post("/portfolio/{portfolio_id}/resume")
def resume(here: Here, portfolio_id: PortfolioId) -> Response:
    controlling.turn_portfolio(here, portfolio_id, "resume", FROM_PAGE, clock())
    return _back(portfolio_id, {"said": "resumed"})


@router.post("/portfolio/{portfolio_id}/run")
def run(here: Here, portfolio_id: PortfolioId) -> Response:
    with here.database.connection() as connection:
        if not portfolio.is_there(connection, portfolio_id):
            raise PortfolioNotFound(portfolio_id=portfolio_id)
    return _back(portfolio_id, controlling.run_now(here, portfolio_id))


def _back(portfolio_id: int, said: dict[str, str]) -> Response:
    return RedirectResponse(f"/portfolio/{portfolio_id}?{urlencode(said)}", 303)
