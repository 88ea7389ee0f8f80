"""How time and memory of a sync grow with the number of markets."""

import tracemalloc
from collections.abc import Callable, Iterator

from services.markets.storage.catalogue import known_markets
from shared.database import Database
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.listing import Listing, Version
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.sync_process import Measured
from tests.bench.syncs import sync_apart
from tests.bench.venues import LocalVenues, running_venues

PEAK_MAX_MB = 350
COSTS: tuple[tuple[str, Callable[[Measured], float]], ...] = (
    ("first sync", lambda run: run.seconds),
    ("unchanged re-sync: database part", lambda run: run.sql_seconds),
    ("re-sync of changed quotes: database part", lambda run: run.sql_seconds),
)


def growth_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    """Each cost by the thousand markets, and the peak memory, as the number of markets grows."""
    measured: dict[int, list[Measured]] = {}
    held: dict[int, float] = {}
    with running_venues() as venues:
        for markets in scale.growth:
            url = postgres.create("growth")
            measured[markets] = _three_syncs(venues, url, markets)
            held[markets] = _state_bytes(url)
    least = scale.growth[0]
    for place, (name, cost) in enumerate(COSTS):
        floor = Floor(f"at {least:,}", cost(measured[least][place]) / least * 1_000)
        for markets, runs in measured.items():
            yield Figure(
                "growth", f"{name}, a thousand of {markets:,}", cost(runs[place]) / markets * 1_000, floor=floor
            )
    for markets, runs in measured.items():
        peak, idle = max(run.peak_bytes for run in runs) / 1e6, min(run.idle_bytes for run in runs) / 1e6
        note = f"{idle:,.0f} MB before it began; {held[markets]:,.0f} B a market are its hashes and ids"
        goal = Goal(PEAK_MAX_MB, unit="MB")
        yield Figure("memory", f"peak of a sync of {markets:,} markets", peak, "MB", goal=goal, note=note)


def _three_syncs(venues: LocalVenues, url: str, markets: int) -> list[Measured]:
    runs = []
    for version in (Version(), Version(), Version(every=1)):
        venues.show(Listing(markets, version=version))
        runs.append(sync_apart(venues.settings(url)))
    return runs


def _state_bytes(url: str) -> float:
    """What a sync remembers of each stored market once it has seen all of them."""
    database = Database(url)
    with database.connection() as connection:
        tracemalloc.start()
        known = [known_markets(connection, platform) for platform in ("polymarket", "kalshi")]
        for each in known:
            # A listing brings ids that are strings of their own.
            each.seen.update("".join(tuple(external_id)) for external_id in each.hashes)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    database.dispose()
    return held / sum(len(each.hashes) for each in known)
