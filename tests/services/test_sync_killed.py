"""A sync that is killed in the middle, and the next one: it ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.database import Database
from tests.services import tables
from tests.services.conftest import Serve
from tests.services.listing import World, each, gamma, kalshi, resolved, ticker
from tests.services.test_sync_running import wait_for
from tests.venues.rows import gamma_event, kalshi_event, kalshi_series

REPOSITORY = Path(__file__).resolve().parents[2]

MARKETS_SYNC = "/markets/export-all-markets-db"
EVENTS_SYNC = "/events/export-all-active-events-db"


def start_sync(entity: str, database_url: str, world: World) -> subprocess.Popen[bytes]:
    variables = {name.upper(): address for name, address in world.addresses.items()}
    rates = {f"{name}_RATE": "0" for name in ("POLYMARKET_GAMMA", "POLYMARKET_CLOB", "POLYMARKET_DATA", "KALSHI")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services.sync_process", entity],
        cwd=REPOSITORY,
        env={"PATH": os.environ.get("PATH", ""), "DATABASE_URL": database_url, **variables, **rates},
        stdout=subprocess.DEVNULL,
    )


def kill_when(process: subprocess.Popen[bytes], reached: object) -> None:
    try:
        wait_for(reached, seconds=30)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def market_worlds(world: World) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Twenty changed, ten new, two that left: every kind of write is in the killed sync."""
    before = each(range(1, 23), gamma)
    changed = [gamma(number, bestBid="0.38") for number in range(1, 11)]
    renamed = [gamma(number, question=f"Other question {number}?") for number in range(11, 21)]
    return before, [*changed, *renamed, *each(range(23, 33), gamma), resolved(21), resolved(22)]


@pytest.mark.parametrize("held", ["c3", "c15", "c27"])
def test_markets_end_as_after_an_undisturbed_sync(
    world: World, serve_markets: Serve, fresh_database_url: str, other_database_url: str, held: str
) -> None:
    world.page_rows = 3
    before, after = market_worlds(world)
    world.kalshi_markets = each(range(1, 8), kalshi)
    disturbed, undisturbed = Database(fresh_database_url), Database(other_database_url)
    clients = serve_markets(fresh_database_url), serve_markets(other_database_url)
    world.gamma_markets = before
    for client in clients:
        assert client.post(MARKETS_SYNC).json()["status"] == "success"
    world.gamma_markets = after
    world.kalshi_markets = [*each(range(1, 7), kalshi, volume_fp="7.00"), kalshi(8)]
    assert clients[1].post(MARKETS_SYNC).json()["status"] == "success"
    world.holds["/gamma/markets/keyset", held] = 60

    process = start_sync("markets", fresh_database_url, world)
    asked_before = len(world.asked("/gamma/markets/keyset"))
    kill_when(process, lambda: _asked_for(world, "/gamma/markets/keyset", held, asked_before))
    killed = tables.content(disturbed)
    world.holds.clear()
    answer = wait_for(lambda: _unless_busy(clients[0].post(MARKETS_SYNC)))

    assert answer["status"] == "success"
    assert killed != tables.content(undisturbed)
    assert tables.content(disturbed) == tables.content(undisturbed)
    statuses = sorted(row["status"] for row in tables.rows(disturbed, "market_syncs"))
    assert statuses == ["interrupted", "success", "success"]
    assert len(tables.versions(disturbed, "polymarket:11")) == 1
    assert len(tables.snapshots(disturbed, "polymarket:1")) == 2
    assert tables.market(disturbed, f"kalshi:{ticker(7)}")["outcome"] == "void"
    disturbed.dispose()
    undisturbed.dispose()


def test_events_end_as_after_an_undisturbed_sync(
    world: World, serve_events: Serve, fresh_database_url: str, other_database_url: str
) -> None:
    world.page_rows = 3
    world.gamma_events = [gamma_event(id=str(number), title=f"Harbour {number}") for number in range(700, 712)]
    world.kalshi_series = [kalshi_series(), kalshi_series(ticker="KXSNOW", title="Snow")]
    world.kalshi_events = [kalshi_event(event_ticker=f"KXICE-{number}") for number in range(20, 29)]
    disturbed, undisturbed = Database(fresh_database_url), Database(other_database_url)
    clients = serve_events(fresh_database_url), serve_events(other_database_url)
    assert clients[1].post(EVENTS_SYNC).json()["status"] == "success"
    world.holds["/gamma/events/keyset", "c9"] = 60

    process = start_sync("events", fresh_database_url, world)
    kill_when(process, lambda: _asked_for(world, "/gamma/events/keyset", "c9", 4))
    killed = tables.count(disturbed, "events")
    world.holds.clear()
    answer = wait_for(lambda: _unless_busy(clients[0].post(EVENTS_SYNC)))

    assert answer["status"] == "success"
    assert killed >= 9
    assert tables.content(disturbed) == tables.content(undisturbed)
    assert tables.count(disturbed, "events") == 21
    disturbed.dispose()
    undisturbed.dispose()


def _asked_for(world: World, path: str, cursor: str, before: int) -> bool:
    return any(asked.one("after_cursor") == cursor for asked in world.asked(path)[before:])


def _unless_busy(answer: object) -> object:
    """Postgres frees the lock of the killed process as soon as it notices that nobody is there any more."""
    return None if answer.status_code == 409 else answer.json()  # type: ignore[attr-defined]
