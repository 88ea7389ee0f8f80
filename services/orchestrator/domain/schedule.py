"""The schedule: what runs how often, when it is due, and when it comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # weeks, days, hours and minutes are counted from here
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
NO_DELAY = timedelta(0)

# How often a portfolio runs by its own frequency; `every_cycle` has no period of its own.
FREQUENCIES = {"hourly": HOUR, "daily": DAY, "weekly": WEEK}

TRADING_CYCLE = "trading_cycle"


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the schedule. Periods are counted in UTC from a Monday, so that restarts do not move them."""

    name: str
    every: timedelta
    service: str  # as in `shared/topology.py`; cron asks it there
    path: str
    does: str
    at: timedelta = NO_DELAY  # after the beginning of each period


def schedule_of(cycle_every: timedelta) -> tuple[Job, ...]:
    """All that happens by itself."""
    cycle = Job(
        TRADING_CYCLE,
        cycle_every,
        "orchestrator",
        "/trading/run-all-portfolios?due_only=true",
        "Collects, then runs every portfolio whose own frequency says so.",
    )
    return (cycle, *OTHER_JOBS)


def _own(name: str, every: timedelta, does: str, at: timedelta = NO_DELAY) -> Job:
    return Job(name, every, "orchestrator", f"/trading/schedule/{name}", does, at)


def _arenas(name: str, every: timedelta, path: str, does: str) -> Job:
    """The arena does all this by itself; asked once more, it does only what is left to do."""
    return Job(name, every, "arena", path, does)


OTHER_JOBS = (
    _own(
        "reconciliation",
        MINUTE,
        "Has every sum recomputed from history, and says so loudly when one disagrees.",
    ),
    _own("health_check", MINUTE, "Asks every service whether it can work."),
    _own(
        "prices",
        MINUTE,
        "Marks open positions where paper trading's own updater should have done it and has not.",
    ),
    Job("settlements", 5 * MINUTE, "paper_trading", "/paper-trading/settle", "Pays what the venues have settled."),
    _own(
        "price_history",
        5 * MINUTE,
        "Has quotes of held markets read and rolled into candles, unless that has just happened.",
    ),
    _own("full_sync", 15 * MINUTE, "Collects events and markets, unless somebody else did within that time."),
    _own(
        "clean_up",
        DAY,
        "Thins old equity points to one an hour, old steps to those that failed, and archives signals.",
        at=3 * HOUR,
    ),
    _arenas("event_selection", DAY, "/admin/events/select?due_only=true", "Selects the events of the day."),
    _arenas("arena_prices", 30 * SECOND, "/admin/prices", "Reads the prices of the events that are bet on."),
    _arenas(
        "arena_settlements",
        5 * MINUTE,
        "/admin/settlements",
        "Closes what is due and settles what the venues have.",
    ),
    _arenas("leaderboard", HOUR, "/leaderboard/refresh", "Computes the board, and keeps it for the day."),
)


def job_named(jobs: Sequence[Job], name: str) -> Job | None:
    return next((job for job in jobs if job.name == name), None)


def slot(moment: datetime, every: timedelta, at: timedelta = NO_DELAY) -> int:
    return (moment - MONDAY - at) // every


def is_due(last: datetime | None, now: datetime, every: timedelta, at: timedelta = NO_DELAY) -> bool:
    """Once in each period, in the first moment somebody looks; what was missed is not made up for. Where the clock
    went back by more than a period, the last time says nothing."""
    if last is None or last - now >= every:
        return True
    return slot(now, every, at) > slot(last, every, at)


def next_time(last: datetime | None, now: datetime, every: timedelta, at: timedelta = NO_DELAY) -> datetime:
    if last is None or is_due(last, now, every, at):
        return now
    return MONDAY + at + (slot(last, every, at) + 1) * every


def portfolio_is_due(frequency: str, last: datetime | None, now: datetime) -> bool:
    """In the first cycle of each hour, day or week (UTC, from Monday), or in every one."""
    every = FREQUENCIES.get(frequency)
    return every is None or is_due(last, now, every)
