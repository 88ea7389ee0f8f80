"""What the orchestrator holds while it serves: settings, the database, the services it calls and the cycles it runs."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock
from time import monotonic
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog
from pydantic import Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from services.orchestrator.clients import Services
from services.orchestrator.domain.cycles import Cycle
from services.orchestrator.domain.schedule import Job, schedule_of
from services.orchestrator.storage import cycles
from shared.board.reading import BoardReader
from shared.database import Database
from shared.errors import Unavailable
from shared.settings import DatabaseSettings

log = structlog.get_logger()

Value = TypeVar("Value")

DATABASE_AWAY = (OperationalError, InterfaceError, PoolExhausted)
LISTENERS_MAX = 50  # of streams at one time


class CycleInterrupted(Unavailable):
    """The cycle {cycle_id} was interrupted; POST /trading/cycles/{cycle_id}/resume goes on with it."""


class TooManyListeners(Unavailable):
    """Too many streams are open; read GET /trading/cycles/{cycle_id} instead."""


class Settings(DatabaseSettings):
    cycle_parallel: int = Field(default=4, ge=1, le=8)  # groups of portfolios that run side by side
    cycle_every_seconds: int = Field(default=3_600, ge=10, le=7 * 86_400)
    schedule_enabled: bool = True
    price_update_seconds: int = Field(default=300, ge=0, le=86_400)  # paper trading reads the same; 0: only when asked
    signal_archive_days: int = Field(default=30, ge=1, le=3_650)


@dataclass
class Run:
    """A cycle that this process runs."""

    cycle: Cycle
    lock: ExitStack  # closed, it lets the next cycle begin
    ended: Event = field(default_factory=Event)
    answer: dict[str, Any] | None = None


class Background(Protocol):
    def stop(self) -> None: ...

    def facts(self) -> dict[str, Any]: ...


class Resources:
    def __init__(
        self, settings: Settings, database: Database, clock: Callable[[], datetime], leaving: Event | None = None
    ) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.services = Services(settings.coliseum_token.get_secret_value() if settings.coliseum_token else None)
        self.schedule: tuple[Job, ...] = schedule_of(timedelta(seconds=settings.cycle_every_seconds))
        self.scheduler: Background | None = None
        self.leaving = leaving or Event()  # set first: nobody is kept waiting any more
        self.stopping = Event()  # set when requests are over: what runs ends, and is marked
        self.runs: dict[UUID, Run] = {}
        self._kept: dict[str, tuple[float, Any]] = {}
        self.board = BoardReader()
        self._listeners = 0
        self._counting = Lock()

    def kept_for(self, seconds: float, name: str, read: Callable[[], Value]) -> Value:
        """Of pages, what costs to read and moves slowly is read anew after a while; two at once both read it."""
        found, moment = self._kept.get(name), monotonic()
        if found is None or moment - found[0] > seconds:
            found = self._kept[name] = (moment, read())
        value: Value = found[1]
        return value

    def keep(self, scheduler: Background) -> None:
        self.scheduler = scheduler

    def admit_listener(self, cycle_id: UUID) -> None:
        if self._listeners >= LISTENERS_MAX:
            raise TooManyListeners(cycle_id=cycle_id)

    @contextmanager
    def listening(self) -> Generator[None, None, None]:
        """A place among those who are told of progress."""
        with self._counting:
            self._listeners += 1
        try:
            yield
        finally:
            with self._counting:
                self._listeners -= 1

    def health(self) -> dict[str, Any]:
        return {
            "schedule": self.scheduler.facts() if self.scheduler else {"enabled": False, "leading": False},
            "running": [str(cycle_id) for cycle_id in list(self.runs)],
        }

    def close(self) -> None:
        """What runs is told to stop and marked as interrupted, so that it can be resumed."""
        self.stopping.set()
        if self.scheduler is not None:
            self.scheduler.stop()
        try:
            for cycle_id in list(self.runs):
                with self.database.transaction() as connection:
                    cycles.interrupt_cycle(connection, cycle_id, self.clock(), "the service was stopped")
                log.info("cycle_interrupted", cycle_id=str(cycle_id))
        except DATABASE_AWAY as error:
            log.warning("cycle_left_unmarked", error=str(error).splitlines()[0])  # who comes next marks it
        self.services.close()
