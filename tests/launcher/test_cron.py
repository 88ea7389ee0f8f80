"""The schedule kept from outside: the same lines, in the same periods, each once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator import examples
from services.orchestrator.domain.schedule import Job, schedule_of, slot
from shared import topology
from shared.launcher.cron import Cron, Line, lines_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
JOBS = schedule_of(timedelta(minutes=5))


def line(job: Job) -> Line:
    every, at = int(job.every.total_seconds()), int(job.at.total_seconds())
    return Line(job.name, job.service, job.path, every, at)


EVERY_MINUTE = Line("minute", "orchestrator", "/trading/schedule/minute", 60, 0)
DAILY = Line("daily", "orchestrator", "/trading/schedule/daily", 86_400, 3 * 3_600)


def test_lines_are_read_as_the_orchestrator_shows_them() -> None:
    [read] = lines_of(examples.SCHEDULE)

    assert read == Line("settlements", "paper_trading", "/paper-trading/settle", 300, 0)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_line_calls_a_service_that_there_is(job: Job) -> None:
    assert job.service in {service.name for service in topology.SERVICES}
    assert job.path.startswith("/")


@given(
    seconds=st.integers(min_value=0, max_value=6 * 366 * 86_400),
    job=st.sampled_from(JOBS),
)
def test_periods_are_those_of_the_orchestrator(seconds: int, job: Job) -> None:
    at = NOON + timedelta(seconds=seconds)

    assert line(job).slot(at) == slot(at, job.every, job.at)


def test_each_line_is_called_once_in_each_of_its_periods() -> None:
    cron = Cron(lambda _: None)
    looks = [cron.look([EVERY_MINUTE, DAILY], NOON + timedelta(seconds=second)) for second in range(0, 180, 20)]
    cron.threads.shutdown()
    at_three = Cron(lambda _: None)
    at_three.look([DAILY], NOON)

    assert looks == [["minute", "daily"], [], [], ["minute"], [], [], ["minute"], [], []]
    assert at_three.look([DAILY], NOON.replace(hour=23)) == []
    assert at_three.look([DAILY], NOON.replace(hour=3) + timedelta(days=1)) == ["daily"]


def test_a_call_that_still_runs_is_waited_for_and_holds_up_no_other() -> None:
    done = threading.Event()

    def call(line: Line) -> None:
        if line is EVERY_MINUTE:
            done.wait(10)

    cron = Cron(call)
    cron.look([EVERY_MINUTE], NOON)

    while_running = cron.look([EVERY_MINUTE, DAILY], NOON + timedelta(minutes=1))
    done.set()
    cron.running["minute"].result(10)
    afterwards = cron.look([EVERY_MINUTE, DAILY], NOON + timedelta(minutes=1, seconds=5))

    assert while_running == ["daily"]
    assert afterwards == ["minute"]
