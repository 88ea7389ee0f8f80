"""Sessions over HTTP: what one model made of one event, word for word."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.arena import examples
from services.arena.resources import Resources
from services.arena.storage import reading_sessions
from shared.answers import list_body, tagged_answer
from shared.documented import answers
from shared.errors import NotFound
from shared.parameters import Cursor, Limit
from shared.routes import resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]


class SessionNotFound(NotFound):
    """There is no session with this id; each event lists its sessions."""


@router.get(
    "/sessions/{session_id}",
    tags=["reads"],
    responses=answers(examples.SESSION_IN_FULL, 404),
    summary="One session: decision, reasoning, cost, bet and seal",
)
def read_session(
    request: Request,
    here: Here,
    session_id: UUID,
    prompt: Annotated[bool, Query(description="With the prompt, word for word.")] = False,
) -> Response:
    """A session that failed says why in `failure` and `failure_detail`; a position that led to no bet in `no_bet`, or
    in the `decision` on its signal."""
    with here.database.connection() as connection:
        body = reading_sessions.session_json(connection, session_id, prompt=prompt)
    if body is None:
        raise SessionNotFound(session_id=str(session_id))
    return tagged_answer(request, body)


@router.get(
    "/sessions/{session_id}/messages",
    tags=["reads"],
    responses=answers({"messages": [examples.MESSAGE], "cursor": None}, 404),
    summary="What was said in the session, piece by piece",
)
def list_messages(
    request: Request,
    here: Here,
    session_id: UUID,
    after: Annotated[int, Query(ge=-1, lt=2**31, description="A sequence number; what came after it.")] = -1,
    joined: Annotated[bool, Query(description="Pieces of reasoning that follow each other as one.")] = False,
    limit: Limit = 1_000,
    cursor: Cursor = None,
) -> Response:
    """In the order in which it was said. To follow a running session, ask again with `after` set to the last
    `sequence_number`; a piece that was read before is not joined with a later one. An hour after the session has ended
    pieces are stored as one."""
    with here.database.connection() as connection:
        if not reading_sessions.session_exists(connection, session_id):
            raise SessionNotFound(session_id=str(session_id))
        body, next_cursor = reading_sessions.messages_page(connection, session_id, after, cursor, limit, joined=joined)
    return tagged_answer(request, list_body("messages", body, next_cursor))
