"""HTTP of a strategy controller: parse, one call, answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.strategy import examples, generation, pages, pairing
from services.strategy.resources import Resources
from services.strategy.storage import pairs, portfolios
from shared.answers import json_answer, list_body
from shared.controllers import AskedForSignals, answer_of_one, answer_of_several
from shared.cursors import cursor_of, key_of
from shared.documented import answers
from shared.json_bytes import encoded
from shared.parameters import Cursor, Limit
from shared.routes import clock, resources_of
from shared.ui.paging import leaf_number

router = APIRouter()
pair_router = APIRouter()  # of the controllers that trade pairs

Said = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
PairId = Annotated[int, Path(ge=1, le=2**31 - 1)]


Here = Annotated[Resources, Depends(resources_of)]


class Proof(BaseModel):
    model_config = ConfigDict(extra="forbid")

    polymarket_id: Annotated[str, Field(pattern=r"^polymarket:[A-Za-z0-9._-]{1,120}$")]
    kalshi_id: Annotated[str, Field(pattern=r"^kalshi:[A-Za-z0-9._-]{1,120}$")]
    inverted: bool = Field(default=False, description="Yes on one venue is no on the other.")
    evidence: Said = Field(description="Why both pay the same in every case: what the rules of both say.")
    proven_by: Name = Field(description="Who read both and says so.")


class Revocation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: Said


@router.post(
    "/strategy/generate-signals",
    tags=["commands"],
    responses=answers(examples.ANSWER, 404, 409),
    summary="Signals of one portfolio, or of several at once",
)
def generate_signals(here: Here, asked: AskedForSignals) -> Response:
    """With `portfolio_ids` the answer is `{"results": […]}` in the order asked for; an entry that failed is
    `{"portfolio_id", "error"}`. Asked again with the same `cycle_id`, a portfolio gets the answer it got first. Where
    a look-back is too short for the rhythm in which markets are collected, `notes` says so in sentences."""
    found = generation.generate(here, generation.Asked(asked.numbers, asked.cycle_id, asked.dry_run), clock())
    return answer_of_one(found) if asked.portfolio_id is not None else answer_of_several(asked.numbers, found)


@router.get("/strategy/generate-signals", include_in_schema=False)
def generate_signals_by_get(
    here: Here,
    portfolio_id: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    cycle_id: UUID | None = None,
    dry_run: bool = False,
) -> Response:
    """The older contract: one portfolio, or all active ones of this controller."""
    if portfolio_id is not None:
        return answer_of_one(generation.generate(here, generation.Asked([portfolio_id], cycle_id, dry_run), clock()))
    with here.database.connection() as connection:
        numbers = portfolios.active_ids(connection, here.strategy)
    return answer_of_several(numbers, generation.generate(here, generation.Asked(numbers, cycle_id, dry_run), clock()))


@router.get(
    "/strategy/config-schema",
    tags=["reads"],
    responses=answers(examples.SCHEMA),
    summary="What strategy_config may hold, as JSON Schema",
)
def read_schema(here: Here) -> Response:
    return json_answer(generation.config_schema(here.rule))


@router.get("/", include_in_schema=False)
def read_page(
    request: Request,
    here: Here,
    portfolio: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    leaf: str = "",
) -> Response:
    return pages.strategy_page(request, here, portfolio, leaf_number(leaf), clock())


@pair_router.get(
    "/strategy/contract-pairs",
    tags=["reads"],
    responses=answers(examples.PAIRS),
    summary="Contracts of both venues that somebody has proven equal",
)
def list_pairs(here: Here, standing: bool | None = None, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """`standing=true` leaves out what was revoked."""
    after = int(key_of(cursor, int)[0]) if cursor else 0
    with here.database.connection() as connection:
        rows = pairs.pairs_page(connection, after, limit + 1, standing)
    next_cursor = cursor_of(rows[limit - 1]["pair_id"]) if len(rows) > limit else None
    return Response(list_body("pairs", encoded(rows[:limit]), next_cursor), media_type="application/json")


@pair_router.post(
    "/strategy/contract-pairs",
    tags=["commands"],
    responses=answers(examples.PAIR, 404, 409),
    summary="Say, with evidence, that two contracts pay the same in every case",
)
def prove_pair(here: Here, proof: Proof) -> Response:
    """From then on arbitrage may buy one side here and the other side there."""
    found = pairing.prove(
        here, proof.polymarket_id, proof.kalshi_id, proof.inverted, proof.evidence, proof.proven_by, clock()
    )
    return json_answer(found)


@pair_router.post(
    "/strategy/contract-pairs/{pair_id}/revoke",
    tags=["commands"],
    responses=answers({**examples.PAIR, "revoked_at": "2026-11-22T09:00:00Z"}, 404, 409),
    summary="Take a pair back; the row stays",
)
def revoke_pair(here: Here, pair_id: PairId, revocation: Revocation) -> Response:
    return json_answer(pairing.revoke(here, pair_id, revocation.why, clock()))


@pair_router.get(
    "/strategy/contract-pairs/suggestions",
    tags=["reads"],
    responses=answers(examples.SUGGESTIONS),
    summary="Contracts of both venues that read alike; shown, never traded",
)
def list_suggestions(here: Here, limit: Limit = 100) -> Response:
    """The likest ones, at most `limit` of them; what is a standing pair already is left out."""
    found = pairing.suggestions(here, clock(), limit)
    return Response(list_body("suggestions", encoded(found), None), media_type="application/json")
