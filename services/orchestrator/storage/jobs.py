"""The schedule's runs, who holds it, and the health of the parts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import InterfaceError, OperationalError

from shared.database import Database
from shared.json_bytes import encoded


class Leadership:
    """A lock of one database session. Who holds it leads until its session ends, however it ends."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self.session: Connection | None = None

    def held(self) -> bool:
        """Whether we lead now; tries to when we do not. Raises what the database says when it is away."""
        if self.session is not None:
            try:
                self.session.execute(text("SELECT 1"))
                return True
            except (OperationalError, InterfaceError):
                self._forget()
        session = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = False
        try:
            query = text("SELECT pg_try_advisory_lock(hashtext(:name))")
            taken = bool(session.execute(query, {"name": self.name}).scalar_one())
        finally:
            if not taken:
                session.close()
        self.session = session if taken else None
        return taken

    def release(self) -> None:
        self._forget()

    def _forget(self) -> None:
        """Ends the session itself, and the lock with it."""
        if self.session is not None:
            session, self.session = self.session, None
            session.invalidate()
            session.close()


def last_runs(connection: Connection) -> dict[str, dict[str, Any]]:
    query = "SELECT job, started_at, finished_at, status, note, error, runs FROM scheduled_jobs"
    return {row["job"]: dict(row) for row in connection.execute(text(query)).mappings()}


def begin_job(connection: Connection, job: str, now: datetime) -> None:
    query = """
        INSERT INTO scheduled_jobs (job, started_at, status, runs) VALUES (:job, :now, 'running', 1)
        ON CONFLICT (job) DO UPDATE SET started_at = :now, finished_at = NULL, status = 'running', note = NULL,
            error = NULL, runs = scheduled_jobs.runs + 1
    """
    connection.execute(text(query), {"job": job, "now": now})


def end_job(connection: Connection, job: str, status: str, note: str | None, error: str | None, now: datetime) -> None:
    query = """
        UPDATE scheduled_jobs SET finished_at = :now, status = :status, note = :note, error = :error WHERE job = :job
    """
    connection.execute(text(query), {"job": job, "status": status, "note": note, "error": error, "now": now})


def bury_jobs(connection: Connection, now: datetime, ours: Sequence[str]) -> None:
    """By who takes over: what still says that it runs was run by the one before, unless it is ours."""
    query = """
        UPDATE scheduled_jobs SET status = 'failed', finished_at = :now, error = 'the process that ran it ended'
        WHERE status = 'running' AND NOT job = ANY(CAST(:ours AS text[]))
    """
    connection.execute(text(query), {"now": now, "ours": list(ours)})


def write_health(connection: Connection, components: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """`component`, `status` and `details` of each; `since` moves only when the status changes."""
    query = """
        INSERT INTO system_health (component, status, last_check, since, details)
        SELECT component, status, :now, :now, details
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(component text, status text, details jsonb)
        ON CONFLICT (component) DO UPDATE SET last_check = EXCLUDED.last_check, details = EXCLUDED.details,
            since = CASE WHEN system_health.status = EXCLUDED.status THEN system_health.since ELSE EXCLUDED.since END,
            status = EXCLUDED.status
    """
    connection.execute(text(query), {"rows": encoded(list(components)).decode(), "now": now})


def health_rows(connection: Connection) -> list[dict[str, Any]]:
    query = "SELECT component, status, last_check, since, details FROM system_health ORDER BY component"
    return [dict(row) for row in connection.execute(text(query)).mappings()]
