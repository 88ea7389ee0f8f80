"""The sessions of this process: claimed a few at a time, run side by side, kept alive, and those of the dead ended."""

import threading
from time import monotonic
from uuid import UUID

import structlog

from services.arena.concluding import fail_session
from services.arena.deciding import LEASE, Session, finish_lost
from services.arena.placing import execute, place, tell_bets
from services.arena.quoting import Quotes
from services.arena.resources import Resources
from services.arena.scribe import Scribe
from services.arena.storage import sessions
from services.arena.storage.sessions import Claimed, Cost

log = structlog.get_logger()

LOOK_GAP_SECONDS = 10.0  # between two looks for the lost, beyond which something was wrong with ourselves


class Launcher:
    """Runs up to ARENA_PARALLEL sessions at once. `ended` is rung after each one, so that its bet is placed."""

    def __init__(self, here: Resources, scribe: Scribe, ended: threading.Event) -> None:
        self.here, self.scribe, self.ended = here, scribe, ended
        self.quotes = Quotes(here.markets)
        self._running: dict[UUID, str] = {}  # the claims of our sessions
        self._lock = threading.Lock()
        self._looked_at = monotonic()  # for sessions whose process is gone
        self._bury_from = 0.0

    def running(self) -> int:
        return len(self._running)

    def launch(self) -> int:
        """Makes the sessions that are missing, claims what there is room for, and starts it."""
        now = self.here.clock()
        with self._lock:
            room = self.here.settings.arena_parallel - len(self._running)
        with self.here.database.transaction() as connection:
            sessions.create_missing(connection, now)
            claimed = sessions.claim(connection, room, now + LEASE, now) if room > 0 else []
        for each in claimed:
            with self._lock:
                self._running[each.session_id] = each.claim
            # A daemon, because nobody who stops waits for a provider; the lease tells the next process what was left.
            threading.Thread(target=self._run, args=(each,), name="session", daemon=True).start()
        return len(claimed)

    def keep_alive(self) -> None:
        now = self.here.clock()
        with self._lock:
            own = list(self._running.values())
        if own:
            with self.here.database.transaction() as connection:
                sessions.renew(connection, own, now + LEASE, now)

    def end_lost(self) -> int:
        """Of processes that are gone. Who could not look for a while, because Postgres was away, gives everybody the
        time of a lease first: the living could not renew theirs either."""
        moment = monotonic()
        if moment - self._looked_at > LOOK_GAP_SECONDS:
            self._bury_from = moment + LEASE.total_seconds()
        self._looked_at = moment
        if moment < self._bury_from:
            return 0
        now = self.here.clock()
        with self._lock:
            own = list(self._running.values())
        with self.here.database.transaction() as connection:
            lost = sessions.take_lost(connection, own, now + LEASE, now)
        for each in lost:
            finish_lost(self.here, self.scribe, each)
        return len(lost)

    def _run(self, claimed: Claimed) -> None:
        """The wall between sessions: one that breaks fails with its reason, and the others go on."""
        session = None
        try:
            session = Session(self.here, self.scribe, self.quotes, claimed)
            session.run()
        except Exception as error:
            if self.here.stopping.is_set():
                return
            log.exception("session_broke", session_id=str(claimed.session_id), model=claimed.external_id)
            if session is not None:
                why = f"{type(error).__name__}: the arena's log has the details"
                fail_session(self.here, self.scribe, session.speaker, claimed.claim, "broke", why, None, Cost())
        finally:
            with self._lock:
                self._running.pop(claimed.session_id, None)
            self.ended.set()


def place_bets(here: Resources) -> int:
    """All positions that wait, in one go: signals, execution, and the word of it."""
    portfolio_ids = place(here)
    execute(here, portfolio_ids)
    tell_bets(here)
    return len(portfolio_ids)
