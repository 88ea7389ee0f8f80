"""The schedule of the orchestrator kept from outside, as cron would keep it: `python -m shared.launcher.cron`."""

# A container for installations that set SCHEDULE_ENABLED=false; the image has no cron, and needs none.

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from shared import topology
from shared.calls import Calls
from shared.errors import Problem
from shared.logs import configure_logs
from shared.settings import ServiceSettings, SettingsError, settings_of

log = structlog.get_logger()

SCHEDULE = "/trading/schedule"
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # periods are counted from here, so that restarts do not move them
LOOK_SECONDS = 1.0
READ_AGAIN_SECONDS = 300.0
ANSWER_SECONDS = 3_600.0  # a cycle collects first, from venues with limits
JOBS_MAX = 32  # at one time


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be called how often: `at` seconds into each period, counted in UTC."""

    name: str
    service: str
    path: str
    every: int
    at: int

    def slot(self, now: datetime) -> int:
        return (int((now - MONDAY).total_seconds()) - self.at) // self.every


def lines_of(schedule: Mapping[str, Any]) -> list[Line]:
    """A job's `calls` reads `POST paper_trading /paper-trading/settle`."""
    lines = []
    for job in schedule["jobs"]:
        _, service, path = job["calls"].split(" ", 2)
        lines.append(Line(job["job"], service, path, int(job["every_seconds"]), int(job["at_seconds"])))
    return lines


class Cron:
    """Calls each line once in each of its periods, and never while its last call still runs."""

    def __init__(self, call: Callable[[Line], None]) -> None:
        self.call = call
        self.called: dict[str, int] = {}
        self.running: dict[str, Future[None]] = {}
        self.threads = ThreadPoolExecutor(JOBS_MAX, thread_name_prefix="cron")

    def look(self, lines: Sequence[Line], now: datetime) -> list[str]:
        """Starts what is due and answers its names. At the start everything is: whoever was away has missed it."""
        due = [line for line in lines if self.called.get(line.name) != line.slot(now) and not self._runs(line)]
        for line in due:
            self.called[line.name] = line.slot(now)
            self.running[line.name] = self.threads.submit(self.call, line)
        return [line.name for line in due]

    def _runs(self, line: Line) -> bool:
        return line.name in self.running and not self.running[line.name].done()


def keep_schedule(settings: ServiceSettings) -> None:
    token = settings.coliseum_token.get_secret_value() if settings.coliseum_token else None
    calls = {service.name: Calls(service.name, topology.url_of(service), token) for service in topology.SERVICES}
    cron = Cron(lambda line: call(calls[line.service], line))
    lines: list[Line] = []
    read_at = float("-inf")
    while True:
        if time.monotonic() - read_at > READ_AGAIN_SECONDS:
            try:
                lines, read_at = lines_of(calls[topology.ORCHESTRATOR.name].get(SCHEDULE)), time.monotonic()
            except Problem as problem:
                log.warning("schedule_not_read", error=problem.detail)
        cron.look(lines, datetime.now(UTC))
        time.sleep(LOOK_SECONDS)


def call(service: Calls, line: Line) -> None:
    began = time.monotonic()
    try:
        answer = service.post(line.path, seconds=ANSWER_SECONDS)
    except Problem as problem:
        log.warning("job_refused", job=line.name, error=problem.detail)
        return
    status = answer.get("status") if isinstance(answer, dict) else None
    log.info("job_called", job=line.name, status=status, seconds=round(time.monotonic() - began, 1))


def main() -> int:
    try:
        settings = settings_of(ServiceSettings)
    except SettingsError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return 2
    configure_logs("cron", settings.log_level)
    keep_schedule(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
