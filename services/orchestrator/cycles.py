"""One trading cycle at a time: begun or resumed, run step by step, and ended with an honest word."""

from collections.abc import Sequence
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from threading import Thread
from time import monotonic, sleep
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog

from services.orchestrator import metrics
from services.orchestrator.domain import cycles as domain
from services.orchestrator.domain.cycles import Asked, Cycle, Runner, Step
from services.orchestrator.domain.replies import sentence
from services.orchestrator.domain.schedule import portfolio_is_due
from services.orchestrator.pipeline import run_cycle
from services.orchestrator.resources import DATABASE_AWAY, CycleInterrupted, Resources, Run
from services.orchestrator.storage import cycles as storage
from services.orchestrator.storage.cycles import LOCK, CycleTaken
from shared.errors import Conflict, Invalid, NotFound

log = structlog.get_logger()

LOCK_WAIT_SECONDS = 2.0  # for a holder that is just beginning or ending
RESUMABLE = ("failed", "interrupted", "partial")


class CycleRunning(Conflict):
    """A cycle is running already; wait for it or read its progress."""


class CycleNotFound(NotFound):
    """There is no cycle with this id; GET /trading/cycles lists those that are."""


class CycleDone(Conflict):
    """This cycle ended {status}; there is nothing to resume."""


class KeyReused(Invalid):
    """This Idempotency-Key stands for another request; use a new one."""


class PortfoliosNotFound(NotFound):
    """There are no portfolios with these ids: {portfolio_ids}."""


class PortfoliosNotActive(Conflict):
    """These portfolios are paused or closed: {portfolio_ids}."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A cycle that the same key began before."""

    cycle_id: UUID
    status: str
    answer: bytes | None


def start_cycle(
    here: Resources, asked: Asked, started_by: Literal["request", "schedule"], key: str | None = None
) -> Run | Stored:
    """Begins in a thread of its own; or answers what this key began before."""
    if stored := _stored(here, asked, key):
        return stored
    runners = _chosen(here, asked)
    lock = _only_one(here)
    try:
        if stored := _stored(here, asked, key):  # while we waited
            lock.close()
            return stored
        now = here.clock()
        cycle = Cycle(uuid4(), asked, now, tuple(runner.portfolio_id for runner in runners))
        with here.database.transaction() as connection:
            storage.begin_cycle(connection, cycle, started_by, key, now)
    except BaseException:
        lock.close()
        raise
    return _begun(here, cycle, runners, lock, [])


def resume_cycle(here: Resources, cycle_id: UUID) -> Run:
    """Goes on with what was not done. Signals are acted on once, so what was half done may be asked for again."""
    lock = _only_one(here)
    try:
        with here.database.transaction() as connection:
            storage.bury_all(connection, here.clock())
            row = storage.cycle_row(connection, cycle_id)
            if row is None:
                raise CycleNotFound(cycle_id=cycle_id)
            if row["status"] not in RESUMABLE:
                raise CycleDone(cycle_id=cycle_id, status=row["status"])
            cycle = storage.resumed(row)
            steps = storage.steps_of(connection, cycle_id)
            runners = storage.runners_named(connection, cycle.portfolio_ids)
            finished = _finished(steps)
            kept = [step for step in steps if step.status == "done" and step.portfolio_id in (*finished, None)]
            storage.reopen_cycle(connection, cycle, domain.tally_of(kept), here.clock())
    except BaseException:
        lock.close()
        raise
    return _begun(here, cycle, runners, lock, kept)


def wait_for(here: Resources, run: Run) -> dict[str, Any]:
    """The answer of a cycle that this process runs."""
    while not run.ended.wait(0.2):
        if here.leaving.is_set() or here.stopping.is_set():
            raise CycleInterrupted(cycle_id=run.cycle.cycle_id)
    if run.answer is None:
        raise CycleInterrupted(cycle_id=run.cycle.cycle_id)
    return run.answer


def _finished(steps: Sequence[Step]) -> set[int]:
    """Portfolios of which every step is done."""
    done: dict[int, set[str]] = {}
    for step in steps:
        if step.portfolio_id is not None and step.status == "done":
            done.setdefault(step.portfolio_id, set()).add(step.step)
    return {portfolio_id for portfolio_id, names in done.items() if names.issuperset(domain.OF_PORTFOLIO)}


def _stored(here: Resources, asked: Asked, key: str | None) -> Stored | None:
    if key is None:
        return None
    with here.database.transaction() as connection:
        storage.bury_dead(connection, here.clock())
        row = storage.cycle_of_key(connection, key)
    if row is None:
        return None
    if domain.asked_of(row["asked"]) != asked:
        raise KeyReused(cycle_id=row["cycle_id"])
    return Stored(row["cycle_id"], row["status"], row["answer"].encode() if row["answer"] else None)


def _chosen(here: Resources, asked: Asked) -> list[Runner]:
    with here.database.connection() as connection:
        runners = storage.active_runners(connection, asked.portfolio_ids)
        known = storage.statuses(connection, asked.portfolio_ids) if asked.portfolio_ids else {}
    if unknown := [each for each in asked.portfolio_ids or () if each not in known]:
        raise PortfoliosNotFound(portfolio_ids=unknown)
    if idle := [portfolio_id for portfolio_id, status in known.items() if status != "active"]:
        raise PortfoliosNotActive(portfolio_ids=idle)
    if not asked.due_only:
        return runners
    now = here.clock()
    return [runner for runner in runners if portfolio_is_due(runner.frequency, runner.last_run_at, now)]


def _only_one(here: Resources) -> ExitStack:
    """The lock of the one cycle. Its holder may be just beginning or ending, so we look for a moment."""
    deadline = monotonic() + LOCK_WAIT_SECONDS
    while True:
        lock = ExitStack()
        if lock.enter_context(here.database.lock(LOCK)):
            return lock
        lock.close()
        with here.database.connection() as connection:
            cycle_id = storage.running_cycle_id(connection)
        if cycle_id is not None or monotonic() > deadline:
            raise CycleRunning(cycle_id=cycle_id)
        sleep(0.05)


def _begun(here: Resources, cycle: Cycle, runners: Sequence[Runner], lock: ExitStack, done: Sequence[Step]) -> Run:
    run = Run(cycle, lock)
    here.runs[cycle.cycle_id] = run
    target = copy_context()
    Thread(target=target.run, args=(_run, here, run, runners, done), name="trading-cycle", daemon=True).start()
    return run


def _run(here: Resources, run: Run, runners: Sequence[Runner], done: Sequence[Step]) -> None:
    """The wall around a cycle: whatever happens in it, its end is written where that can be done, and the next one
    may begin."""
    cycle_id = run.cycle.cycle_id
    structlog.contextvars.bind_contextvars(cycle_id=str(cycle_id))
    try:
        run.answer = run_cycle(here, run.cycle, runners, done)
    except (CycleTaken, CycleInterrupted):
        log.warning("cycle_stopped")
    except Exception as error:
        log.exception("cycle_broke")
        _give_up(here, cycle_id, sentence(f"{type(error).__name__}: {error}"))
    finally:
        here.runs.pop(cycle_id, None)
        try:
            run.lock.close()
        finally:
            run.ended.set()


def _give_up(here: Resources, cycle_id: UUID, why: str) -> None:
    try:
        with here.database.transaction() as connection:
            storage.interrupt_cycle(connection, cycle_id, here.clock(), why)
    except DATABASE_AWAY:
        log.warning("cycle_left_unmarked")  # who reads it next marks it, because nobody holds its lock
    metrics.CYCLES.labels("interrupted").inc()
