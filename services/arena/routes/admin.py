"""Commands of operators: which events the models meet, and a model that begins anew."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.arena import admin_examples as examples
from services.arena import ending, registering, selecting
from services.arena.resources import Resources
from services.arena.storage import events, registry
from shared.answers import json_answer
from shared.commands import both
from shared.documented import answers
from shared.errors import NotFound
from shared.routes import resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
MarketId = Annotated[str, Field(pattern=r"^(polymarket|kalshi):[A-Za-z0-9._-]{1,120}$")]
ModelName = Annotated[str, Path(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9._-]+$")]
Said = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$")]


class ModelNotFound(NotFound):
    """There is no model {model_id}; GET /models lists them."""


class Manual(BaseModel):
    model_config = ConfigDict(extra="forbid")

    market_id: MarketId


class Approval(BaseModel):
    """Which pending events; none: all of them."""

    model_config = ConfigDict(extra="forbid")

    event_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] | None = None


class Swap(BaseModel):
    """Which market comes instead; none: the next best one."""

    model_config = ConfigDict(extra="forbid")

    market_id: MarketId | None = None
    reason: Said = "swapped by hand"


class Reset(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Said = "reset by hand"


@both(
    router,
    "/admin/events/select",
    responses=answers(examples.SELECTED),
    summary="Select events now, or for this period if that has not been done",
)
def select_events(
    here: Here,
    due_only: bool = False,
    count: Annotated[int | None, Query(ge=1, le=100)] = None,
) -> Response:
    """Markets that close within the horizon, quoted tightly on both sides and undecided, of several categories. With
    `due_only` at most once in a period, and an empty answer where that has happened."""
    if due_only:
        chosen = selecting.select_if_due(here) or []
    else:
        chosen = selecting.select_events(here, count or here.settings.arena_events) or []
    return json_answer({"selected": len(chosen), "events": selecting.shown(here, chosen)})


@router.get(
    "/admin/events/pending",
    tags=["reads"],
    responses=answers(examples.PENDING),
    summary="Events that wait for approval",
)
def list_pending(here: Here) -> Response:
    with here.database.connection() as connection:
        waiting = [event.event_id for event in events.events_in(connection, "pending")]
    return json_answer({"events": selecting.shown(here, waiting), "cursor": None})


@router.post(
    "/admin/events/manual",
    tags=["commands"],
    status_code=201,
    responses=answers(examples.EVENT, 404, 409),
    summary="Let the models meet a market of your choice",
)
def add_event(here: Here, asked: Manual) -> Response:
    [added] = selecting.shown(here, [selecting.add_by_hand(here, asked.market_id)])
    return json_answer(added, 201)


@router.post(
    "/admin/events/approve",
    tags=["commands"],
    responses=answers(examples.APPROVED, 404),
    summary="Approve pending events",
)
def approve_events(here: Here, asked: Approval | None = None) -> Response:
    """Without a body, all of them. Approved events are summarised, opened to the models and bet on by themselves."""
    approved = selecting.approve(here, asked.event_ids if asked else None)
    return json_answer({"approved": len(approved), "events": selecting.shown(here, approved)})


@router.put(
    "/admin/events/{event_id}/swap",
    tags=["commands"],
    responses=answers(examples.EVENT, 404, 409),
    summary="Put another event in the place of one that no model has begun on",
)
def swap_event(here: Here, event_id: UUID, asked: Swap | None = None) -> Response:
    asked = asked or Swap()
    [added] = selecting.shown(here, [selecting.swap(here, event_id, asked.market_id, asked.reason)])
    return json_answer(added)


@both(
    router,
    "/admin/prices",
    responses=answers(examples.PRICES, 502, 503),
    summary="Read the prices of active events now",
)
def update_prices(here: Here) -> Response:
    return json_answer({"moved": ending.update_prices(here)})


@both(
    router,
    "/admin/settlements",
    responses=answers(examples.SETTLEMENTS, 502, 503),
    summary="Close what is due, ask the venues for results, and settle what is final",
)
def check_settlements(here: Here) -> Response:
    closed = ending.close_events(here)
    asked = ending.ask_for_results(here)
    settled = ending.settle_events(here)
    return json_answer({"closed": len(closed), "asked": asked, "settled": len(settled)})


@router.post(
    "/admin/models/{model_id}/reset",
    tags=["commands"],
    responses=answers(examples.RESET, 404, 502, 503),
    summary="Give a model a new portfolio with a full purse",
)
def reset_model(here: Here, model_id: ModelName, asked: Reset | None = None) -> Response:
    """History is never rewritten: the old portfolio is closed under a name that says so, and stays where it is."""
    with here.database.connection() as connection:
        model = registry.model_named(connection, model_id)
    if model is None:
        raise ModelNotFound(model_id=model_id)
    portfolio_id = registering.reset(here, model, (asked or Reset()).reason)
    return json_answer(
        {
            "model_id": model.model_id,
            "external_id": model.external_id,
            "portfolio_id": portfolio_id,
            "former_portfolio_id": model.portfolio_id,
            "balance": registering.INITIAL_BALANCE,
            "reset_at": here.clock(),
        }
    )
