"""Upkeep over HTTP: fresh marks, settlement, breakers, overrides and the audit."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.paper_trading import audit, breakers, marking, overrides, resting, settlement, upkeep_examples
from services.paper_trading.domain.settling import STUCK_AFTER
from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.resources import Resources
from services.paper_trading.storage import breakers as stored_breakers
from services.paper_trading.storage import overrides as stored_overrides
from services.paper_trading.storage import pending, settlements
from shared.answers import json_answer, list_body, tagged_answer
from shared.commands import both
from shared.documented import answers
from shared.errors import Problem
from shared.parameters import Cursor, Limit, Moment
from shared.routes import clock, resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
RowNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]
Why = Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")]
BreakerType = Literal["daily_loss_limit", "api_failures", "data_stale", "manual"]

AUDITED_MAX = 1_000  # portfolios named in one request


class NewBreaker(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Why
    portfolio_id: Annotated[Number | None, Field(description="None: all portfolios.")] = None


class Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notes: Why


class NewOverride(BaseModel):
    model_config = ConfigDict(extra="forbid")

    config_key: Annotated[str, Field(max_length=80, examples=["max_exposure"])]
    value: Annotated[Any, Field(examples=[0.25])]
    reason: Why
    expires_at: Moment
    portfolio_id: Annotated[Number | None, Field(description="None: everywhere.")] = None
    applied_by: Annotated[str | None, Field(max_length=120, pattern=r"^[^\x00]*$")] = None


@both(
    router,
    "/paper-trading/update-prices",
    responses=answers(upkeep_examples.PRICES_UPDATED),
    summary="Mark all open positions at fresh prices now",
)
def update_prices(here: Here) -> Response:
    """One batched refresh of all held markets, then a few statements for all positions and portfolios. A market without
    a fresh price keeps its mark, flagged as stale. Then breakers are looked at, and waiting orders meet what was
    printed."""

    def heard(succeeded: bool, now: Any) -> None:
        breakers.note_call(here.database, succeeded, now)

    answer = marking.update_prices(here.database, here.markets, clock, heard)
    breakers.trip_and_resolve(here.database, timedelta(seconds=here.settings.data_age_max), clock())
    return json_answer({**answer, "orders": _waiting_orders(here)})


def _waiting_orders(here: Resources) -> dict[str, Any]:
    """Marks stand whether prints could be had or not."""
    try:
        return vars(resting.watch_orders(here.database, here.markets, clock))
    except Problem as error:
        return {"error": error.detail}


@both(
    router,
    "/paper-trading/settle",
    responses=answers(upkeep_examples.SETTLED),
    summary="Ask how held markets ended, and pay what is final",
)
def settle(here: Here) -> Response:
    """Pays by the venue's final word alone, once; a corrected result is a further version with compensating entries.
    `stuck` lists held markets that should have ended by now."""
    return json_answer(settlement.settle(here.database, here.markets, clock))


@router.get(
    "/paper-trading/stuck-markets",
    tags=["reads"],
    responses=answers({"stuck": [upkeep_examples.STUCK]}),
    summary="Held markets that should be final by now",
)
def list_stuck(request: Request, here: Here) -> Response:
    with here.database.connection() as connection:
        body = settlements.stuck_markets(connection, STUCK_AFTER, clock(), settlement.SHOWN)
    return tagged_answer(request, b'{"stuck":%s}' % body)


@router.get(
    "/paper-trading/settlements",
    tags=["reads"],
    responses=answers({"settlements": [upkeep_examples.SETTLEMENT], "cursor": None}, 404),
    summary="What a portfolio was paid, with the venue's word and its evidence",
)
def list_settlements(
    request: Request,
    here: Here,
    portfolio_id: Annotated[Number | None, Query(description="None: all portfolios.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    with here.database.connection() as connection:
        _known(connection, portfolio_id)
        body, after = settlements.settlements_page(connection, portfolio_id, cursor, limit)
    return tagged_answer(request, list_body("settlements", body, after))


@router.get(
    "/paper-trading/breakers",
    tags=["reads"],
    responses=answers({"breakers": [upkeep_examples.BREAKER], "cursor": None}),
    summary="What stopped buying, newest first",
)
def list_breakers(
    request: Request,
    here: Here,
    portfolio_id: Annotated[Number | None, Query(description="Its own and those of all portfolios.")] = None,
    open: Annotated[bool | None, Query(description="true: those that are open now.")] = None,
    breaker_type: BreakerType | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    with here.database.connection() as connection:
        body, after = stored_breakers.breakers_page(connection, portfolio_id, open, breaker_type, cursor, limit)
    return tagged_answer(request, list_body("breakers", body, after))


@router.post(
    "/paper-trading/breakers",
    tags=["commands"],
    status_code=201,
    responses={**answers(upkeep_examples.BREAKER, 404, 409), 201: {"description": "Open; the answer is the breaker."}},
    summary="Stop buying by hand",
)
def open_breaker(here: Here, asked: NewBreaker) -> Response:
    """Until it is resolved nothing is bought; what reduces a position goes through."""
    with here.database.connection() as connection:
        _known(connection, asked.portfolio_id)
    return _made(breakers.trip_by_hand(here.database, asked.portfolio_id, asked.reason.strip(), clock()))


@router.post(
    "/paper-trading/breakers/{breaker_id}/resolve",
    tags=["commands"],
    responses=answers(upkeep_examples.BREAKER, 404, 409),
    summary="Let buying go on",
)
def resolve_breaker(here: Here, breaker_id: RowNumber, asked: Resolution) -> Response:
    body = breakers.resolve_by_hand(here.database, breaker_id, asked.notes.strip(), clock())
    return Response(body, media_type="application/json")


@router.get(
    "/paper-trading/overrides",
    tags=["reads"],
    responses=answers({"overrides": [upkeep_examples.OVERRIDE], "cursor": None}),
    summary="Values that operators have set for a time, newest first",
)
def list_overrides(
    request: Request,
    here: Here,
    portfolio_id: Annotated[Number | None, Query(description="Its own and those of all portfolios.")] = None,
    standing: Annotated[bool | None, Query(description="true: those that hold now.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    with here.database.connection() as connection:
        body, after = stored_overrides.overrides_page(connection, portfolio_id, standing, cursor, limit, clock())
    return tagged_answer(request, list_body("overrides", body, after))


@router.post(
    "/paper-trading/overrides",
    tags=["commands"],
    status_code=201,
    responses={**answers(upkeep_examples.OVERRIDE, 404), 201: {"description": "Holds; the answer is the override."}},
    summary="Set a value for a time",
)
def apply_override(here: Here, asked: NewOverride) -> Response:
    """With a reason and an end. One for a portfolio wins over one for all, a newer one over an older one."""
    with here.database.connection() as connection:
        _known(connection, asked.portfolio_id)
    body = overrides.apply(
        here.database,
        asked.portfolio_id,
        asked.config_key,
        Decimal(str(asked.value)) if isinstance(asked.value, float) else asked.value,
        asked.reason.strip(),
        asked.applied_by,
        asked.expires_at,
        clock(),
    )
    return _made(body)


@router.post(
    "/paper-trading/overrides/{override_id}/withdraw",
    tags=["commands"],
    responses=answers(upkeep_examples.OVERRIDE, 404, 409),
    summary="End an override before its time",
)
def withdraw_override(here: Here, override_id: RowNumber) -> Response:
    return Response(overrides.withdraw(here.database, override_id, clock()), media_type="application/json")


@router.get(
    "/paper-trading/audit",
    tags=["reads"],
    responses=answers(upkeep_examples.AUDIT),
    summary="Recompute every sum from history, and name what disagrees",
)
def read_audit(
    here: Here,
    portfolio_id: Annotated[
        list[Number] | None, Query(max_length=AUDITED_MAX, description="Several times for several; none: all.")
    ] = None,
) -> Response:
    with here.database.connection() as connection:
        for number in portfolio_id or ():
            _known(connection, number)
    return json_answer(audit.audited(here.database, portfolio_id))


def _known(connection: Any, portfolio_id: int | None) -> None:
    if portfolio_id is not None and not pending.read_accounts(connection, [portfolio_id]):
        raise PortfolioNotFound(portfolio_id=portfolio_id)


def _made(body: bytes) -> Response:
    return Response(body, 201, media_type="application/json")
