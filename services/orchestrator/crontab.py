"""The schedule as a crontab with curl lines: `python -m services.orchestrator.crontab`."""

import sys
from collections.abc import Iterator
from datetime import timedelta

from services.orchestrator.domain.schedule import DAY, HOUR, MINUTE, TRADING_CYCLE, WEEK, Job, schedule_of
from services.orchestrator.resources import Settings
from shared import topology
from shared.settings import ServiceSettings, SettingsError, settings_of

LONG_SECONDS = 3_600  # a cycle collects first
SHORT_SECONDS = 600
LONG_JOBS = (TRADING_CYCLE, "full_sync")
ADDRESSES = {service.name: service for service in (topology.ORCHESTRATOR, topology.PAPER_TRADING, topology.ARENA)}


class CronSettings(ServiceSettings):
    """Of the orchestrator's settings, the one that the schedule depends on."""

    cycle_every_seconds: int = Settings.model_fields["cycle_every_seconds"].default


def crontab(cycle_every: timedelta) -> Iterator[str]:
    yield "# The schedule of Coliseum for cron, for installations that set SCHEDULE_ENABLED=false."
    yield "# Times are UTC. COLISEUM_TOKEN, when it is set in cron's environment, is sent as the bearer token."
    yield "CRON_TZ=UTC"
    for job in schedule_of(cycle_every):
        when, exact = times_of(job)
        yield ""
        yield f"# {job.name}: {job.does}"
        if not exact:
            yield f"# Every {int(job.every.total_seconds())} s cannot be said in a crontab; this comes nearest."
        yield f"{when} {_curl(job)}"


def times_of(job: Job) -> tuple[str, bool]:
    """The five fields, and whether they say exactly what the schedule says."""
    minutes = max(1, job.every // MINUTE)
    at_hours, at_minutes = divmod(job.at // MINUTE, 60)
    if job.every == WEEK:
        return f"{at_minutes} {at_hours} * * 1", True
    if job.every >= DAY:
        return f"{at_minutes} {at_hours} * * *", job.every == DAY
    if minutes >= 60:
        hours = _largest_divisor(24, job.every // HOUR)
        return f"{at_minutes} {'*' if hours == 1 else f'*/{hours}'} * * *", job.every == hours * HOUR
    step = _largest_divisor(60, minutes)
    return f"{'*' if step == 1 else f'*/{step}'} * * * *", job.every == step * MINUTE


def _largest_divisor(whole: int, most: int) -> int:
    return max(part for part in range(1, most + 1) if whole % part == 0)


def _curl(job: Job) -> str:
    seconds = LONG_SECONDS if job.name in LONG_JOBS else SHORT_SECONDS
    address = topology.url_of(ADDRESSES[job.service]) + job.path
    token = '${COLISEUM_TOKEN:+--header "Authorization: Bearer $COLISEUM_TOKEN"}'
    return (
        f"curl --silent --show-error --fail --output /dev/null --max-time {seconds} {token} --request POST '{address}'"
    )


def main() -> int:
    try:
        settings = settings_of(CronSettings)
    except SettingsError as error:
        sys.stderr.write(f"coliseum: {error}\n")
        return 2
    sys.stdout.write("\n".join([*crontab(timedelta(seconds=settings.cycle_every_seconds)), ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
