"""The live feed: `/ws`, and the same as server-sent events at `/feed`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, WebSocket
from starlette.responses import Response

from services.arena.resources import Resources
from services.arena.streaming.commands import EVENTS_MAX
from services.arena.streaming.sockets import serve_socket
from services.arena.streaming.streams import FeedStream
from shared.documented import Responses
from shared.routes import resources_of

router = APIRouter()

EXAMPLE = (
    "id: WyI3NDI6NzQyOiIsIjc0Mzo3NDM6Iiw4MV0\n"
    "event: bet\n"
    'data: {"type":"bet","cursor":"WyI3NDI6NzQyOiIsIjc0Mzo3NDM6Iiw4MV0","at":"2026-11-20T12:00:00Z",'
    '"event_id":"5f0b0c1e-6a2f-4c7e-9f59-0d6f7c1f3a11","market_id":"polymarket:501","portfolio_id":3}\n'
)
ANSWERS: Responses = {
    200: {"content": {"text/event-stream": {"example": EXAMPLE}}, "description": "Frames, until somebody leaves."},
    410: {"description": "Too much came after the cursor, or some of it is forgotten; read the lists anew."},
    503: {"description": "As many read the feed as can, or the database cannot be reached."},
}


@router.get("/feed", tags=["feed"], summary="The live feed as server-sent events", responses=ANSWERS)
async def read_feed(
    here: Annotated[Resources, Depends(resources_of)],
    event_id: Annotated[
        list[UUID] | None,
        Query(max_length=EVENTS_MAX, description="These events, and what concerns all; else everything."),
    ] = None,
    since: Annotated[
        str | None, Query(max_length=8_000, description="A cursor: what came after it is told first.")
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=8_000, description="As `since`; browsers send it.")] = None,
) -> Response:
    return FeedStream(here.hub, last_event_id or since or None, frozenset(str(each) for each in event_id or ()))


@router.websocket("/ws")
async def read_socket(socket: WebSocket) -> None:
    await serve_socket(socket.app.state.resources.hub, socket)
