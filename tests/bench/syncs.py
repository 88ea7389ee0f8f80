"""G1 to G4: full syncs from local venues, the first one, those after it, and one with the limiter on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

from shared.settings import VenueSettings
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.floor import CopyRaw, copy_raw
from tests.bench.listing import Listing, Version
from tests.bench.postgres import Postgres, rows_written
from tests.bench.scale import Scale
from tests.bench.sync_process import Measured
from tests.bench.venue_process import GAMMA, KALSHI
from tests.bench.venues import CHECKOUT, LocalVenues, running_venues

# What a sync writes about the venues. The rows in which it reports its own progress are not among them.
DATA_TABLES = frozenset(
    {"platforms", "series", "events", "markets", "market_versions", "market_outcomes", "market_rules"}
)
SNAPSHOTS = "market_snapshots"


class SyncFailed(Exception):
    """A sync that was to be measured did not succeed."""


def sync_apart(settings: VenueSettings) -> Measured:
    """In a process of its own, so that its peak memory is its own."""
    command = [sys.executable, "-m", "tests.bench.sync_process", settings.model_dump_json()]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SyncFailed(done.stdout + done.stderr)
    measured = Measured(**json.loads(done.stdout.splitlines()[-1]))
    if measured.status != ["success", "success"]:
        raise SyncFailed(done.stdout + done.stderr)
    return measured


def written(before: dict[str, int], after: dict[str, int]) -> int:
    """Rows of data that came between two counts."""
    own = [table for table in after if table in DATA_TABLES or table.startswith(SNAPSHOTS)]
    return sum(after[table] - before.get(table, 0) for table in own)


def sync_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    """G1 to G3 at real row sizes, then the first sync again with small rows."""
    listing = Listing(scale.markets)
    with running_venues() as venues:
        sizes = venues.show(listing)
        rate = venues.rows_per_second(listing)
        raws, firsts, raw = _first_syncs(postgres, venues, scale)
        floor = Floor("copy_raw", min(raws))
        best = min(first.seconds for first in firsts)
        gamma, kalshi = sizes[f"{GAMMA}/markets/keyset"], sizes[f"{KALSHI}/markets"]
        rows = f"{len(raw.text) / raw.rows:,.0f} B a row; the venues send {gamma:,.0f} B and {kalshi:,.0f} B a market"
        lean = copy_raw(raw.url, with_rules=False)
        yield Figure("floor", f"copy_raw: COPY of {raw.rows:,} market rows", floor.value, note=rows)
        yield Figure("floor", "the same without the rules text", min(lean.seconds() for _ in raws), floor=floor)
        yield Figure(
            "venue", "what the local venues can serve", rate, "rows/s", Floor("taken by G1", listing.markets / best)
        )
        yield Figure("G1", f"first full sync, {listing.markets:,} markets", best, floor=floor, goal=Goal(10))
        yield Figure("G1", "rows written by the first sync", written({}, rows_written(raw.url)), "rows")
        yield from _again_figures(postgres, venues, scale, raw)
        small = replace(listing, small=True)
        sizes = venues.show(small)
        runs = [sync_apart(venues.settings(postgres.create("small"))).seconds for _ in range(scale.syncs)]
        mean = (sizes[f"{GAMMA}/markets/keyset"] + sizes[f"{KALSHI}/markets"]) / 2
        name = f"the same with rows of {mean / 1000:.1f} kB instead of {(gamma + kalshi) / 2000:.1f} kB"
        yield Figure("G1", name, min(runs), floor=floor)


def _first_syncs(postgres: Postgres, venues: LocalVenues, scale: Scale) -> tuple[list[float], list[Measured], CopyRaw]:
    """Interleaved with the floor; the database of the last sync stays for the syncs after it."""
    raws: list[float] = []
    firsts: list[Measured] = []
    for _ in range(scale.syncs):
        url = postgres.create("sync")
        postgres.checkpoint()
        firsts.append(sync_apart(venues.settings(url)))
        raw = copy_raw(url)
        postgres.checkpoint()
        raws += [raw.seconds() for _ in range(-(-scale.repeats // scale.syncs))]
    return raws, firsts, raw


def _again_figures(postgres: Postgres, venues: LocalVenues, scale: Scale, raw: CopyRaw) -> Iterator[Figure]:
    settings = venues.settings(raw.url)
    names = (
        ("G2", "re-sync, nothing changed: database part", (0, 0), Goal(0.2)),
        ("G3", "re-sync, 10 % of the quotes changed: database part", (0, 1), Goal(1.0)),
        ("G3", "re-sync, all quotes changed: database part", (1, 0), Goal(4.5)),
    )
    every = tenth = 0
    for code, name, step, goal in names:
        raws, runs, rows = [], [], 0
        for _ in range(scale.syncs):
            every, tenth = every + step[0], tenth + step[1]
            venues.show(Listing(scale.markets, version=Version(every, tenth)))
            postgres.checkpoint()
            before = rows_written(raw.url)
            runs.append(sync_apart(settings))
            rows = written(before, rows_written(raw.url))
            raws.append(raw.seconds())
        floor, best = Floor("copy_raw", min(raws)), min(runs, key=lambda run: run.sql_seconds)
        whole = f"the whole sync takes {best.seconds:.2f} s; {rows:,} rows written in {best.sql_requests} requests"
        yield Figure(code, name, best.sql_seconds, floor=floor, goal=goal, note=whole)
        if code == "G2":
            yield Figure("G2", "rows written by it", rows, "rows", goal=Goal(0, unit="rows"))


def limiter_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    """G4: the product's own limiter against venues that refuse what goes beyond it."""
    with running_venues() as venues:
        limited = venues.settings("postgresql://nobody", limited=True)
        listing = Listing(scale.limited_markets)
        venues.show(listing)
        free = sync_apart(venues.settings(postgres.create("free")))
        rates = {GAMMA: limited.polymarket_gamma_rate, KALSHI: limited.kalshi_rate}
        venues.show(listing, rates[GAMMA], rates[KALSHI])
        settings = venues.settings(postgres.create("limited"), limited=True)
        measured = sync_apart(settings)
        counts = venues.counts()
    asked = {base: sum(n for path, n in counts["requests"].items() if path.startswith(base)) for base in rates}
    allowed = max((asked[base] - rate) / rate for base, rate in rates.items())
    floor = Floor("the venue's limit", max(allowed, free.seconds))
    name = f"sync of {listing.markets:,} markets with the limiter on"
    yield Figure("G4", name, measured.seconds, floor=floor, goal=Goal(1.15))
    yield Figure("G4", "requests answered 429", counts["refused"], "requests", goal=Goal(0, unit="requests"))
