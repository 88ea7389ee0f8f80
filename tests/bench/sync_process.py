"""One sync of events and markets in a process of its own, with its time, its SQL and its peak memory as JSON."""

import cProfile
import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from typing import Any

from services.events.ingest import sync_events
from services.markets.domain.quality import Quality
from services.markets.ingest import sync_markets
from shared.database import Database
from shared.logs import configure_logs
from shared.settings import VenueSettings
from shared.venues.connect import connected_venues
from tests.bench.memory import peak_bytes
from tests.bench.sql_clock import SqlClock

# Short turns of the interpreter: a thread that has its answer from Postgres waits up to one turn until it may go on,
# and with the usual 5 ms this waiting would be half of what is counted as SQL. The whole sync takes as long either way.
SWITCH_SECONDS = 0.0005
QUALITY = Quality(liquidity_min=Decimal(100))


@dataclass(frozen=True, slots=True)
class Measured:
    seconds: float
    events_seconds: float
    sql_seconds: float
    sql_requests: int
    sql: dict[str, tuple[float, int]]  # by kind of statement: seconds and requests
    peak_bytes: int
    idle_bytes: int  # before the sync, everything imported
    status: list[str]
    counts: dict[str, int]


def measured_sync(settings: VenueSettings) -> Measured:
    database = Database(settings.database_url)
    clock = SqlClock()
    clock.watch(database.engine)
    venues = connected_venues(settings)
    idle_bytes = peak_bytes()
    began = perf_counter()
    events = sync_events(database, venues, now)
    events_seconds = perf_counter() - began
    markets = sync_markets(database, venues, QUALITY, now)
    seconds = perf_counter() - began
    for venue in venues:
        venue.close()
    database.dispose()
    return Measured(
        seconds=seconds,
        events_seconds=events_seconds,
        sql_seconds=clock.total_seconds,
        sql_requests=clock.requests.total(),
        sql={kind: (round(spent, 4), clock.requests[kind]) for kind, spent in clock.seconds.most_common()},
        peak_bytes=peak_bytes(),
        idle_bytes=idle_bytes,
        status=[events["status"], markets["status"]],
        counts={**_counts("event", events), **_counts("market", markets)},
    )


def now() -> datetime:
    return datetime.now(UTC)


def _counts(noun: str, answer: dict[str, Any]) -> dict[str, int]:
    fates = ("seen", "new", "changed", "unchanged")
    return {f"{noun}_{fate}": sum(venue[fate] for venue in answer["platforms"].values()) for fate in fates}


def main() -> None:
    configure_logs("bench", "WARNING")
    sys.setswitchinterval(SWITCH_SECONDS)
    settings = VenueSettings.model_validate_json(sys.argv[1])
    if len(sys.argv) > 2:
        with cProfile.Profile() as profile:
            measured = measured_sync(settings)
        profile.dump_stats(sys.argv[2])
    else:
        measured = measured_sync(settings)
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
