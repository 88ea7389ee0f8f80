"""The arena's pages of events, sessions and models, and what moves on them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.arena.pages import event, home, model, session
from services.arena.resources import Resources
from shared.board.rows import By
from shared.routes import clock, resources_of
from shared.ui.changes import Parts
from shared.ui.live import live_of
from shared.ui.places import visit_of
from shared.ui.sheets import sheet_answer

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]


@router.get("/")
def read_page(
    request: Request, here: Here, by: Annotated[By, Query(description="What the board is ordered by.")] = "skill"
) -> Response:
    return home.home_page(request, here, by, clock())


@router.get("/live")
async def follow_arena(
    request: Request, here: Here, by: Annotated[By, Query(description="What the board is ordered by.")] = "skill"
) -> Response:
    visit = visit_of(request)
    return live_of(request).stream(request, home.key_of(visit, by), home.HomeParts(here, visit, by), home.EVERY_SECONDS)


@router.get("/event/{event_id}")
def read_event(request: Request, here: Here, event_id: UUID) -> Response:
    return event.event_page(request, here, event_id, clock())


@router.get("/event/{event_id}/live")
async def follow_event(request: Request, here: Here, event_id: UUID) -> Response:
    """Whoever asks for an event that is not there gets an ordinary 404."""
    live, visit = live_of(request), visit_of(request)
    key = event.key_of(visit, event_id)
    pace = live.topics[key].every_seconds if key in live.topics else await event.pace(here, live, event_id)

    def make() -> Parts:
        return event.event_parts(here, live, visit, event_id, here.clock())

    return live.stream(request, key, make, pace)


@router.get("/event/{event_id}/prices.csv")
def read_prices(request: Request, here: Here, event_id: UUID) -> Response:
    return sheet_answer(request, event.prices_sheet(here, event_id, clock()), f"prices-{event_id}.csv")


@router.get("/session/{session_id}")
def read_session(request: Request, here: Here, session_id: UUID) -> Response:
    return session.session_page(request, here, session_id, clock())


@router.get("/model/{external_id}")
def read_model(
    request: Request, here: Here, external_id: Annotated[str, Path(max_length=140, pattern=r"^[^\x00]+$")]
) -> Response:
    return model.model_page(request, here, external_id, clock())
