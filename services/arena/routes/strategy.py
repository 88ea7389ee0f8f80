"""The arena as the strategy controller of AI portfolios."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.arena import admin_examples as examples
from services.arena import answering
from services.arena.domain.config import ModelConfig
from services.arena.resources import Resources
from services.arena.storage import answers as stored_answers
from shared.answers import json_answer
from shared.documented import answers
from shared.errors import Problem
from shared.routes import resources_of
from shared.trading.config_schema import config_schema

router = APIRouter()

PORTFOLIOS_MAX = 1_000
Here = Annotated[Resources, Depends(resources_of)]
PortfolioId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Asked(BaseModel):
    """One portfolio, or several at once."""

    model_config = ConfigDict(extra="forbid")

    portfolio_id: PortfolioId | None = None
    portfolio_ids: Annotated[list[PortfolioId], Field(min_length=1, max_length=PORTFOLIOS_MAX)] | None = None
    cycle_id: UUID | None = Field(default=None, description="Asked again in the same cycle, the answer is the same.")
    dry_run: bool = Field(default=False, description="Answer and write nothing.")

    @model_validator(mode="after")
    def names_portfolios_once(self) -> "Asked":
        if (self.portfolio_id is None) == (self.portfolio_ids is None):
            raise ValueError("name either portfolio_id or portfolio_ids")
        return self


@router.post(
    "/strategy/generate-signals",
    tags=["commands"],
    responses=answers(examples.SIGNALS, 404, 409, 502),
    summary="The bets of one AI portfolio, or of several, since they were last asked for",
)
def generate_signals(here: Here, asked: Asked) -> Response:
    """Models decide in their sessions, which the arena runs by itself; this counts those that have ended and writes the
    bets that were not placed at once. Where every session of a portfolio has failed the answer is 502 with the reasons.
    With `portfolio_ids` the answer is `{"results": […]}`; an entry that failed is `{"portfolio_id", "error"}`."""
    numbers = [asked.portfolio_id] if asked.portfolio_id is not None else asked.portfolio_ids or []
    found = answering.generate(here, answering.Asked(numbers, asked.cycle_id, asked.dry_run))
    if asked.portfolio_id is not None:
        [answer] = found
        if isinstance(answer, Problem):
            raise answer
        return json_answer(answer)
    return _several(numbers, found)


@router.get("/strategy/generate-signals", include_in_schema=False)
def generate_signals_by_get(
    here: Here,
    portfolio_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    cycle_id: UUID | None = None,
    dry_run: bool = False,
) -> Response:
    """The older contract: one portfolio, or all active ones of models."""
    if portfolio_id is not None:
        return generate_signals(here, Asked(portfolio_id=portfolio_id, cycle_id=cycle_id, dry_run=dry_run))
    with here.database.connection() as connection:
        numbers = stored_answers.active_ids(connection)
    return _several(numbers, answering.generate(here, answering.Asked(numbers, cycle_id, dry_run)))


@router.get(
    "/strategy/config-schema",
    tags=["reads"],
    responses=answers(examples.SCHEMA),
    summary="What strategy_config of an AI portfolio may hold, as JSON Schema",
)
def read_schema() -> Response:
    return json_answer(config_schema(ModelConfig))


def _several(numbers: Sequence[int], found: Sequence[object]) -> Response:
    return json_answer({"results": [_entry(*each) for each in zip(numbers, found, strict=True)]})


def _entry(portfolio_id: int, answer: object) -> object:
    if isinstance(answer, Problem):
        error = {"detail": answer.detail, "error": answer.name, "facts": answer.facts}
        return {"portfolio_id": portfolio_id, "error": error}
    return answer
