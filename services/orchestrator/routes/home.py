"""The arena's home page, its live parts, and what is shared from it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from services.orchestrator.pages import home, sharing
from services.orchestrator.pages.curves import Range
from services.orchestrator.pages.home import Rows
from services.orchestrator.resources import Resources
from shared.routes import resources_of

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]
By = Literal["return", "skill"]
Reach = Annotated[Range, Query(alias="range")]


@router.get("/")
def read_home(request: Request, here: Here, by: By = "return", reach: Reach = "1d", rows: Rows = "top") -> Response:
    return home.home_page(request, here, by, reach, rows)


@router.get("/live")
async def stream_home(
    request: Request,
    here: Here,
    by: By = "return",
    rows: Rows = "top",
    have: Annotated[str | None, Query(max_length=40)] = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Response:
    key, make = home.topic_of(request, here, by, rows)
    answer: Response = request.app.state.live.stream(key, make, have=have or last_event_id, every=1.0)
    return answer


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
