"""What the orchestrator measures when Prometheus asks: the last cycle and the age of what is stored."""

from services.orchestrator import metrics
from services.orchestrator.checks import age_seconds
from services.orchestrator.resources import Resources
from services.orchestrator.storage import measures, reading

ENDINGS = ("success", "partial", "failed", "interrupted")


def measure(here: Resources) -> None:
    """A series that begins at nought counts its first event; who has not ended a cycle yet has no moment to tell."""
    for status in ENDINGS:
        metrics.CYCLES.labels(status)
    for outcome in ("done", "failed"):
        metrics.PORTFOLIOS.labels(outcome)
    for job in here.schedule:
        metrics.JOBS.labels(job.name, "failed")
    metrics.CYCLE_EVERY.labels("all").set(here.settings.cycle_every_seconds)
    with here.database.connection() as connection:
        ended_at = measures.last_cycle_end(connection)
        ages = age_seconds(reading.data_moments(connection), here.clock())
    metrics.CYCLE_ENDED.clear()
    if ended_at is not None:
        metrics.CYCLE_ENDED.labels("all").set(ended_at.timestamp())
    metrics.DATA_AGE.clear()
    for what, seconds in ages.items():
        if seconds is not None:
            metrics.DATA_AGE.labels(what).set(seconds)
