"""The thread that updates prices: in its interval, one replica at a time, whatever else is away."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog
from prometheus_client import Counter

from services.paper_trading import marking
from services.paper_trading.marking import Heard, not_heard
from services.paper_trading.overrides import effective
from services.paper_trading.storage.marks import newest_update
from shared.calls import Calls
from shared.database import Database
from shared.syncs import Clock

log = structlog.get_logger()

RETRY_SECONDS = 15.0  # after a pass that failed, or while another replica makes one
STOP_SECONDS = 10.0

PASSES = Counter("coliseum_price_updates_total", "Passes of the price updater, by how they went.", ["result"])

AfterPass = Callable[[datetime], object]


class PriceUpdater:
    """`after_pass` are looked after once prices are fresh (breakers, resting orders), each apart from the others."""

    def __init__(
        self,
        database: Database,
        markets: Calls,
        interval_seconds: int,
        clock: Clock,
        after_pass: Sequence[AfterPass] = (),
        heard: Heard = not_heard,
    ) -> None:
        self.database = database
        self.markets = markets
        self.interval = timedelta(seconds=interval_seconds)  # nought: only when asked
        self.clock = clock
        self.after_pass = after_pass
        self.heard = heard
        self._passed_at: datetime | None = None  # of this replica, for when nothing is held
        self._stop = Event()
        self._thread = Thread(target=self._run, name="price-updater", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends between two passes; a pass that waits for a venue is left behind."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        pause = timedelta(0)
        while not self._stop.wait(pause.total_seconds()):
            pause = self._turn()

    def _turn(self) -> timedelta:
        """The wall around a pass: whatever is away, the next one tries again. Answers how long to wait."""
        try:
            return self._pass_if_due()
        except Exception:
            log.exception("price_update_failed")
            PASSES.labels("failed").inc()
            return timedelta(seconds=RETRY_SECONDS)

    def _pass_if_due(self) -> timedelta:
        retry = timedelta(seconds=RETRY_SECONDS)
        with self.database.lock("price_updater") as taken:
            if not taken:
                return retry
            now = self.clock()
            with self.database.connection() as connection:
                interval = self._interval(effective(connection, None, now).get("price_update_seconds"))
                newest = newest_update(connection)
            if not interval:
                return retry  # an override may switch it on
            waiting = self._waiting(newest, interval, now)
            if waiting:
                return min(waiting, retry)
            answer = marking.update_prices(self.database, self.markets, self.clock, self.heard)
            for act in self.after_pass:
                self._apart(act)
            nothing_came = 0 < answer["markets"] == answer["failed"]
            PASSES.labels("failed" if nothing_came else "partial" if answer["failed"] else "success").inc()
            self._passed_at = self._passed_at if nothing_came else now
            return min(interval, retry)

    def _waiting(self, newest: datetime | None, interval: timedelta, now: datetime) -> timedelta:
        """A pass by anybody counts. One in the future says that the clock went backwards, and counts for nothing."""
        passes = [at for at in (newest, self._passed_at) if at is not None and at <= now]
        return max(max(passes) + interval - now, timedelta(0)) if passes else timedelta(0)

    def _interval(self, overridden: object) -> timedelta:
        return self.interval if overridden is None else timedelta(seconds=int(str(overridden)))

    def _apart(self, act: AfterPass) -> None:
        """The wall between what follows a pass: one that fails leaves the others their turn."""
        try:
            act(self.clock())
        except Exception:
            log.exception("after_prices_failed", what=getattr(act, "__name__", str(act)))
