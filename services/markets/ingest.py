"""The full sync of markets: listings page by page into batches, then a look at the markets that left them."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from db.schema.markets import market_syncs
from services.markets import endings
from services.markets.domain.catalogue import Changes, sort_page
from services.markets.domain.quality import Quality
from services.markets.storage import books, candles, catalogue
from shared.database import Database
from shared.syncs import Clock, Progress, SyncTable, run_sync
from shared.venues.venue import Venue

log = structlog.get_logger()

SYNCS = SyncTable(market_syncs, "markets")
BATCH_ROWS = 2_000
LOOKED_UP_AT_ONCE = 500


def sync_markets(database: Database, venues: Sequence[Venue], quality: Quality, clock: Clock) -> dict[str, Any]:
    def collect(venue: Venue, progress: Progress) -> None:
        collect_markets(database, venue, quality, progress, clock)

    answer = run_sync(database, SYNCS, venues, collect, clock)
    roll_candles(database, clock)
    return answer


def roll_candles(database: Database, clock: Clock) -> None:
    """One at a time: who comes second leaves the work to the first."""
    with database.lock("candles") as taken:
        if taken:
            with database.transaction() as connection:
                candles.roll_candles(connection, clock())


def collect_markets(database: Database, venue: Venue, quality: Quality, progress: Progress, clock: Clock) -> None:
    with database.connection() as connection:
        known = catalogue.known_markets(connection, venue.platform)
    with _Writer(database, venue.platform, progress, clock) as writer:
        changes = Changes()
        for page in venue.market_pages():
            progress.count_page(page)
            # A row that we cannot read is still listed; its market has not left.
            known.seen.update(rejected.external_id for rejected in page.rejected if rejected.external_id)
            sorted_page = sort_page(page.records, known, quality, changes, clock())
            progress.new += sorted_page.new
            progress.changed += sorted_page.changed
            progress.unchanged += sorted_page.unchanged
            progress.repeated += sorted_page.repeated
            progress.filtered.update(sorted_page.filtered)
            if len(changes) >= BATCH_ROWS:
                writer.write(changes)
                changes = Changes()
        writer.write(changes)
    left = known.left_the_listing()
    progress.left += len(left)
    _look_up(database, venue, left + known.awaiting_their_end(), progress, clock)


def _look_up(database: Database, venue: Venue, unlisted: list[str], progress: Progress, clock: Clock) -> None:
    """Markets that are not final with us and not listed any more get the state that the venue has for them."""
    for start in range(0, len(unlisted), LOOKED_UP_AT_ONCE):
        ids = unlisted[start : start + LOOKED_UP_AT_ONCE]
        with database.connection() as connection:
            stored = books.stored_by_external_id(connection, venue.platform, ids)
        ending = endings.refresh_endings(database, venue, stored, clock)
        progress.settled += len(ending.settled)
        for rejection in ending.rejected:
            progress.count_rejection(rejection)


@dataclass
class _Writer:
    """Writes one batch while the next is being read, and never more than one behind."""

    database: Database
    platform: str
    progress: Progress
    clock: Clock

    def __enter__(self) -> "_Writer":
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"write-{self.platform}")
        self.pending: Future[None] | None = None
        return self

    def write(self, changes: Changes) -> None:
        self._wait()
        if changes:
            self.pending = self.thread.submit(self._write, changes)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._wait()
        finally:
            self.thread.shutdown()

    def _wait(self) -> None:
        if self.pending is not None:
            self.pending.result()
            self.pending = None

    def _write(self, changes: Changes) -> None:
        """A row that Postgres refuses is found by halving its batch, so that it is lost alone."""
        try:
            with self.database.transaction() as connection:
                catalogue.write_changes(connection, self.platform, changes, self.clock())
        except (DataError, IntegrityError) as error:
            if len(changes) > 1:
                for half in changes.halves():
                    self._write(half)
                return
            self.progress.new -= len(changes.new)
            self.progress.changed -= len(changes.facts) + len(changes.trading)
            [row] = [*changes.new.values(), *changes.facts.values(), *changes.trading.values()]
            reason = str(error.orig).splitlines()[0]
            log.warning("row_refused_by_database", market_id=row.market_id, reason=reason)
            self.progress.count_refusal(self.platform, "market", row.external_id, reason)
