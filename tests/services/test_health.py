"""Health, readiness and metrics: what a service says of itself, also while the database is away."""

import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from fastapi.testclient import TestClient
from sqlalchemy import text

from db.embedded.cluster import Cluster
from db.migrate import alembic_config, upgrade
from db.revisions import revisions
from shared.database import POOL_SIZE, Database
from shared.launcher.programs import server_of
from tests.services.conftest import Serve, resources_of
from tests.services.listing import World, gamma, kalshi
from tests.services.test_market_sync import SYNC, synced

READY = {"status": "ready", "schema": revisions()[-1]}
THREADS = 45  # more than the server has


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A Postgres that a test may stop."""
    own = Cluster(tmp_path / "postgres", durable=False)
    yield own
    own.stop()


def test_a_service_without_its_database_says_so_and_recovers_by_itself(
    world: World, serve_markets: Serve, cluster: Cluster
) -> None:
    url = cluster.start()
    upgrade(url)
    client = serve_markets(url)
    world.gamma_markets = [gamma(1)]
    synced(client)
    assert client.get("/health").status_code == 200

    cluster.stop()
    health = client.get("/health")
    reads = [client.get(path) for path in ("/markets?limit=3", "/markets/polymarket:1", "/markets/sync", "/")]
    command = client.post(SYNC)
    cluster.start()
    again = client.get("/health")

    assert (health.status_code, health.json()["status"]) == (503, "unavailable")
    assert len(health.json()["database"].splitlines()) == 1
    assert "coliseum:" not in health.text
    assert [answer.status_code for answer in (*reads, command)] == [503] * 5
    assert {answer.json()["error"] for answer in (*reads, command)} == {"DatabaseUnavailable"}
    assert (again.status_code, again.json()["status"]) == (200, "ok")
    assert len(client.get("/markets?limit=4").json()["markets"]) == 1
    assert synced(client)["status"] == "success"


def test_health_names_what_it_works_with(world: World, markets: TestClient) -> None:
    said = markets.get("/health").json()

    assert {name: said[name] for name in ("status", "service", "environment")} == {
        "status": "ok",
        "service": "markets",
        "environment": "development",
    }
    assert re.match(r"postgresql \d+", said["database"])
    assert said["version"]
    assert set(said["venues"]) == {"polymarket", "kalshi"}
    assert said["venues"]["kalshi"]["base_url"] == world.addresses["kalshi_base_api_url"]
    assert said["venues"]["kalshi"]["circuit"] == "closed"


def test_an_open_circuit_is_told_and_does_not_make_the_service_unhealthy(world: World, markets: TestClient) -> None:
    world.take_down("kalshi")
    for _ in range(5):
        markets.post(SYNC)

    answer = markets.get("/health")

    assert answer.status_code == 200
    assert answer.json()["venues"]["kalshi"]["circuit"] == "open"
    assert "403" in answer.json()["venues"]["kalshi"]["last_error"]
    assert answer.json()["venues"]["polymarket"]["circuit"] == "closed"


def sample(text: str, name: str, **labels: str) -> float:
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and wanted <= set(re.findall(r'\w+="[^"]*"', found[1] or "")):
            return float(found[2])
    return 0.0


def test_metrics_count_rows_requests_and_venue_calls(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2), gamma(3, question=None), gamma(4, liquidity="1")]
    world.kalshi_markets = [kalshi(1)]
    before = markets.get("/metrics").text

    synced(markets)

    answer = markets.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")

    def grown(name: str, **labels: str) -> float:
        return sample(answer.text, name, **labels) - sample(before, name, **labels)

    rows = "coliseum_sync_rows_total"
    fates = ("new", "rejected", "filtered")
    polymarket = [grown(rows, entity="markets", platform="polymarket", fate=fate) for fate in fates]
    assert polymarket == [2, 1, 1]
    assert grown(rows, entity="markets", platform="kalshi", fate="new") == 1
    requests = {"service": "markets", "method": "POST", "route": SYNC, "status": "200"}
    assert grown("coliseum_http_requests_total", **requests) == 1
    assert sample(answer.text, "coliseum_sync_finished_seconds", entity="markets", status="success") > 1e9


def test_addresses_of_strangers_do_not_become_labels(markets: TestClient) -> None:
    for number in range(5):
        markets.get(f"/secret-{number}")
        markets.get(f"/markets/polymarket:{number}")
        markets.get("/markets", headers={"Host": f"evil-{number}.example"})

    text = markets.get("/metrics").text

    assert "secret-" not in text
    assert "polymarket:3" not in text
    assert 'route="/markets/{market_id}"' in text


@pytest.mark.parametrize("service", ["markets", "events"])
def test_the_documentation_describes_each_command_and_read(
    service: str, markets: TestClient, events: TestClient
) -> None:
    client = markets if service == "markets" else events

    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]

    for path, methods in paths.items():
        for method, described in methods.items():
            assert described["summary"], f"{method} {path}"
    assert "get" not in paths.get(SYNC, {"post": {}})
    assert client.get("/docs").status_code == 200


def test_ready_follows_the_database_and_alive_asks_nobody(serve_markets: Serve, cluster: Cluster) -> None:
    url = cluster.start()
    client = serve_markets(url)
    empty = client.get("/ready")
    upgrade(url, "0005")
    old = client.get("/ready")
    upgrade(url)
    ready = client.get("/ready")

    cluster.stop()
    away, alive = client.get("/ready"), client.get("/alive")
    cluster.start()
    again = client.get("/ready")

    assert (empty.status_code, empty.json()["error"]) == (503, "SchemaMissing")
    assert (old.status_code, old.json()["facts"]) == (503, {"found": "0005", "wanted": revisions()[-1]})
    assert old.json()["detail"].startswith("The database is at revision 0005, and this program needs ")
    assert (ready.status_code, ready.json()) == (200, READY | {"service": "markets"})
    assert (away.status_code, away.json()["error"]) == (503, "DatabaseUnavailable")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive", "service": "markets"})
    assert again.status_code == 200


def test_a_database_that_a_newer_program_has_changed_is_not_worked_on(markets: TestClient, stored: Database) -> None:
    with stored.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    answer = markets.get("/ready")

    assert (answer.status_code, answer.json()["error"]) == (503, "SchemaNew")
    assert markets.get("/health").status_code == 200


def test_whoever_was_told_to_stop_takes_no_more_work_and_is_alive_until_it_ends(markets: TestClient) -> None:
    server = server_of(markets.app, log_level="error")
    before = markets.get("/ready")

    server.handle_exit(signal.SIGTERM, None)

    after = markets.get("/ready")
    assert before.status_code == 200
    assert (after.status_code, after.json()["error"]) == (503, "ToldToStop")
    assert markets.get("/alive").status_code == 200


def test_a_service_lives_while_all_its_threads_wait(serve_markets: Serve, fresh_database_url: str) -> None:
    client = serve_markets(fresh_database_url)
    held = [resources_of(client).database.engine.connect() for _ in range(POOL_SIZE)]
    with ThreadPoolExecutor(THREADS) as threads:
        waiting = [threads.submit(client.get, "/ready") for _ in range(THREADS)]

        began = monotonic()
        alive = client.get("/alive")
        took = monotonic() - began

        for each in held:
            each.close()
        answered = {each.result().status_code for each in waiting}
    assert alive.status_code == 200
    assert took < 2
    assert answered == {200}


def test_the_revisions_are_those_of_the_migrations() -> None:
    script = ScriptDirectory.from_config(alembic_config("postgresql://nobody@127.0.0.1:9/nothing"))

    assert list(revisions()) == [each.revision for each in reversed(list(script.walk_revisions()))]
