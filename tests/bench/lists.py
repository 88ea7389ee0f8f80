"""G16 and G17: pages of markets over HTTP, made by Postgres and from prepared bytes."""

import json
from collections.abc import Iterator
from contextlib import closing
from time import perf_counter

import psycopg2

from tests.bench.apps import App, Line, running_app, running_bare_app
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.floor import COLUMNS
from tests.bench.listing import Listing
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.syncs import sync_apart
from tests.bench.venues import NOBODY, running_venues

PAGE = "/markets?limit=100"
PAGE_ROWS = 100
REQUESTS = 60  # of each round
CONNECTIONS = 8
NOT_ASKED = {
    "POLYMARKET_GAMMA_URL": NOBODY,
    "POLYMARKET_CLOB_URL": NOBODY,
    "POLYMARKET_DATA_URL": NOBODY,
    "KALSHI_BASE_API_URL": NOBODY,
}


def list_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    url = postgres.create("lists")
    with running_venues() as venues:
        venues.show(Listing(scale.markets))
        sync_apart(venues.settings(url))
    _analyse(url)
    with running_app("services.markets.app:app", {"DATABASE_URL": url, **NOT_ASKED}) as app:
        with app.connected() as line:
            yield from _page_figures(url, line, scale)
            body = line.get(PAGE)
        yield from _hot_figures(app, len(body), scale)


def _page_figures(url: str, line: Line, scale: Scale) -> Iterator[Figure]:
    depth = scale.markets * 5 // 6
    cursor = _cursor_at(line, depth)
    floors, pages, deeps = [], [], []
    for _ in range(scale.repeats):
        floors.append(_json_agg_seconds(url))
        pages.append(line.seconds(PAGE, REQUESTS))
        deeps.append(line.seconds(f"{PAGE}&cursor={cursor}", REQUESTS))
    floor = Floor("json_agg", min(floors))
    note = "over HTTP, a query of its own each time; the floor is one json_agg of stored columns through psycopg2"
    yield Figure("G16", f"GET {PAGE} from Postgres", min(pages), floor=floor, goal=Goal(2.5), note=note)
    yield Figure("G16", f"page at depth {depth:,}", min(deeps), floor=Floor("first page", min(pages)), goal=Goal(1.5))


def _hot_figures(app: App, body_bytes: int, scale: Scale) -> Iterator[Figure]:
    hot, bare = [], []
    with running_bare_app(body_bytes) as floor_app:
        for _ in range(scale.repeats):
            bare.append(floor_app.requests_per_second("/", scale.requests, CONNECTIONS))
            hot.append(app.requests_per_second(PAGE, scale.requests, CONNECTIONS))
    note = f"{CONNECTIONS} connections, {body_bytes / 1000:.0f} kB an answer"
    floor = Floor("prebuilt bytes", max(bare))
    yield Figure("G17", "hot list, requests a second", max(hot), "/s", floor, Goal(0.7, at_least=True), note)


def _cursor_at(line: Line, depth: int) -> str:
    cursor, passed, step = "", 0, 1_000
    while passed < depth:
        limit = min(step, depth - passed)
        answer = json.loads(line.get(f"/markets?limit={limit}" + (f"&cursor={cursor}" if cursor else "")))
        passed += len(answer["markets"])
        cursor = answer["cursor"]
    return cursor


def _json_agg_seconds(url: str) -> float:
    """One query that makes the same number of rows into JSON, with a session that is open already."""
    names = ", ".join(column.split()[0] for column in COLUMNS if not column.startswith("rules"))
    query = f"SELECT json_agg(t)::text FROM (SELECT {names} FROM markets ORDER BY market_no LIMIT {PAGE_ROWS}) t"
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        session.autocommit = True
        cursor.execute(query)
        began = perf_counter()
        for _ in range(REQUESTS):
            cursor.execute(query)
            cursor.fetchone()
        return (perf_counter() - began) / REQUESTS


def _analyse(url: str) -> None:
    """What autovacuum does within a minute of a first sync."""
    with closing(psycopg2.connect(url)) as session:
        session.autocommit = True
        session.cursor().execute("VACUUM ANALYZE")
