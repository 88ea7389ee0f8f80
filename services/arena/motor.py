"""What the arena does by itself: threads that look, each in its rhythm, after everything that has to go on."""

# Sessions may run in every replica, so each one launches and keeps alive its own. All the rest is done by one replica
# at a time, which holds a lock for as long as its connection to Postgres lives.

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog
from prometheus_client import Counter

from services.arena import ending, judging, selecting, summarising, validating
from services.arena.announcing import announce
from services.arena.launching import Launcher, place_bets
from services.arena.registering import check_models, give_missing_portfolios, register
from services.arena.resources import Resources
from services.arena.scribe import Scribe
from services.arena.storage import calls, events, messages
from services.arena.storage.leadership import Leadership
from shared.errors import Problem
from shared.feed import wake

log = structlog.get_logger()

TICK_SECONDS = 0.5
RENEW_SECONDS = 5.0
FOLLOWED_FOR = timedelta(hours=1)  # after a session has ended, its words stay in the pieces in which they came
FORGOTTEN_AFTER = timedelta(minutes=40)  # a reservation whose request nobody waits for any more
STOP_SECONDS = 3.0
AGAIN_SECONDS_MAX = 5.0  # after a failure, for duties whose turn comes seldom
READINGS_MAX = 8  # summaries and settlements that models look at, at one time
READ_AGAIN_SECONDS = 15.0  # after a summary that could not be made
LOCK = "arena_motor"

DUTIES = Counter("coliseum_arena_duties_total", "What the arena did by itself, by how it went.", ["duty", "result"])


@dataclass
class Duty:
    """Done again `every` so many seconds; after a failure a little later."""

    name: str
    every: float
    act: Callable[[], object]
    due_at: float = 0.0
    failing: bool = False


