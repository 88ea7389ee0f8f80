"""A sync in a process of its own, for tests that kill it: `python -m tests.services.sync_process events|markets`."""

import sys
from datetime import UTC, datetime
from decimal import Decimal

from services.events import ingest as events_ingest
from services.markets import ingest as markets_ingest
from services.markets.domain.quality import Quality
from shared.database import Database
from shared.settings import VenueSettings, settings_of
from shared.venues.connect import connected_venues

BATCH_ROWS = 3  # so that a small listing is written in many transactions


def clock() -> datetime:
    return datetime.now(UTC)


def run(entity: str) -> None:
    settings = settings_of(VenueSettings)
    database = Database(settings.database_url)
    venues = connected_venues(settings)
    if entity == "events":
        events_ingest.sync_events(database, venues, clock)
    else:
        markets_ingest.BATCH_ROWS = BATCH_ROWS
        markets_ingest.sync_markets(database, venues, Quality(Decimal(100)), clock)


if __name__ == "__main__":
    run(sys.argv[1])
