"""The thread that runs the schedule, on the one replica that leads."""

from contextvars import Context
from datetime import datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import structlog

from services.orchestrator.domain.schedule import Job, is_due
from services.orchestrator.jobs import run_job
from services.orchestrator.resources import DATABASE_AWAY, Resources
from services.orchestrator.storage import jobs
from services.orchestrator.storage.jobs import Leadership

log = structlog.get_logger()

LOCK = "schedule"
LOOK_SECONDS = 1.0
AWAY_SECONDS = 3.0  # between two looks while the database is away


class Scheduler:
    """Looks once a second what is due. Each job has a thread while it runs, so that a long one holds up no other."""

    def __init__(self, here: Resources) -> None:
        self.here = here
        self.leadership = Leadership(here.database, LOCK)
        self.leading = False
        self.running: dict[str, Thread] = {}
        self.stopped = Event()
        self.thread = Thread(target=Context().run, args=(self._look_on,), name="schedule", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join(LOOK_SECONDS)
        self.leadership.release()
        self.leading = False

    def facts(self) -> dict[str, Any]:
        return {"enabled": True, "leading": self.leading}

    def look(self) -> list[str]:
        """Starts what is due, and answers its names."""
        if not self.leadership.held():
            self.leading = False
            return []
        now = self.here.clock()
        if not self.leading:
            self._take_over(now)
        with self.here.database.connection() as connection:
            last = jobs.last_runs(connection)
        self.running = {name: thread for name, thread in self.running.items() if thread.is_alive()}
        due = [job for job in self.here.schedule if job.name not in self.running and _is_due(job, last, now)]
        for job in due:
            self._begin(job)
        return [job.name for job in due]

    def _take_over(self, now: datetime) -> None:
        with self.here.database.transaction() as connection:
            jobs.bury_jobs(connection, now, [name for name, thread in self.running.items() if thread.is_alive()])
        self.leading = True
        log.info("schedule_taken_over")

    def _begin(self, job: Job) -> None:
        thread = Thread(target=Context().run, args=(self._run, job), name=f"job-{job.name}", daemon=True)
        self.running[job.name] = thread
        thread.start()

    def _run(self, job: Job) -> None:
        structlog.contextvars.bind_contextvars(run_id=uuid4().hex)
        run_job(self.here, job)

    def _look_on(self) -> None:
        """The wall around the schedule: whatever one look meets, the next one follows."""
        pause = LOOK_SECONDS
        while not self.stopped.wait(pause):
            pause = LOOK_SECONDS
            try:
                self.look()
            except DATABASE_AWAY as error:
                pause = AWAY_SECONDS
                log.warning("schedule_waits_for_database", error=str(error).splitlines()[0])
            except Exception:
                log.exception("schedule_stumbled")


def _is_due(job: Job, last: dict[str, dict[str, Any]], now: datetime) -> bool:
    row = last.get(job.name)
    return is_due(row["started_at"] if row else None, now, job.every, job.at)
