"""How markets end: asks the venues, and stores what they say together with the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from services.markets.storage.books import StoredMarket
from services.markets.storage.catalogue import lock_platform
from services.markets.storage.outcomes import write_resolutions
from shared.database import Database
from shared.syncs import Clock
from shared.venues.records import Rejected, Resolution
from shared.venues.venue import Venue

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ending:
    answered: tuple[Resolution, ...] = ()
    changed: frozenset[str] = frozenset()  # market ids whose stored state this changed
    settled: frozenset[str] = frozenset()  # those of them that are final now
    rejected: tuple[Rejected, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)  # external id → why the venue had no answer


def refresh_endings(database: Database, venue: Venue, stored: Sequence[StoredMarket], clock: Clock) -> Ending:
    """Network first, then one transaction."""
    if not stored:
        return Ending()
    batch = venue.resolutions([market.key for market in stored])
    changed: frozenset[str] = frozenset()
    if batch.records:
        with database.transaction() as connection:
            lock_platform(connection, venue.platform)
            changed = frozenset(write_resolutions(connection, batch.records, clock()))
    for resolution in batch.records:
        if resolution.problem:
            log.warning("resolution_unclear", market=resolution.external_id, problem=resolution.problem)
    final = {f"{venue.platform}:{record.external_id}" for record in batch.records if record.status == "final"}
    return Ending(batch.records, changed, changed & final, batch.rejected, batch.missing)
