"""What readers ask of the orchestrator: cycles, the state of everything, the schedule, performance and curves."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import jiter

from services.orchestrator import checks
from services.orchestrator.cycles import CycleNotFound
from services.orchestrator.domain import figures
from services.orchestrator.domain.cycles import results_of
from services.orchestrator.domain.schedule import DAY, HOUR, WEEK, next_time
from services.orchestrator.resources import Resources
from services.orchestrator.storage import cycles, jobs, performance, reading
from shared.errors import NotFound

Period = Literal["1h", "6h", "1d", "1w", "all"]

PERIODS: dict[Period, timedelta | None] = {"1h": HOUR, "6h": 6 * HOUR, "1d": DAY, "1w": WEEK, "all": None}
LAST_CYCLES = 5
BREAKERS_MAX = 100


class PortfolioNotFound(NotFound):
    """There is no portfolio {portfolio_id}; GET /trading/portfolio-summary lists those that are."""


def cycle_in_full(here: Resources, cycle_id: UUID) -> dict[str, Any]:
    """The cycle, its steps and what became of each portfolio."""
    with here.database.transaction() as connection:
        cycles.bury_dead(connection, here.clock())
        shown = reading.cycle_shown(connection, cycle_id)
        row = cycles.cycle_row(connection, cycle_id)
        if shown is None or row is None:
            raise CycleNotFound(cycle_id=cycle_id)
        groups = reading.step_groups(connection, cycle_id)
        steps = cycles.steps_of(connection, cycle_id)
        runners = cycles.runners_named(connection, row["portfolio_ids"])
    return {
        **shown,
        "progress": progress_of(shown, groups),
        "steps": [_group(group) for group in groups],
        "results": results_of(steps, {runner.portfolio_id: runner for runner in runners}),
    }


def cycle_progress(here: Resources, cycle_id: UUID) -> dict[str, Any]:
    """What moves while a cycle runs."""
    with here.database.transaction() as connection:
        cycles.bury_dead(connection, here.clock())
        shown = reading.cycle_shown(connection, cycle_id)
        if shown is None:
            raise CycleNotFound(cycle_id=cycle_id)
        groups = reading.step_groups(connection, cycle_id)
    told = ("cycle_id", "status", "signals_generated", "trades_executed", "failed_step", "error")
    return {**{name: shown[name] for name in told}, **progress_of(shown, groups)}


def progress_of(cycle: dict[str, Any], groups: list[dict[str, Any]]) -> dict[str, Any]:
    running = [group["step"] for group in groups if group["status"] == "running"]
    shared_done = [group["step"] for group in groups if group["portfolios"] is None and group["status"] == "done"]
    step = running[0] if running else None
    if step is None and cycle["status"] == "running":
        step = "portfolios" if shared_done else "beginning"
    return {
        "step": step,
        "portfolios": cycle["portfolios"],
        "portfolios_done": cycle["portfolios_done"],
        "portfolios_failed": cycle["portfolios_failed"],
    }


def _group(group: dict[str, Any]) -> dict[str, Any]:
    counts = jiter.from_json(group["counts"].encode(), float_mode="decimal") if group["counts"] else None
    shown = {name: group[name] for name in ("step", "status", "started_at", "finished_at", "error")}
    if group["portfolios"] is None:
        return {**shown, "counts": counts}
    return {**shown, "portfolios": group["portfolios"], "failed": group["failed"]}


def status(here: Resources) -> dict[str, Any]:
    """Everything at a glance; the services are asked now."""
    services = checks.services_now(here)
    now = here.clock()
    with here.database.transaction() as connection:
        cycles.bury_dead(connection, now)
        moments = reading.data_moments(connection)
        running = reading.newest_cycles(connection, 1, running=True)
        last = reading.newest_cycles(connection, LAST_CYCLES, running=False)
        breakers = reading.open_breakers(connection, BREAKERS_MAX)
        audit = next((row for row in jobs.health_rows(connection) if row["component"] == "audit"), None)
        lines = schedule_lines(here, jobs.last_runs(connection), now)
    healthy = all(each["status"] == "healthy" for each in services)
    sound = audit is None or audit["status"] == "healthy"
    ages = checks.age_seconds(moments, now)
    return {
        "status": "healthy" if healthy and sound else "degraded",
        "services": services,
        "data": {what: {"at": moment, "age_seconds": ages[what]} for what, moment in moments.items()},
        "audit": audit,
        "breakers": breakers,
        "running": running[0] if running else None,
        "last": last,
        "schedule": {"enabled": here.settings.schedule_enabled, "jobs": lines},
    }


def schedule_lines(here: Resources, last: dict[str, dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The schedule with what each job did last, and when it comes next where the schedule is on."""
    lines = []
    for job in here.schedule:
        row = last.get(job.name) or {}
        coming = next_time(row.get("started_at"), now, job.every, job.at) if here.settings.schedule_enabled else None
        lines.append(
            {
                "job": job.name,
                "does": job.does,
                "every_seconds": int(job.every.total_seconds()),
                "at_seconds": int(job.at.total_seconds()),
                "calls": f"POST {job.service} {job.path}",
                "status": row.get("status"),
                "started_at": row.get("started_at"),
                "finished_at": row.get("finished_at"),
                "note": row.get("note"),
                "error": row.get("error"),
                "runs": row.get("runs", 0),
                "next_at": coming,
            }
        )
    return lines


def schedule(here: Resources) -> dict[str, Any]:
    now = here.clock()
    with here.database.connection() as connection:
        lines = schedule_lines(here, jobs.last_runs(connection), now)
    leading = here.scheduler.facts()["leading"] if here.scheduler else False
    return {"enabled": here.settings.schedule_enabled, "leading": leading, "jobs": lines}


def performance_of(here: Resources, portfolio_id: int) -> dict[str, Any]:
    with here.database.connection() as connection:
        facts = performance.portfolio_facts(connection, portfolio_id)
        if facts is None:
            raise PortfolioNotFound(portfolio_id=portfolio_id)
        finished = performance.finished_positions(connection, portfolio_id)
        curve = performance.curve(connection, portfolio_id, facts.initial_balance)
        days = performance.day_ends(connection, portfolio_id)
    return figures.performance(facts, finished, curve, days)


def history_body(here: Resources, portfolio_id: int, period: Period, points: int) -> bytes:
    span = PERIODS[period]
    since = None if span is None else here.clock() - span
    with here.database.connection() as connection:
        known = performance.portfolio_named(connection, portfolio_id)
        if known is None:
            raise PortfolioNotFound(portfolio_id=portfolio_id)
        rows = performance.thinned_curve(connection, portfolio_id, since, points)
    return b'{"portfolio_id":%d,"period":"%s","points":%s}' % (portfolio_id, period.encode(), rows)
