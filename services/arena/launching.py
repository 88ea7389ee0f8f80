"""The sessions of this process: claimed a few at a time, run side by side, kept alive, and those of the dead ended."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog

from services.arena.concluding import fail_session
from services.arena.deciding import LEASE, Session, finish_lost
from services.arena.placing import execute, place, tell_bets
from services.arena.quoting import Quotes
from services.arena.resources import Resources
from services.arena.scribe import Scribe
from services.arena.storage import sessions
from services.arena.storage.sessions import Claimed

log = structlog.get_logger()


class Launcher:
    """Runs up to ARENA_PARALLEL sessions at once. `ended` is rung after each one, so that its bet is placed."""

    def __init__(self, here: Resources, scribe: Scribe, ended: threading.Event) -> None:
        self.here, self.scribe, self.ended = here, scribe, ended
        self.quotes = Quotes(here.markets)
        self._threads = ThreadPoolExecutor(here.settings.arena_parallel, thread_name_prefix="session")
        self._running: set[UUID] = set()
        self._lock = threading.Lock()

    def running(self) -> int:
        return len(self._running)

    def launch(self) -> int:
        """Makes the sessions that are missing, claims what there is room for, and starts it."""
        now = self.here.clock()
        with self._lock:
            room = self.here.settings.arena_parallel - len(self._running)
        with self.here.database.transaction() as connection:
            sessions.create_missing(connection, now)
            claimed = sessions.claim(connection, self.here.replica, room, now + LEASE, now) if room > 0 else []
        for each in claimed:
            with self._lock:
                self._running.add(each.session_id)
            self._threads.submit(self._run, each)
        return len(claimed)

    def keep_alive(self) -> None:
        now = self.here.clock()
        with self._lock:
            own = list(self._running)
        if own:
            with self.here.database.transaction() as connection:
                sessions.renew(connection, self.here.replica, own, now + LEASE, now)

    def end_lost(self) -> int:
        """Of processes that are gone."""
        now = self.here.clock()
        with self.here.database.transaction() as connection:
            lost = sessions.take_lost(connection, self.here.replica, now + LEASE, now)
        for each in lost:
            finish_lost(self.here, self.scribe, self.quotes, each)
        return len(lost)

    def close(self) -> None:
        """Sessions that are under way are left to their lease: what they asked for cannot be taken back."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, claimed: Claimed) -> None:
        """The wall between sessions: one that breaks fails with its reason, and the others go on."""
        session = None
        try:
            session = Session(self.here, self.scribe, self.quotes, claimed)
            session.run()
        except Exception as error:
            log.exception("session_broke", session_id=str(claimed.session_id), model=claimed.external_id)
            if session is not None and not self.here.stopping.is_set():
                fail_session(self.here, self.scribe, session.speaker, "broke", f"{type(error).__name__}: see the log")
        finally:
            with self._lock:
                self._running.discard(claimed.session_id)
            self.ended.set()


def place_bets(here: Resources) -> int:
    """All positions that wait, in one go: signals, execution, and the word of it."""
    portfolio_ids = place(here)
    execute(here, portfolio_ids)
    tell_bets(here)
    return len(portfolio_ids)
