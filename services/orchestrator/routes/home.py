"""The arena's home page, its live parts, and what is shared from it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.orchestrator.pages import home, sharing
from services.orchestrator.pages.curves import Range
from services.orchestrator.pages.home import Rows
from services.orchestrator.resources import Resources
from shared.board.rows import By
from shared.routes import resources_of
from shared.ui.live import live_of

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]
Reach = Annotated[Range, Query(alias="range")]


@router.get("/")
def read_home(request: Request, here: Here, by: By = "return", reach: Reach = "1d", rows: Rows = "top") -> Response:
    return home.home_page(request, here, by, reach, rows)


@router.get("/live")
async def stream_home(request: Request, here: Here, by: By = "return", rows: Rows = "top") -> Response:
    key, make = home.topic_of(request, here, by, rows)
    return live_of(request).stream(request, key, make)


@router.get("/curves.json")
def read_curves(request: Request, here: Here, reach: Reach = "1d") -> Response:
    return sharing.curves_answer(request, here, reach)


@router.get("/curves.csv")
def read_curves_sheet(request: Request, here: Here, reach: Reach = "1d") -> Response:
    return sharing.curves_sheet(request, here, reach)


@router.get("/board.csv")
def read_board_sheet(request: Request, here: Here, by: By = "return") -> Response:
    return sharing.board_sheet(request, here, by)


@router.get("/board.png")
def read_board_picture(request: Request, here: Here, by: By = "return") -> Response:
    return sharing.board_picture(request, here, by)


@router.get("/settlements.atom")
def read_settlements_feed(request: Request, here: Here) -> Response:
    return sharing.settlements_feed(request, here)
