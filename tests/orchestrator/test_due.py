"""When a portfolio and a job are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.schedule import DAY, HOUR, MINUTE, is_due, next_time, portfolio_is_due, slot
from tests.orchestrator.conftest import NOON

MOMENTS = st.integers(0, 10**9).map(lambda seconds: NOON + timedelta(seconds=seconds))
SPANS = st.sampled_from([MINUTE, 5 * MINUTE, HOUR, DAY, 7 * DAY])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "last", "now", "due"),
    [
        ("every_cycle", "2026-11-21 12:00:00", "2026-11-21 12:00:01", True),
        ("hourly", "2026-11-21 11:59:59", "2026-11-21 12:00:00", True),
        ("hourly", "2026-11-21 12:00:00", "2026-11-21 12:59:59", False),
        ("hourly", "2026-11-21 12:03:10", "2026-11-21 13:00:00", True),
        ("daily", "2026-11-21 00:00:05", "2026-11-21 23:59:59", False),
        ("daily", "2026-11-20 23:59:59", "2026-11-21 00:00:00", True),
        ("weekly", "2026-11-16 00:00:00", "2026-11-22 23:59:59", False),  # Monday to Sunday
        ("weekly", "2026-11-22 23:00:00", "2026-11-23 00:00:00", True),
        # a clock that went back: a little is waited for, more than a period says nothing
        ("hourly", "2026-11-21 12:00:00", "2026-11-21 11:30:00", False),
        ("hourly", "2026-11-21 12:00:00", "2026-11-21 10:59:00", True),
        ("daily", "2036-11-21 12:00:00", "2026-11-21 12:00:00", True),
    ],
)
def test_a_portfolio_is_due_once_in_each_hour_day_or_week(frequency: str, last: str, now: str, due: bool) -> None:
    assert portfolio_is_due(frequency, at(last), at(now)) is due


def test_who_never_ran_is_due() -> None:
    assert portfolio_is_due("weekly", None, NOON)


@given(MOMENTS, SPANS, st.integers(0, 10_000))
def test_a_job_that_ran_at_its_next_time_is_not_due_again_before_the_following(
    last: datetime, every: timedelta, seconds: int
) -> None:
    due_at = next_time(last, last, every)

    assert last < due_at <= last + every
    assert is_due(last, due_at, every)
    assert not is_due(last, due_at - timedelta(microseconds=1), every)
    later = due_at + timedelta(seconds=seconds)
    assert is_due(due_at, later, every) == (slot(later, every) > slot(due_at, every))


@given(MOMENTS, SPANS, st.lists(st.integers(-100_000, 100_000), max_size=30))
def test_whatever_the_clock_does_a_job_never_waits_longer_than_two_periods(
    start: datetime, every: timedelta, jumps: list[int]
) -> None:
    last = now = start
    for jump in jumps:
        now += timedelta(seconds=jump)
        if is_due(last, now, every):
            last = now

    assert is_due(last, now + 2 * every, every)
