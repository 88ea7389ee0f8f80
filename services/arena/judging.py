"""Computes the standings of every entrant from the rows, and keeps a board of each day."""

from datetime import UTC, datetime, time, timedelta
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Gauge

from services.arena.domain.board import judged
from services.arena.domain.comparing import Comparer
from services.arena.domain.evidence import Evidence
from services.arena.resources import Resources
from services.arena.storage import judging as reads
from services.arena.storage import standings
from shared.database import Database
from shared.prepared import Generation

log = structlog.get_logger()

JUDGED = Generation()  # advances with each board that this process computes

SECONDS = Gauge("coliseum_board_seconds", "How long the last computation of the board took.")
COMPUTED = Gauge("coliseum_board_computed_seconds", "When the board was computed last, as Unix time.")


def judge_if_due(here: Resources, now: datetime) -> int | None:
    """When something has ended since the last time, that time is a while ago."""
    with here.database.connection() as connection:
        due = reads.judging_due(connection, now)
    return judge(here, now) if due else None


def judge(here: Resources, now: datetime) -> int | None:
    """How many entrants stand on the new board; None where another process computes it at the moment."""
    began = perf_counter()
    with here.database.lock("arena: judging") as mine:
        if not mine:
            return None
        evidence = read_evidence(here.database)
        found = computed(here, evidence)
        with here.database.transaction() as connection:
            standings.replace_standings(connection, found, now)
        here.comparer = Comparer(now, evidence, here.settings.arena_settled_min)
    JUDGED.advance()
    SECONDS.set(perf_counter() - began)
    COMPUTED.set(now.timestamp())
    log.info("board_computed", entrants=len(found), seconds=round(perf_counter() - began, 3))
    return len(found)


def read_evidence(database: Database) -> Evidence:
    """On one view of the database, so that no settlement is seen by half."""
    with database.connection() as connection:
        return reads.evidence(connection.execution_options(isolation_level="REPEATABLE READ"))


def computed(here: Resources, evidence: Evidence) -> dict[int, dict[str, Any]]:
    return judged(evidence, here.settings.arena_settled_min)


def snapshot_day(here: Resources, now: datetime) -> int:
    """Writes the board of this UTC day, as often as it is asked, and completes the day before."""
    today = now.astimezone(UTC).date()
    starts = datetime.combine(today, time(), UTC)
    a_day = timedelta(days=1)
    with here.database.transaction() as connection:
        standings.complete_day(connection, today - a_day, starts - a_day, starts)
        written = standings.write_day(connection, today, starts, starts + a_day, now)
    JUDGED.advance()
    return written
