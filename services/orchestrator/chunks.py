"""A group of portfolios of one strategy type: signals, execution, snapshots; one that fails fails alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from time import perf_counter

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from services.orchestrator import metrics
from services.orchestrator.clients import NoController, again_where_lost
from services.orchestrator.domain.cycles import Cycle, Runner, Step, StepStatus, Tally, tally_of
from services.orchestrator.domain.replies import Reply, sentence
from services.orchestrator.resources import CycleInterrupted, Resources
from services.orchestrator.storage.cycles import acted_on, write_steps
from services.orchestrator.storage.snapshots import take_snapshots
from shared.calls import ServiceUnreachable
from shared.errors import Problem

log = structlog.get_logger()

CHUNK = 50
BREATH_SECONDS = 1.0  # before a group is asked for one by one: a service that starts again is back
LOST_MAX = 2  # portfolios in a row whose calls do not get through, after which the others are not tried

Ask = Callable[[Sequence[int]], Mapping[int, Reply]]


def run_chunk(here: Resources, cycle: Cycle, chunk: Sequence[Runner]) -> list[Step]:
    """What was done, as it was written."""
    if here.stopping.is_set():
        raise CycleInterrupted(cycle_id=cycle.cycle_id)
    ids = [runner.portfolio_id for runner in chunk]
    strategy_type = chunk[0].strategy_type
    signals, _ = _asked(here, "signals", ids, lambda some: here.services.signals(strategy_type, some, cycle.cycle_id))
    if here.stopping.is_set():
        raise CycleInterrupted(cycle_id=cycle.cycle_id)
    ready = [step.portfolio_id for step in signals if step.portfolio_id is not None and step.error is None]
    executed, repeated = _asked(here, "execute", ready, lambda some: here.services.execute(some, cycle.cycle_id))
    steps, tally = _written(here, cycle, ids, [*signals, *executed], tell_all=repeated or cycle.resumed)
    metrics.PORTFOLIOS.labels("done").inc(tally.done)
    metrics.PORTFOLIOS.labels("failed").inc(tally.failed)
    return steps


def _asked(here: Resources, step: str, ids: Sequence[int], ask: Ask) -> tuple[list[Step], bool]:
    """A step for each portfolio, and whether some had to be asked for again."""
    if not ids:
        return [], False
    began, started_at = perf_counter(), here.clock()
    again = False
    try:
        replies = ask(ids)
    except NoController as error:
        replies = dict.fromkeys(ids, Reply({}, sentence(error.detail)))
    except Problem as error:
        log.warning("group_failed", step=step, portfolios=len(ids), error=error.detail)
        replies, again = _one_by_one(here, ids, ask), True
    metrics.STEP_SECONDS.labels(step).observe(perf_counter() - began)
    finished_at = here.clock()
    return [_step(step, portfolio_id, replies[portfolio_id], started_at, finished_at) for portfolio_id in ids], again


def _one_by_one(here: Resources, ids: Sequence[int], ask: Ask) -> dict[int, Reply]:
    """Once more for each, so that the one whose fault it was fails alone."""
    here.stopping.wait(BREATH_SECONDS)
    replies: dict[int, Reply] = {}
    lost = 0
    why = ""
    for portfolio_id in ids:
        if lost >= LOST_MAX or here.stopping.is_set():
            replies[portfolio_id] = Reply({}, why)
            continue
        try:
            replies |= again_where_lost(partial(ask, [portfolio_id]))
            lost = 0
        except Problem as error:
            why = sentence(error.detail)
            lost = lost + 1 if isinstance(error, ServiceUnreachable) else 0
            log.warning("portfolio_failed", portfolio_id=portfolio_id, error=why)
            replies[portfolio_id] = Reply({}, why)
    return replies


def _step(step: str, portfolio_id: int, reply: Reply, started_at: datetime, finished_at: datetime) -> Step:
    status: StepStatus = "done" if reply.error is None else "failed"
    return Step(step, portfolio_id, status, started_at, finished_at, reply.counts, reply.error)


def _written(
    here: Resources, cycle: Cycle, ids: Sequence[int], steps: Sequence[Step], *, tell_all: bool
) -> tuple[list[Step], Tally]:
    """Snapshots and steps of these portfolios in one transaction. What Postgres refuses is found by halving."""
    ran = [step.portfolio_id for step in steps if step.step == "execute" and step.portfolio_id and step.error is None]
    now = here.clock()
    try:
        with here.database.transaction() as connection:
            if tell_all:
                steps = _told(steps, acted_on(connection, cycle.cycle_id, ids))
            taken = take_snapshots(connection, cycle.cycle_id, ids, ran, now)
            whole = [*steps, *_snapshots(here, ids, taken, now)]
            tally = tally_of(whole)
            write_steps(connection, cycle, whole, tally, now)
    except (DataError, IntegrityError) as error:
        if len(ids) == 1:
            return _refused(here, cycle, ids[0], steps, sentence(error.orig))
        middle = len(ids) // 2
        halves = [
            _written(here, cycle, half, [step for step in steps if step.portfolio_id in set(half)], tell_all=tell_all)
            for half in (ids[:middle], ids[middle:])
        ]
        return [step for part, _ in halves for step in part], halves[0][1] + halves[1][1]
    return whole, tally


def _refused(
    here: Resources, cycle: Cycle, portfolio_id: int, steps: Iterable[Step], why: str
) -> tuple[list[Step], Tally]:
    log.warning("snapshot_refused", portfolio_id=portfolio_id, error=why)
    now = here.clock()
    whole = [*steps, Step("snapshot", portfolio_id, "failed", now, now, {}, why)]
    tally = tally_of(whole)
    with here.database.transaction() as connection:
        write_steps(connection, cycle, whole, tally, now)
    return whole, tally


def _snapshots(
    here: Resources, ids: Sequence[int], taken: Mapping[int, tuple[Decimal, Decimal]], started_at: datetime
) -> list[Step]:
    finished_at = here.clock()
    return [
        Step(
            "snapshot", portfolio_id, "done", started_at, finished_at, {"new_balance": known[0], "total_pnl": known[1]}
        )
        if (known := taken.get(portfolio_id))
        else Step(
            "snapshot", portfolio_id, "failed", started_at, finished_at, {}, "the portfolio is not there any more"
        )
        for portfolio_id in ids
    ]


def _told(steps: Iterable[Step], acted: Mapping[int, Mapping[str, int]]) -> list[Step]:
    """A call that is made again says what it did this time; the decisions say what was done in this cycle."""
    return [
        replace(step, counts={**step.counts, **acted.get(step.portfolio_id or 0, {})})
        if step.step == "execute" and step.error is None
        else step
        for step in steps
    ]
