"""The arena as the strategy controller of AI portfolios."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.arena import admin_examples as examples
from services.arena import answering
from services.arena.domain.config import ModelConfig
from services.arena.resources import Resources
from services.arena.storage import answers as stored_answers
from shared.answers import json_answer
from shared.controllers import AskedForSignals, answer_of_one, answer_of_several
from shared.documented import answers
from shared.routes import resources_of
from shared.trading.config_schema import config_schema

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]


@router.post(
    "/strategy/generate-signals",
    tags=["commands"],
    responses=answers(examples.SIGNALS, 404, 409, 502),
    summary="The bets of one AI portfolio, or of several, since they were last asked for",
)
def generate_signals(here: Here, asked: AskedForSignals) -> Response:
    """Models decide in their sessions, which the arena runs by itself; this counts those that have ended and writes the
    bets that were not placed at once. Where every session of a portfolio has failed the answer is 502 with the reasons.
    With `portfolio_ids` the answer is `{"results": […]}`; an entry that failed is `{"portfolio_id", "error"}`."""
    found = answering.generate(here, answering.Asked(asked.numbers, asked.cycle_id, asked.dry_run))
    return answer_of_one(found) if asked.portfolio_id is not None else answer_of_several(asked.numbers, found)


@router.get("/strategy/generate-signals", include_in_schema=False)
def generate_signals_by_get(
    here: Here,
    portfolio_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    cycle_id: UUID | None = None,
    dry_run: bool = False,
) -> Response:
    """The older contract: one portfolio, or all active ones of models."""
    if portfolio_id is not None:
        return answer_of_one(answering.generate(here, answering.Asked([portfolio_id], cycle_id, dry_run)))
    with here.database.connection() as connection:
        numbers = stored_answers.active_ids(connection)
    return answer_of_several(numbers, answering.generate(here, answering.Asked(numbers, cycle_id, dry_run)))


@router.get(
    "/strategy/config-schema",
    tags=["reads"],
    responses=answers(examples.SCHEMA),
    summary="What strategy_config of an AI portfolio may hold, as JSON Schema",
)
def read_schema() -> Response:
    return json_answer(config_schema(ModelConfig))
