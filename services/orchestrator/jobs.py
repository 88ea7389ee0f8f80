"""What each line of the schedule does, and the row that says how it went."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.orchestrator import checks, metrics
from services.orchestrator.cycles import CycleRunning, Stored, start_cycle, wait_for
from services.orchestrator.domain.cycles import Asked
from services.orchestrator.domain.replies import sentence
from services.orchestrator.domain.schedule import HOUR, MINUTE, TRADING_CYCLE, Job, job_named
from services.orchestrator.resources import DATABASE_AWAY, Resources
from services.orchestrator.shared_steps import collect
from services.orchestrator.storage import jobs, reading, snapshots
from services.orchestrator.storage.cycles import bury_dead
from shared.calls import ServiceRefused, ServiceUnreachable
from shared.errors import Conflict, Problem
from shared.feed import forget_entries
from shared.signals import archive_signals

log = structlog.get_logger()

PRICES_SLACK = timedelta(seconds=30)  # beyond the pause of paper trading's own updater, before we do its work
CANDLES_AGE_MAX = 5 * MINUTE
SYNC_AGE_MAX = 15 * MINUTE
POINTS_KEPT = timedelta(days=7)  # one a cycle; older ones are thinned to one an hour
HELD_MAX = 5_000  # markets in one refresh
NOT_THERE = ("ConnectionError", "ConnectTimeout")  # in which ways a service is not running


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was nothing to do, and why."""

    why: str


class CycleFailed(Problem):
    """{why}"""


Outcome = str | Skipped


def run_job(here: Resources, job: Job) -> dict[str, Any]:
    """The wall around a job: one that fails is a row with its error, and the others go on."""
    started_at = here.clock()
    status, note, error = "done", None, None
    try:
        with here.database.transaction() as connection:
            jobs.begin_job(connection, job.name, started_at)
        outcome = WORK[job.name](here)
        status, note = ("skipped", outcome.why) if isinstance(outcome, Skipped) else ("done", outcome)
    except Problem as problem:
        status, error = "failed", sentence(problem.detail)
        log.warning("job_failed", job=job.name, error=error)
    except Exception as failure:
        status, error = "failed", sentence(f"{type(failure).__name__}: {failure}")
        log.exception("job_broke", job=job.name)
    metrics.JOBS.labels(job.name, status).inc()
    _record_end(here, job, status, note, error)
    return {"job": job.name, "status": status, "note": note, "error": error, "started_at": started_at}


def _record_end(here: Resources, job: Job, status: str, note: str | None, error: str | None) -> None:
    try:
        with here.database.transaction() as connection:
            jobs.end_job(connection, job.name, status, note, error, here.clock())
    except DATABASE_AWAY as away:
        log.warning("job_end_not_written", job=job.name, error=str(away).splitlines()[0])


def run_due_portfolios(here: Resources) -> Outcome:
    try:
        run = start_cycle(here, Asked(due_only=True), "schedule")
    except CycleRunning as running:
        return Skipped(f"the cycle {running.facts['cycle_id']} is running")
    assert not isinstance(run, Stored)  # only a key can have been used before
    answer = wait_for(here, run)
    if answer["status"] == "failed":
        raise CycleFailed(why=f"cycle {answer['cycle_id']}: {answer['failed_step']}: {answer['error']}")
    return f"cycle {answer['cycle_id']}: {answer['status']}, {answer['portfolios_processed']} portfolios"


def update_prices(here: Resources) -> Outcome:
    """A watchdog over the updater thread of paper trading."""
    if not here.settings.price_update_seconds:
        return Skipped("prices are updated only when asked: PRICE_UPDATE_SECONDS=0")
    age_max = timedelta(seconds=here.settings.price_update_seconds) + PRICES_SLACK
    with here.database.connection() as connection:
        marked_at = reading.data_moments(connection)["prices"]
    if marked_at is None:
        return Skipped("nothing is held")
    if (age := _age(here.clock(), marked_at)) < age_max:
        return Skipped(f"the last marks are {age.seconds} s old")
    here.services.update_prices()
    return "open positions were marked"


def settle(here: Resources) -> Outcome:
    answer = here.services.settle()
    paid = answer.get("positions_settled") if isinstance(answer, dict) else None
    return f"{paid if isinstance(paid, int) else 'unknown'} positions were settled"