class Motor:
    def __init__(self, here: Resources) -> None:
        self.here = here
        self.ended = threading.Event()  # a session has ended: there may be a bet to place
        self.scribe = Scribe(here)
        self.launcher = Launcher(here, self.scribe, self.ended)
        self._reading: set[UUID] = set()
        self._registered = False
        self._joined_to: datetime | None = None
        self._leadership = Leadership(here.database, LOCK)
        self._leads = False  # as the motor's thread has seen it last
        self.quick = [
            Duty("end_lost", 2, self.launcher.end_lost),
            Duty("summarise", 0.5, self._summarise),
            Duty("activate", 0.5, self._activate),
            Duty("close", 1, lambda: ending.close_events(here)),
            Duty("validate", 5, self._validate),
            Duty("forget", 60, self._close_abandoned),
        ]
        self.slow = [  # these ask other services, or compute for seconds
            Duty("register", 30, self._register),
            Duty("check_models", 900, self._check_models, due_at=monotonic() + 900),
            Duty("select", 5, self._select),
            Duty("prices", 30, lambda: ending.update_prices(here)),
            Duty("results", 10, lambda: ending.ask_for_results(here)),
            Duty("settle", 2, lambda: ending.settle_events(here)),
            Duty("judge", 5, self._judge),
            Duty("join_pieces", 3_600, self._join_pieces, due_at=monotonic() + 120),
            Duty("daily_board", 3_600, self._snapshot_day, due_at=monotonic() + 60),
        ]
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (
                ("arena-motor", self._run),
                ("arena-errands", self._run_slow),
                ("arena-placer", self._place),
                ("arena-leases", self._keep_alive),
            )
        ]

    def start(self) -> None:
        self.scribe.start()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self.here.stopping.set()
        self.ended.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self.scribe.close()

    def _run(self) -> None:
        launch = Duty("launch", 0.5, self.launcher.launch)
        with closing(self._leadership):
            while not self.here.stopping.is_set():
                self._do(launch)
                self._leads = self._leadership.held()
                if self._leads:
                    for duty in self.quick:
                        self._do(duty)
                self.here.stopping.wait(TICK_SECONDS)

    def _run_slow(self) -> None:
        """Apart, so that a service that hangs delays neither sessions nor the end of the betting."""
        while not self.here.stopping.is_set():
            for duty in self.slow:
                if self._leads:
                    self._do(duty)
            self.here.stopping.wait(TICK_SECONDS)

    def _place(self) -> None:
        """Bets are placed when a session ends, and looked after now and then."""
        duty = Duty("place_bets", 0, lambda: place_bets(self.here))
        while not self.here.stopping.is_set():
            self.ended.wait(2.0)
            self.ended.clear()
            if not self.here.stopping.is_set():
                self._do(duty)

    def _keep_alive(self) -> None:
        """Apart from everything that waits for others, so that no lease runs out while its session lives."""
        duty = Duty("keep_alive", RENEW_SECONDS, self.launcher.keep_alive)
        while not self.here.stopping.wait(1.0):
            self._do(duty)

    def _do(self, duty: Duty) -> None:
        """The wall around a duty: one that fails is told once, tried again, and keeps nobody waiting."""
        now = monotonic()
        if now < duty.due_at or self.here.stopping.is_set():
            return
        duty.due_at = now + duty.every
        try:
            duty.act()
        except Problem as problem:
            if not duty.failing:
                log.warning("duty_waits", duty=duty.name, why=problem.detail)
            self._failed(duty)
        except Exception:
            log.exception("duty_failed", duty=duty.name)
            self._failed(duty)
        else:
            duty.failing = False
            DUTIES.labels(duty.name, "done").inc()

    def _failed(self, duty: Duty) -> None:
        DUTIES.labels(duty.name, "failed").inc()
        duty.failing = True
        duty.due_at = monotonic() + max(min(duty.every, AGAIN_SECONDS_MAX), 2.0)

    def _register(self) -> None:
        """The file once; models without a portfolio again and again, should one be away in the middle of it."""
        if not self._registered:
            enabled = register(self.here)
            self._registered = True
            log.info("models_registered", enabled=enabled)
        else:
            give_missing_portfolios(self.here)

    def _check_models(self) -> None:
        if self._registered:
            check_models(self.here)

    def _select(self) -> None:
        """Once a period; in a fresh system as soon as there are models and markets."""
        if self._registered:
            selecting.select_if_due(self.here)

    def _summarise(self) -> None:
        with self.here.database.connection() as connection:
            waiting = events.without_summary(connection, self.here.clock())
        for event_id in waiting:
            self._read(event_id, summarising.summarise)

    def _activate(self) -> None:
        now = self.here.clock()
        with self.here.database.transaction() as connection:
            ready = events.activate_ready(connection, now)
            announce(connection, ready, now)
        if ready:
            wake(self.here.database)

    def _validate(self) -> None:
        with self.here.database.connection() as connection:
            unnoted = events.without_note(connection)
        for event_id in unnoted:
            self._read(event_id, validating.validate)

    def _read(self, event_id: UUID, work: Callable[[Resources, UUID, datetime], None]) -> None:
        """Beside everything else, because models take their time; one thing at a time for an event."""
        if event_id not in self._reading and len(self._reading) < READINGS_MAX:
            self._reading.add(event_id)
            threading.Thread(target=self._read_apart, args=(event_id, work), name="reading", daemon=True).start()

    def _read_apart(self, event_id: UUID, work: Callable[[Resources, UUID, datetime], None]) -> None:
        """The wall between events: one whose text breaks us is tried again, and the others are read."""
        try:
            work(self.here, event_id, self.here.clock())
        except Exception:
            log.exception("event_not_read", event_id=str(event_id), work=work.__name__)
            self.here.stopping.wait(READ_AGAIN_SECONDS)
        finally:
            self._reading.discard(event_id)

    def _judge(self) -> None:
        judging.judge_if_due(self.here, self.here.clock())

    def _snapshot_day(self) -> None:
        judging.judge(self.here, self.here.clock())
        judging.snapshot_day(self.here, self.here.clock())

    def _join_pieces(self) -> None:
        """Of sessions whom nobody follows word by word any more; at first of all that there are."""
        before = self.here.clock() - FOLLOWED_FOR
        with self.here.database.transaction() as connection:
            messages.join_pieces(connection, before, self._joined_to)
        self._joined_to = before

    def _close_abandoned(self) -> None:
        now = self.here.clock()
        with self.here.database.transaction() as connection:
            calls.close_abandoned(connection, now - FORGOTTEN_AFTER, now)
