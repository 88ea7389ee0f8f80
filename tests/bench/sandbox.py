"""The sandbox at real size: how soon it answers, how fast it serves, how much it holds."""

import json
from collections.abc import Iterator
from time import perf_counter
from urllib.parse import quote

from tests.bench.apps import App, Line, running_app
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.memory import resident_bytes
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.syncs import sync_apart
from tests.bench.venues import without_limits

MEMORY_MAX_MB = 600
GAMMA_LIST = "/gamma/markets/keyset?limit=100&closed=false&order=id&ascending=true&version=v1&version=v2"
KALSHI_LIST = "/kalshi/trade-api/v2/markets?limit=1000&status=open&mve_filter=exclude"


def sandbox_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    with running_app("services.sandbox.app:app", {"SANDBOX_MARKETS": str(scale.sandbox_markets)}) as app:
        name = f"sandbox of {scale.sandbox_markets:,} markets: start to first answer"
        yield Figure("sandbox", name, app.start_seconds)
        with app.connected() as line:
            began = perf_counter()
            rows = _walk(line, GAMMA_LIST, "next_cursor", "after_cursor")
            gamma_seconds = perf_counter() - began
            rows_kalshi = _walk(line, KALSHI_LIST, "cursor", "cursor")
            seconds = perf_counter() - began
        kalshi_seconds = seconds - gamma_seconds
        note = f"Gamma {rows / gamma_seconds:,.0f} rows/s, Kalshi {rows_kalshi / kalshi_seconds:,.0f} rows/s"
        taken = _sync(postgres, app)
        rate = (rows + rows_kalshi) / seconds
        floor = Floor("taken by a sync of it", taken)
        yield Figure("sandbox", "what it serves by itself", rate, "rows/s", floor, note=note)
        resident = resident_bytes(app.pid)
        goal = Goal(MEMORY_MAX_MB, unit="MB")
        held = None if resident is None else resident / 1e6
        yield Figure("sandbox", "its memory after a sync", held, "MB", goal=goal)


def _sync(postgres: Postgres, app: App) -> float:
    settings = without_limits(
        postgres.create("sandbox"),
        gamma=f"{app.url}/gamma",
        clob=f"{app.url}/clob",
        data=f"{app.url}/data",
        kalshi=f"{app.url}/kalshi/trade-api/v2",
    )
    measured = sync_apart(settings)
    return measured.counts["market_seen"] / (measured.seconds - measured.events_seconds)


def _walk(line: Line, target: str, key: str, parameter: str) -> int:
    """All pages by the cursor at the end or the beginning of each; only the cursor is read."""
    noun, rows = b'"markets":', 0
    cursor: str | None = ""
    while cursor is not None:
        body = line.get(target + (f"&{parameter}={quote(cursor)}" if cursor else ""))
        if noun not in body:
            raise ValueError(f"{target} answers {body[:200]!r}")
        rows += body.count(b'"clobTokenIds"' if "gamma" in target else b'"event_ticker"')
        cursor = _cursor(body, key)
    return rows


def _cursor(body: bytes, key: str) -> str | None:
    """The value of that key, which comes last or first in the answer."""
    for part in (body[-400:], body[:400]):
        place = part.find(f'"{key}":'.encode())
        if place >= 0:
            value, _ = json.JSONDecoder().raw_decode(part[place + len(key) + 3 :].decode(errors="replace").lstrip())
            return value or None
    return None
