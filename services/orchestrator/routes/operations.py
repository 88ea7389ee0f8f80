"""The page of operations: what runs, its stream, and the commands that are given from it."""

from threading import Thread
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.orchestrator.cycles import CycleRunning, resume_cycle, start_cycle
from services.orchestrator.domain.cycles import Asked
from services.orchestrator.domain.schedule import job_named
from services.orchestrator.jobs import run_job
from services.orchestrator.pages import operations
from services.orchestrator.resources import Resources
from services.orchestrator.routes.commands import JobNotFound
from shared.calls import ServiceRefused, ServiceUnreachable
from shared.routes import resources_of
from shared.ui.live import live_of
from shared.ui.places import visit_of

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]
Cycle = Annotated[UUID | None, Query(alias="cycle")]

PAGE = "/operations"
PATIENCE_SECONDS = 3.0  # of somebody who has pressed a button


@router.get(PAGE)
def read_operations(
    request: Request, here: Here, cycle_id: Cycle = None, said: Annotated[str | None, Query(max_length=40)] = None
) -> Response:
    return operations.operations_page(request, here, cycle_id, said)


@router.get(f"{PAGE}/live")
async def stream_operations(request: Request, here: Here, cycle_id: Cycle = None) -> Response:
    key, make = operations.live_parts(here, visit_of(request), cycle_id)
    return live_of(request).stream(request, key, make)


@router.post(f"{PAGE}/cycles/run")
def run_cycle(here: Here) -> Response:
    """A cycle of all active portfolios begins; whoever asks while one runs is shown that one."""
    try:
        start_cycle(here, Asked(), "request")
    except CycleRunning:
        return _back("running", "cycle")
    return _back("cycle", "cycle")


@router.post(f"{PAGE}/cycles/{{cycle_id}}/resume")
def resume(here: Here, cycle_id: UUID) -> Response:
    try:
        resume_cycle(here, cycle_id)
    except CycleRunning:
        return _back("running", "cycle")
    return _back("resumed", "cycle")


@router.post(f"{PAGE}/jobs/{{job}}/run")
def run_scheduled(here: Here, job: str) -> Response:
    """What POST /trading/schedule/{job} does. One that takes long goes on while its line says so."""
    known = job_named(here.schedule, job)
    if known is None:
        raise JobNotFound(job=job[:80])
    ended: list[str] = []
    thread = Thread(target=lambda: ended.append(run_job(here, known)["status"]), name=f"job-{job}", daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    return _back(ended[0] if ended else "begun", "schedule")


@router.post(f"{PAGE}/breakers/{{breaker_id}}/resolve")
def resolve_breaker(here: Here, breaker_id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> Response:
    """Paper trading owns breakers; it is asked to let buying go on."""
    try:
        here.services.resolve_breaker(breaker_id)
    except (ServiceRefused, ServiceUnreachable) as error:
        log.warning("breaker_not_resolved", breaker_id=breaker_id, error=error.detail)
        return _back("unresolved", "breakers")
    return _back("resolved", "breakers")


def _back(said: str, section: str) -> Response:
    return RedirectResponse(f"{PAGE}?said={said}#{section}", 303)
