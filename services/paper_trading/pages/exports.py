"""A portfolio to take along: its trades and its curve as CSV, and a picture of it."""

from datetime import datetime
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.pages import curves, told
from services.paper_trading.resources import Resources
from services.paper_trading.storage import exporting, showing, showing_ledger
from shared import topology
from shared.board.reading import rows_of
from shared.board.rows import board_row
from shared.ui.drawings import color_of
from shared.ui.pictures import curves_drawn
from shared.ui.places import visit_of
from shared.ui.sheets import sheet, sheet_answer
from shared.ui.truth import truth_of

ROWS_MAX = 200_000


def trades_csv(request: Request, here: Resources, portfolio_id: int, now: datetime) -> Response:
    """Every trade with all its money, newest first."""
    with here.database.connection() as connection:
        _portfolio(connection, portfolio_id)
        rows = exporting.trades(connection, portfolio_id, ROWS_MAX)
        body = sheet(exporting.TRADE_COLUMNS, rows, truth_of(connection), now)
    return sheet_answer(request, body, f"portfolio-{portfolio_id}-trades.csv")


def equity_csv(request: Request, here: Resources, portfolio_id: int, now: datetime) -> Response:
    """Every point of the curve, newest first."""
    with here.database.connection() as connection:
        _portfolio(connection, portfolio_id)
        rows = exporting.points(connection, portfolio_id, ROWS_MAX)
        body = sheet(exporting.POINT_COLUMNS, rows, truth_of(connection), now)
    return sheet_answer(request, body, f"portfolio-{portfolio_id}-equity.csv")


def picture(request: Request, here: Resources, portfolio_id: int, now: datetime) -> Response:
    """Its whole curve, with the sentence that its page begins with."""
    with here.database.connection() as connection:
        portfolio = _portfolio(connection, portfolio_id)
        points = showing_ledger.curve(connection, portfolio_id, portfolio["initial_balance"], None, curves.STEPS)
        board = rows_of(connection, [portfolio_id]).get(portfolio_id)
        truth = truth_of(connection)
    color = color_of(portfolio_id, portfolio["strategy_type"], portfolio["color"])
    chart = curves.equity_chart(portfolio, points, color, "all", now)
    sentence = told.answer_of(portfolio, None if board is None else board_row(board, "return"))
    address = f"{visit_of(request).address_of(topology.PAPER_TRADING)}/portfolio/{portfolio_id}"
    drawn = curves_drawn(
        portfolio["name"], sentence, chart.times, chart.series, chart.unit, chart.start, truth, now, address
    )
    return Response(drawn, media_type="image/png", headers={"cache-control": "no-cache"})


def _portfolio(connection: Connection, portfolio_id: int) -> dict[str, Any]:
    found = showing.one(connection, portfolio_id)
    if found is None:
        raise PortfolioNotFound(portfolio_id=portfolio_id)
    return found
