"""The way of a cycle: what all share, then the portfolios in groups side by side, then the archive."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from time import perf_counter
from typing import Any

import structlog

from services.orchestrator import metrics
from services.orchestrator.chunks import CHUNK, run_chunk
from services.orchestrator.domain import cycles as domain
from services.orchestrator.domain.cycles import Cycle, Runner, Step, Tally
from services.orchestrator.domain.replies import sentence
from services.orchestrator.parallel import side_by_side
from services.orchestrator.resources import DATABASE_AWAY, CycleInterrupted, Resources
from services.orchestrator.shared_steps import WORK
from services.orchestrator.storage import cycles as storage
from services.orchestrator.storage import snapshots
from shared.errors import Problem
from shared.signals import archive_signals

log = structlog.get_logger()

ARCHIVE_SLACK = timedelta(days=1)  # the clean-up archives by the day; a cycle does it where no clean-up runs


class StepFailed(Exception):
    """A step that all share failed; nothing after it runs."""

    def __init__(self, step: str, error: str) -> None:
        super().__init__(step, error)
        self.step, self.error = step, error


def run_cycle(here: Resources, cycle: Cycle, runners: Sequence[Runner], done: Sequence[Step]) -> dict[str, Any]:
    """The answer. `done` are the steps of an earlier attempt that are not repeated."""
    log.info("cycle_started", attempt=cycle.attempt, portfolios=len(runners))
    finished = [step for step in done if step.portfolio_id is not None]
    shared = {step.step for step in done if step.portfolio_id is None}
    failed_step = error = None
    try:
        for name in domain.steps_to_do(cycle.asked, shared):
            _run_step(here, cycle, name, WORK[name])
        finished += _run_portfolios(here, cycle, runners, finished)
        if domain.LAST not in shared:
            _run_step(here, cycle, domain.LAST, lambda here: _archive(here, cycle))
    except StepFailed as failure:
        failed_step, error = failure.step, failure.error
    results = domain.results_of(finished, {runner.portfolio_id: runner for runner in runners})
    return _ended(here, cycle, results, failed_step, error)


def _run_step(here: Resources, cycle: Cycle, name: str, work: Callable[[Resources], Mapping[str, Any]]) -> None:
    """A step that all share, with its row from the beginning."""
    if here.stopping.is_set():
        raise CycleInterrupted(cycle_id=cycle.cycle_id)
    began, started_at = perf_counter(), here.clock()
    _write(here, cycle, Step(name, None, "running", started_at, None))
    try:
        counts = work(here)
    except Problem as error:
        if here.stopping.is_set():
            raise CycleInterrupted(cycle_id=cycle.cycle_id) from error
        why = sentence(error.detail)
        log.warning("step_failed", step=name, error=why)
        _write(here, cycle, Step(name, None, "failed", started_at, here.clock(), {}, why))
        raise StepFailed(name, why) from error
    metrics.STEP_SECONDS.labels(name).observe(perf_counter() - began)
    _write(here, cycle, Step(name, None, "done", started_at, here.clock(), counts))


def _write(here: Resources, cycle: Cycle, step: Step) -> None:
    with here.database.transaction() as connection:
        storage.write_steps(connection, cycle, [step], Tally(), here.clock())


def _run_portfolios(here: Resources, cycle: Cycle, runners: Sequence[Runner], finished: Sequence[Step]) -> list[Step]:
    known = {step.portfolio_id for step in finished}
    chunks = domain.chunks_of([runner for runner in runners if runner.portfolio_id not in known], CHUNK)
    steps = side_by_side(
        lambda chunk: run_chunk(here, cycle, chunk),
        chunks,
        here.settings.cycle_parallel,
        (storage.CycleTaken, CycleInterrupted, *DATABASE_AWAY),
    )
    return [step for part in steps for step in part]


def _archive(here: Resources, cycle: Cycle) -> dict[str, Any]:
    now = here.clock()
    before = now - timedelta(days=here.settings.signal_archive_days)
    with here.database.transaction() as connection:
        stood_by = snapshots.take_the_rest(connection, cycle.cycle_id, now) if cycle.asked.kind == "all" else 0
        oldest = storage.oldest_signal_at(connection)
        due = oldest is not None and oldest < before - ARCHIVE_SLACK
        archived = archive_signals(connection, before, now) if due else 0
    return {"signals_archived": archived, "portfolios_stood_by": stood_by}


def _ended(
    here: Resources, cycle: Cycle, results: list[dict[str, Any]], failed_step: str | None, error: str | None
) -> dict[str, Any]:
    failed = sum(result["error"] is not None for result in results)
    status = domain.ending_of(Tally(len(results) - failed, failed), failed_step)
    if status == "failed" and failed_step is None:
        failed_step, error = domain.PORTFOLIOS, domain.first_error(results)
    now = here.clock()
    answer = domain.answer_of(
        cycle.cycle_id,
        status,
        results,
        failed_step=failed_step,
        error=error,
        started_at=cycle.started_at,
        finished_at=now,
    )
    with here.database.transaction() as connection:
        storage.end_cycle(connection, cycle, status, failed_step, error, answer, now)
    metrics.CYCLES.labels(status).inc()
    log.info("cycle_ended", status=status, portfolios=len(results), failed=failed, failed_step=failed_step)
    return answer
