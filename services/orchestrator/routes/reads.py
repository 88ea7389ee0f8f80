"""What readers see: cycles and their progress, the state of everything, performance and curves."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from services.orchestrator import examples, reports
from services.orchestrator.cycles import CycleNotFound
from services.orchestrator.progress import progress_stream
from services.orchestrator.reports import Period
from services.orchestrator.resources import Resources
from services.orchestrator.storage import reading
from shared.answers import json_answer, list_body, tagged_answer
from shared.documented import answers
from shared.parameters import Cursor, Limit
from shared.routes import resources_of

router = APIRouter()

Here = Annotated[Resources, Depends(resources_of)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


@router.get(
    "/trading/portfolio-summary",
    tags=["reads"],
    responses=answers(examples.SUMMARY),
    summary="All portfolios, and the sums over them",
)
def read_summary(request: Request, here: Here, limit: Limit = 100, cursor: Cursor = None) -> Response:
    with here.database.connection() as connection:
        rows, after, totals = reading.summary_page(connection, cursor, limit)
    return tagged_answer(request, b'{"totals":%s,%s' % (totals, list_body("portfolios", rows, after)[1:]))


@router.get(
    "/trading/cycles",
    tags=["reads"],
    responses=answers({"cycles": [examples.CYCLE_ROW], "cursor": None}),
    summary="Cycles, the newest first",
)
def list_cycles(request: Request, here: Here, limit: Limit = 100, cursor: Cursor = None) -> Response:
    with here.database.connection() as connection:
        rows, after = reading.cycles_page(connection, cursor, limit)
    return tagged_answer(request, list_body("cycles", rows, after))


@router.get(
    "/trading/cycles/{cycle_id}",
    tags=["reads"],
    responses=answers(examples.CYCLE_IN_FULL, 404),
    summary="One cycle with its steps, its progress and what became of each portfolio",
)
def read_cycle(here: Here, cycle_id: UUID) -> Response:
    """Of cycles older than a week, only portfolios that failed are still listed one by one."""
    return json_answer(reports.cycle_in_full(here, cycle_id))


@router.get(
    "/trading/cycles/{cycle_id}/steps",
    tags=["reads"],
    responses=answers({"steps": examples.STEP_ROWS, "cursor": None}, 404),
    summary="Every step of a cycle, portfolio by portfolio",
)
def list_steps(
    request: Request,
    here: Here,
    cycle_id: UUID,
    portfolio_id: Annotated[Number | None, Query()] = None,
    step: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z_]+$")] = None,
    status: Literal["running", "done", "failed"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    which: dict[str, Any] = {"portfolio_id": portfolio_id, "step": step, "status": status}
    wanted = {name: value for name, value in which.items() if value is not None}
    with here.database.connection() as connection:
        if reading.cycle_shown(connection, cycle_id) is None:
            raise CycleNotFound(cycle_id=cycle_id)
        rows, after = reading.steps_page(connection, cycle_id, wanted, cursor, limit)
    return tagged_answer(request, list_body("steps", rows, after))


@router.get(
    "/trading/cycles/{cycle_id}/stream",
    tags=["reads"],
    responses=answers("event: progress\ndata: {…}\n\nevent: end\ndata: {…}\n\n", 404),
    summary="The progress of a cycle as server-sent events, until it has ended",
)
def stream_cycle(here: Here, cycle_id: UUID) -> Response:
    """`progress` whenever something moved, `end` once with the last word; a comment every few seconds while nothing
    moves. After an hour the stream ends by itself; the browser opens it again."""
    first = reports.cycle_progress(here, cycle_id)
    here.admit_listener(cycle_id)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(progress_stream(here, cycle_id, first), media_type="text/event-stream", headers=headers)


@router.get(
    "/trading/status",
    tags=["reads"],
    responses=answers(examples.STATUS),
    summary="Services, age of the data, breakers, cycles and schedule",
)
def read_status(here: Here) -> Response:
    """The services are asked now, each for at most two seconds."""
    return json_answer(reports.status(here))


@router.get(
    "/trading/schedule",
    tags=["reads"],
    responses=answers(examples.SCHEDULE),
    summary="What happens by itself, when it did last and when it comes next",
)
def read_schedule(here: Here) -> Response:
    return json_answer(reports.schedule(here))


@router.get(
    "/trading/performance",
    tags=["reads"],
    responses=answers(examples.PERFORMANCE, 404),
    summary="How well a portfolio did, in figures",
)
def read_performance(here: Here, portfolio_id: Annotated[Number, Query(examples=[1])]) -> Response:
    """A figure that cannot be computed is null, and `missing` says why. Rates and shares are fractions of 1. Won is a
    position whose end paid more than its cost and all its fees; split, void and scalar results are neither won nor
    lost. `sharpe` is the yearly ratio of daily returns."""
    return json_answer(reports.performance_of(here, portfolio_id))


@router.get(
    "/trading/history",
    tags=["reads"],
    responses=answers(examples.HISTORY, 404),
    summary="The equity curve of a portfolio",
)
def read_history(
    request: Request,
    here: Here,
    portfolio_id: Annotated[Number, Query(examples=[1])],
    period: Annotated[Period, Query(description="How far back from now.")] = "all",
    points: Annotated[int, Query(ge=2, le=2_000, description="At most so many; the last one is exact.")] = 500,
) -> Response:
    """One point a cycle, or where there are more the last one of each of so many equal spans of time."""
    return tagged_answer(request, reports.history_body(here, portfolio_id, period, points))
