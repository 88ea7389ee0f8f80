"""Commands: run portfolios, resume a cycle, run a line of the schedule now."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.orchestrator import examples
from services.orchestrator.cycles import CycleRunning, Stored, resume_cycle, start_cycle, wait_for
from services.orchestrator.domain.cycles import Asked
from services.orchestrator.domain.schedule import job_named
from services.orchestrator.jobs import run_job
from services.orchestrator.resources import CycleInterrupted, Resources, Run
from shared.answers import JSON_TYPE, json_answer
from shared.commands import both
from shared.documented import Responses, answers
from shared.errors import NotFound
from shared.routes import resources_of

router = APIRouter()

PORTFOLIOS_MAX = 10_000

Here = Annotated[Resources, Depends(resources_of)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same request answers what it answered before, and runs nothing.",
    ),
]
Wait = Annotated[bool | None, Query(description="false: answer 202 at once, with the address of the running cycle.")]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=PORTFOLIOS_MAX)]


class JobNotFound(NotFound):
    """The schedule has no job {job}; GET /trading/schedule lists those it has."""


class CycleOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    portfolio_ids: Numbers | None = Field(default=None, description="None: every active portfolio.")
    collect: bool = Field(default=True, description="false: trade on what is stored.")
    due_only: bool = Field(default=False, description="Leave out portfolios whose own frequency says not yet.")
    wait: bool = Field(default=True, description="false: answer 202 at once, with the address of the running cycle.")


class PortfolioCycle(BaseModel):
    model_config = ConfigDict(extra="forbid")

    portfolio_id: Number
    collect: bool = Field(default=True, description="false: trade on what is stored.")
    wait: bool = True


def _cycle_answers(*problems: int) -> Responses:
    begun = {"description": "It runs; `Location` is its address."}
    failed = {"description": "The cycle failed; the answer has the name of the step and the error."}
    return {**answers(examples.CYCLE, *problems), 202: begun, 502: failed}


@both(
    router,
    "/trading/run-all-portfolios",
    responses=_cycle_answers(404, 409),
    summary="Run a trading cycle of all active portfolios",
)
def run_all_portfolios(
    here: Here,
    options: CycleOptions | None = None,
    key: Key = None,
    portfolio_ids: Annotated[list[Number] | None, Query(max_length=PORTFOLIOS_MAX)] = None,
    collect: bool | None = None,
    due_only: bool | None = None,
    wait: Wait = None,
) -> Response:
    """Collects events and markets once, marks and settles, and then has every portfolio decide, trade and be
    snapshotted. `status` is `success`, `partial` (some portfolio failed, the others are done) or `failed` (a shared
    step failed: nothing after it ran; POST /trading/cycles/{cycle_id}/resume goes on from there). While a cycle runs,
    the next caller gets 409 with its `cycle_id`. Options come as a JSON body or as query parameters, which win."""
    said = {"portfolio_ids": portfolio_ids or None, "collect": collect, "due_only": due_only, "wait": wait}
    chosen = (options or CycleOptions()).model_copy(update={k: v for k, v in said.items() if v is not None})
    ids = None if chosen.portfolio_ids is None else tuple(sorted(set(chosen.portfolio_ids)))
    asked = Asked("all", ids, chosen.collect, chosen.due_only)
    return _answer(here, start_cycle(here, asked, "request", key), wait=chosen.wait)


@router.post(
    "/trading/run-portfolio-cycle",
    tags=["commands"],
    responses=_cycle_answers(404, 409),
    summary="Run a trading cycle of one portfolio",
)
def run_portfolio_cycle(here: Here, options: PortfolioCycle, key: Key = None) -> Response:
    """The same as for all of them, whatever the portfolio's own frequency says."""
    asked = Asked("portfolio", (options.portfolio_id,), options.collect)
    return _answer(here, start_cycle(here, asked, "request", key), wait=options.wait)


@router.post(
    "/trading/cycles/{cycle_id}/resume",
    tags=["commands"],
    responses=_cycle_answers(404, 409),
    summary="Go on with a cycle that failed or was interrupted",
)
def resume(here: Here, cycle_id: UUID, wait: Wait = None) -> Response:
    """Steps and portfolios that are done are not run again. A cycle that ended `partial` runs those that failed."""
    return _answer(here, resume_cycle(here, cycle_id), wait=wait is not False)


@router.post(
    "/trading/schedule/{job}",
    tags=["commands"],
    responses=answers(examples.JOB, 404),
    summary="Run a line of the schedule now",
)
def run_scheduled(here: Here, job: str) -> Response:
    """What the schedule's own thread does when the job is due; for cron, and for impatience."""
    known = job_named(here.schedule, job)
    if known is None:
        raise JobNotFound(job=job[:80])
    done = run_job(here, known)
    return json_answer(done, 502 if done["status"] == "failed" else 200)


def _answer(here: Resources, begun: Run | Stored, *, wait: bool) -> Response:
    if isinstance(begun, Stored):
        return _repeated(begun, wait=wait)
    if not wait:
        return _accepted(begun.cycle.cycle_id)
    answer = wait_for(here, begun)
    return json_answer(answer, _status(answer["status"]))


def _repeated(stored: Stored, *, wait: bool) -> Response:
    if stored.status == "running":
        if wait:
            raise CycleRunning(cycle_id=stored.cycle_id)
        return _accepted(stored.cycle_id)
    if stored.answer is None:
        raise CycleInterrupted(cycle_id=stored.cycle_id)
    headers = {"idempotent-replayed": "true"}
    return Response(stored.answer, _status(stored.status), headers=headers, media_type=JSON_TYPE)


def _accepted(cycle_id: UUID) -> Response:
    address = f"/trading/cycles/{cycle_id}"
    body: dict[str, Any] = {"status": "running", "cycle_id": str(cycle_id), "address": address}
    answer = json_answer(body, 202)
    answer.headers["location"] = address
    return answer


def _status(status: str) -> int:
    return 502 if status == "failed" else 200
