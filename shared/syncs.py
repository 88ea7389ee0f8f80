"""Full syncs: one at a time, every venue in its own thread, progress that can be read, and an honest end."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Signal
from threading import Thread
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import structlog
from prometheus_client import Counter as Total
from prometheus_client import Gauge
from sqlalchemy import Connection, Table, func, insert, select, update

from shared.database import Database
from shared.errors import Conflict
from shared.venues import metrics
from shared.venues.records import Page, Rejected
from shared.venues.venue import Venue

log = structlog.get_logger()

REPORT_SECONDS = 1.0
LOG_SECONDS = 5.0
SILENCE_MAX = timedelta(seconds=15)  # a running sync that says nothing for so long is dead
EXAMPLES_MAX = 3  # rejections kept word by word, a kind

ROWS = Total("coliseum_sync_rows_total", "Rows of a listing by what became of them.", ["entity", "platform", "fate"])
FINISHED = Gauge("coliseum_sync_finished_seconds", "When the last sync ended, as Unix time.", ["entity", "status"])

Clock = Callable[[], datetime]


class SyncRunning(Conflict):
    """A sync is running already; wait for it or read its progress."""


@dataclass
class Progress:
    """What one venue's thread has done so far. Only that thread writes it."""

    platform: str
    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0  # rows that came twice, because the listing moved between two pages
    left: int = 0  # were listed before and are not any more; each is looked up
    settled: int = 0  # became final
    pages: int = 0
    bytes_read: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    filtered: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None
    started: float = field(default_factory=perf_counter)

    def count_page(self, page: Page[Any]) -> None:
        self.pages += 1
        self.bytes_read += page.bytes_read
        self.seen += len(page.records) + len(page.rejected)
        for rejection in page.rejected:
            self.count_rejection(rejection)

    def count_rejection(self, rejection: Rejected) -> None:
        self._count(rejection.kind, rejection.external_id or "without an id", rejection.reason)

    def _count(self, kind: str, name: str, reason: str) -> None:
        self.rejected[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES_MAX:
            examples.append(f"{name}: {reason}")

    def count_refusal(self, platform: str, entity: str, external_id: str, reason: str) -> None:
        """A row that we could read and Postgres could not hold."""
        self._count("refused_by_database", external_id, reason)
        metrics.REJECTED.labels(platform, entity, "refused_by_database").inc()

    def report(self) -> dict[str, Any]:
        seconds = self.seconds or perf_counter() - self.started
        return {
            "seen": self.seen,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "repeated": self.repeated,
            "left": self.left,
            "settled": self.settled,
            "rejected": dict(self.rejected),
            "rejected_examples": dict(self.examples),
            "filtered": dict(self.filtered),
            "pages": self.pages,
            "bytes_read": self.bytes_read,
            "seconds": round(seconds, 3),
            "rows_per_second": round(self.seen / seconds) if seconds > 0 else None,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class SyncTable:
    """A table of syncs; its service hands it in, and so remains its only writer."""

    table: Table
    entity: str  # "events" or "markets"


@dataclass
class Sync:
    sync_id: UUID
    started_at: datetime
    progress: dict[str, Progress]

    def report(self, status: str, finished_at: datetime | None = None) -> dict[str, Any]:
        return {
            "sync_id": str(self.sync_id),
            "status": status,
            "started_at": self.started_at,
            "finished_at": finished_at,
            "platforms": {platform: progress.report() for platform, progress in self.progress.items()},
        }

    @property
    def outcome(self) -> str:
        errors = [progress.error is not None for progress in self.progress.values()]
        return "failed" if all(errors) else "partial" if any(errors) else "success"


def run_sync(
    database: Database,
    syncs: SyncTable,
    venues: Sequence[Venue],
    collect: Callable[[Venue, Progress], None],
    clock: Clock,
) -> dict[str, Any]:
    """Collects from all venues at once. A venue that fails is named in the answer, and the others are done."""
    with database.lock(f"sync:{syncs.entity}") as taken:
        if not taken:
            raise SyncRunning(sync_id=running_sync_id(database, syncs))
        sync = Sync(uuid4(), clock(), {venue.platform: Progress(venue.platform) for venue in venues})
        _record_start(database, syncs, sync)
        log.info("sync_started", entity=syncs.entity, sync_id=str(sync.sync_id))
        with _reporting(database, syncs, sync, clock), ThreadPoolExecutor(len(venues)) as threads:
            list(threads.map(lambda venue: _collect_apart(collect, venue, sync.progress[venue.platform]), venues))
        return _record_end(database, syncs, sync, clock())


def _collect_apart(collect: Callable[[Venue, Progress], None], venue: Venue, progress: Progress) -> None:
    """The wall between venues: one that is down must not keep the other from being collected."""
    progress.started = perf_counter()
    try:
        collect(venue, progress)
    except Exception as error:
        progress.error = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        log.exception("venue_sync_failed", platform=venue.platform)
    progress.seconds = perf_counter() - progress.started


def running_sync_id(database: Database, syncs: SyncTable) -> str | None:
    table = syncs.table
    query = select(table.c.sync_id).where(table.c.status == "running").order_by(table.c.started_at.desc()).limit(1)
    with database.connection() as connection:
        found = connection.execute(query).scalar()
    return str(found) if found else None


def sync_state(connection: Connection, syncs: SyncTable) -> dict[str, Any]:
    """The running sync, if any, and the last one that ended."""
    table = syncs.table
    columns = select(table.c.sync_id, table.c.status, table.c.started_at, table.c.finished_at, table.c.platforms)
    newest = columns.order_by(table.c.started_at.desc()).limit(1)
    heard = table.c.reported_at > func.now() - SILENCE_MAX
    running = connection.execute(newest.where(table.c.status == "running", heard)).mappings().first()
    last = connection.execute(newest.where(table.c.status != "running")).mappings().first()
    return {"running": _shown(running), "last": _shown(last)}


def _shown(row: Mapping[Any, Any] | None) -> dict[str, Any] | None:
    return {**row, "sync_id": str(row["sync_id"])} if row else None


def _record_start(database: Database, syncs: SyncTable, sync: Sync) -> None:
    table = syncs.table
    with database.transaction() as connection:
        # We hold the lock, so whatever still says "running" died without a word.
        lost = update(table).where(table.c.status == "running")
        connection.execute(lost.values(status="interrupted", finished_at=sync.started_at))
        row = {**sync.report("running"), "sync_id": sync.sync_id, "reported_at": sync.started_at}
        connection.execute(insert(table).values(row))


def _record_end(database: Database, syncs: SyncTable, sync: Sync, now: datetime) -> dict[str, Any]:
    answer = sync.report(sync.outcome, now)
    table = syncs.table
    with database.transaction() as connection:
        done = update(table).where(table.c.sync_id == sync.sync_id)
        facts = {key: answer[key] for key in ("status", "finished_at", "platforms")}
        connection.execute(done.values(reported_at=now, **facts))
    for platform, progress in sync.progress.items():
        for fate in ("new", "changed", "unchanged", "left", "settled"):
            ROWS.labels(syncs.entity, platform, fate).inc(getattr(progress, fate))
        ROWS.labels(syncs.entity, platform, "rejected").inc(progress.rejected.total())
        ROWS.labels(syncs.entity, platform, "filtered").inc(progress.filtered.total())
    FINISHED.labels(syncs.entity, sync.outcome).set(now.timestamp())
    log.info("sync_finished", entity=syncs.entity, **{k: v for k, v in answer.items() if not k.endswith("_at")})
    return answer


@contextmanager
def _reporting(database: Database, syncs: SyncTable, sync: Sync, clock: Clock) -> Iterator[None]:
    """Writes the progress down every second, so that any replica can show it."""
    stop = Signal()

    def report() -> None:
        logged = perf_counter()
        while not stop.wait(REPORT_SECONDS):
            platforms = sync.report("running")["platforms"]
            try:
                with database.transaction() as connection:
                    row = update(syncs.table).where(syncs.table.c.sync_id == sync.sync_id)
                    connection.execute(row.values(platforms=platforms, reported_at=clock()))
            except Exception:
                log.exception("progress_not_written", entity=syncs.entity)  # the sync itself goes on
            if perf_counter() - logged >= LOG_SECONDS:
                logged = perf_counter()
                log.info("sync_progressed", entity=syncs.entity, seen={p: s["seen"] for p, s in platforms.items()})

    reporter = Thread(target=report, name=f"{syncs.entity}-sync-report", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        stop.set()
        reporter.join()
