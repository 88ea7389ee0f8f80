"""What every strategy controller is asked over HTTP, and how it answers for one portfolio or for several."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.answers import json_answer
from shared.errors import Problem

PORTFOLIOS_MAX = 1_000
PortfolioId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class AskedForSignals(BaseModel):
    """One portfolio, or several at once."""

    model_config = ConfigDict(extra="forbid", title="Asked")

    portfolio_id: PortfolioId | None = None
    portfolio_ids: Annotated[list[PortfolioId], Field(min_length=1, max_length=PORTFOLIOS_MAX)] | None = None
    cycle_id: UUID | None = Field(default=None, description="Asked again in the same cycle, the answer is the same.")
    dry_run: bool = Field(default=False, description="Answer and write nothing.")

    @model_validator(mode="after")
    def names_portfolios_once(self) -> "AskedForSignals":
        if (self.portfolio_id is None) == (self.portfolio_ids is None):
            raise ValueError("name either portfolio_id or portfolio_ids")
        return self

    @property
    def numbers(self) -> list[int]:
        return [self.portfolio_id] if self.portfolio_id is not None else self.portfolio_ids or []


def answer_of_one(found: Sequence[Mapping[str, Any] | Problem]) -> Response:
    [answer] = found
    if isinstance(answer, Problem):
        raise answer
    return json_answer(answer)


def answer_of_several(numbers: Sequence[int], found: Sequence[Mapping[str, Any] | Problem]) -> Response:
    """In the order asked for; an entry that failed is `{"portfolio_id", "error"}`."""
    return json_answer({"results": [_entry(*each) for each in zip(numbers, found, strict=True)]})


def _entry(portfolio_id: int, answer: Mapping[str, Any] | Problem) -> Mapping[str, Any]:
    if isinstance(answer, Problem):
        error = {"detail": answer.detail, "error": answer.name, "facts": answer.facts}
        return {"portfolio_id": portfolio_id, "error": error}
    return answer
