"""The models over HTTP: who they are, what they have, and what they staked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy import Connection

from services.arena import examples
from services.arena.resources import Resources
from services.arena.storage import reading, reading_bets, reading_models
from shared.answers import list_body, tagged_answer
from shared.documented import answers
from shared.errors import NotFound
from shared.parameters import Cursor, Limit
from shared.routes import resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
ModelId = Annotated[
    str, Path(max_length=140, pattern=r"^[^\x00]+$", examples=["gpt-4o"], description="Its external id, or its UUID.")
]


class ModelNotFound(NotFound):
    """The arena has no model of this name; GET /models lists those it has."""


@router.get(
    "/models",
    tags=["reads"],
    responses=answers({"models": [examples.MODEL], "cursor": None}),
    summary="All models with their balances and counts",
)
def list_models(request: Request, here: Here, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """`balance` is cash; `total_pnl` counts open bets at what they could be sold for. A model that takes no part says
    why in `disabled_reason`."""
    with here.database.connection() as connection:
        body, after = reading_models.models_page(connection, cursor, limit)
    return tagged_answer(request, list_body("models", body, after))


@router.get(
    "/models/{model_id}",
    tags=["reads"],
    responses=answers(examples.MODEL, 404),
    summary="One model",
)
def read_model(request: Request, here: Here, model_id: ModelId) -> Response:
    with here.database.connection() as connection:
        body = reading_models.model_json(connection, _number(connection, model_id))
    if body is None:
        raise ModelNotFound(model_id=model_id)
    return tagged_answer(request, body)


@router.get(
    "/models/{model_id}/bets",
    tags=["reads"],
    responses=answers({"bets": [examples.BET], "cursor": None}, 404),
    summary="Bets of one model, newest first",
)
def list_model_bets(
    request: Request, here: Here, model_id: ModelId, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    with here.database.connection() as connection:
        number = _number(connection, model_id)
        body, after = reading_bets.model_bets_page(connection, number, cursor, limit)
    return tagged_answer(request, list_body("bets", body, after))


def _number(connection: Connection, model_id: str) -> UUID:
    number = reading.model_number(connection, model_id)
    if number is None:
        raise ModelNotFound(model_id=model_id)
    return number
