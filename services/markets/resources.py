"""What the markets service holds while it serves."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from threading import Lock, Thread
from time import monotonic

import structlog
from pydantic import Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from services.markets.domain.search import Shelf
from services.markets.storage.shelf import load_shelf, synced_at
from shared.database import Database
from shared.settings import VenueSettings
from shared.venues.resources import VenueResources

log = structlog.get_logger()

SHELF_SECONDS = 60.0  # figures by which a search orders may be so old; those that it shows are fresh
QUICK_MARKETS = 10_000  # are read within a tenth of a second
SHELF_SHARE = 50  # of the time, at most one part of so many goes into reading it again


class Settings(VenueSettings):
    market_liquidity_min: Decimal = Field(default=Decimal(100), ge=0)  # dollars
    market_resolved_kept: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    shelf: Shelf
    synced_at: datetime | None
    stale_at: float  # of the monotonic clock
    quick: bool  # so few markets that a search can wait for their columns


class Shelves:
    """The columns that searches look through. Nobody waits for them but the first: old ones are read again beside the
    searches, where that takes long."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._reading = Lock()
        self._kept: Kept | None = None

    def shelf(self) -> Shelf:
        with self.database.connection() as connection:
            newest = synced_at(connection)
        kept = self._kept
        if kept is None or (kept.quick and kept.synced_at != newest):
            with self._reading:
                kept = self._kept
                return kept.shelf if kept is not None and kept.synced_at == newest else self._read(newest).shelf
        old = kept.synced_at != newest or monotonic() > kept.stale_at
        if old and self._reading.acquire(blocking=False):
            Thread(target=self._read_again, args=(newest,), name="markets-shelf", daemon=True).start()
        return kept.shelf

    def _read(self, newest: datetime | None) -> Kept:
        began = monotonic()
        with self.database.connection() as connection:
            shelf = load_shelf(connection)
        now = monotonic()
        stale_at = now + max(SHELF_SECONDS, (now - began) * SHELF_SHARE)
        kept = self._kept = Kept(shelf, newest, stale_at, len(shelf.market_nos) <= QUICK_MARKETS)
        return kept

    def _read_again(self, newest: datetime | None) -> None:
        try:
            self._read(newest)
        except (OperationalError, InterfaceError, PoolExhausted) as error:
            log.warning("search_kept_old_columns", error=str(error).splitlines()[0])
        finally:
            self._reading.release()


class Resources(VenueResources[Settings]):
    """The venues, of which it asks the markets, and what searches look through."""

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(settings, database)
        self.shelves = Shelves(database)