def roll_prices(here: Resources) -> Outcome:
    """Markets rolls quotes into candles with each sync and refresh; this one is for the times between."""
    with here.database.connection() as connection:
        rolled_at, held = reading.candles_rolled_at(connection), reading.held_market_ids(connection, HELD_MAX)
    if not held:
        return Skipped("nothing is held, so no quotes have come in since the last sync rolled them")
    if rolled_at is not None and (age := _age(here.clock(), rolled_at)) < CANDLES_AGE_MAX:
        return Skipped(f"candles were rolled {age.seconds} s ago")
    here.services.refresh_prices(held)
    return f"quotes of {len(held)} held markets were read and rolled"


def sync_all(here: Resources) -> Outcome:
    with here.database.connection() as connection:
        moments = reading.data_moments(connection)
    now = here.clock()
    old = [
        entity
        for entity in ("events", "markets")
        if (synced_at := moments[entity]) is None or _age(now, synced_at) >= SYNC_AGE_MAX
    ]
    if not old:
        return Skipped("events and markets were collected within the last 15 minutes")
    done = {entity: collect(here, entity)["status"] for entity in old}
    return ", ".join(f"{entity}: {status}" for entity, status in done.items())


def clean_up(here: Resources) -> Outcome:
    now = here.clock()
    with here.database.transaction() as connection:
        bury_dead(connection, now)
        points = snapshots.thin_points(connection, now - POINTS_KEPT)
        steps = snapshots.thin_steps(connection, now - POINTS_KEPT)
    with here.database.transaction() as connection:
        before = now - timedelta(days=here.settings.signal_archive_days)
        archived = archive_signals(connection, before, now)
        forgotten = forget_entries(connection, before)
    return (
        f"{points} equity points and {steps} steps were thinned, {archived} signals archived, "
        f"{forgotten} entries of the feed forgotten"
    )


def select_events(here: Resources) -> Outcome:
    return _remind_arena(here, "event_selection", "selected", "events were selected")


def read_arena_prices(here: Resources) -> Outcome:
    with here.database.connection() as connection:
        if not reading.arena_events_open(connection, here.clock())["active"]:
            return Skipped("no event is bet on")
    return _remind_arena(here, "arena_prices", "moved", "prices moved")


def settle_arena_events(here: Resources) -> Outcome:
    with here.database.connection() as connection:
        if not reading.arena_events_open(connection, here.clock())["ending"]:
            return Skipped("no event waits for its end")
    return _remind_arena(here, "arena_settlements", "settled", "events were settled")


def refresh_leaderboard(here: Resources) -> Outcome:
    return _remind_arena(here, "leaderboard", "entrants", "entrants were ranked")


def _remind_arena(here: Resources, name: str, counted: str, what: str) -> Outcome:
    """An arena that is not running is no failure of the schedule: `health_check` tells of it, once for all jobs. One
    that says that it cannot be done now is doing it."""
    job = job_named(here.schedule, name)
    assert job is not None
    try:
        answer = here.services.remind_arena(job.path)
    except ServiceUnreachable as away:
        if away.facts.get("reason") in NOT_THERE:
            return Skipped("the arena is not running")
        raise
    except ServiceRefused as refused:
        if refused.facts.get("status") == Conflict.status:
            return Skipped(sentence(refused.detail))
        raise
    count = answer.get(counted)
    return f"{count if isinstance(count, int) else 'unknown'} {what}"


def _age(now: datetime, moment: datetime) -> timedelta:
    """A moment that is a little ahead of our clock is now; one far ahead says nothing, and counts as old."""
    age = now - moment
    return HOUR if age < -HOUR else max(age, timedelta(0))


WORK: dict[str, Callable[[Resources], Outcome]] = {
    TRADING_CYCLE: run_due_portfolios,
    "reconciliation": checks.reconcile,
    "health_check": checks.check_health,
    "prices": update_prices,
    "settlements": settle,
    "price_history": roll_prices,
    "full_sync": sync_all,
    "clean_up": clean_up,
    "event_selection": select_events,
    "arena_prices": read_arena_prices,
    "arena_settlements": settle_arena_events,
    "leaderboard": refresh_leaderboard,
}
