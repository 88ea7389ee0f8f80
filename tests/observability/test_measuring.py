"""What is measured when Prometheus asks: read from the database, so the same in every replica and after a restart."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import text

from db.embedded.cluster import Cluster
from db.migrate import upgrade
from services.paper_trading.storage.portfolios import create_portfolio
from shared.application import create_app
from shared.database import Database
from shared.settings import ServiceSettings
from tests.observability.conftest import Watched

CYCLE = text("""
INSERT INTO trading_cycles (cycle_id, kind, status, attempt, started_by, asked, portfolio_ids, portfolios_done,
    portfolios_failed, signals_generated, trades_executed, started_at, finished_at, reported_at)
VALUES (:cycle_id, :kind, :status, 1, 'request', '{}', '{}', 0, 0, 0, 0, :at, :at, :at)
""")
CALL = text("""
INSERT INTO model_calls (call_id, purpose, provider_model, status, reserved, cost, cost_source, started_at)
VALUES (:call_id, 'summary', 'm', :status, :reserved, :cost, :source, :at)
""")


def told(client: TestClient, name: str) -> dict[str, float]:
    """By its labels, as they are written."""
    lines = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return {labels: float(value) for labels, value in lines}


def of_route(told_of_all: dict[str, float], route: str) -> float:
    return sum(value for labels, value in told_of_all.items() if f'route="{route}"' in labels)


def write(database: Database, statement: Any, **values: Any) -> None:
    with database.transaction() as connection:
        connection.execute(statement, values)


def test_the_last_cycle_is_told_by_who_has_not_run_it(watched: Watched, fresh_database: Database) -> None:
    one, other = watched.orchestrator(), watched.orchestrator()
    nothing_yet = told(one, "coliseum_cycle_ended_timestamp_seconds")
    ended = datetime.now(UTC) - timedelta(minutes=7)
    endings = {"partial": ended, "success": ended - timedelta(hours=1), "failed": ended + timedelta(minutes=5)}
    for status, at in endings.items():
        write(fresh_database, CYCLE, cycle_id=uuid4(), kind="all", status=status, at=at)
    write(fresh_database, CYCLE, cycle_id=uuid4(), kind="portfolio", status="success", at=datetime.now(UTC))

    moments = [told(client, "coliseum_cycle_ended_timestamp_seconds") for client in (one, other)]

    assert nothing_yet == {}
    assert moments == [{'{kind="all"}': ended.timestamp()}] * 2
    assert told(other, "coliseum_cycle_every_seconds") == {'{kind="all"}': 300}


def test_ages_grow_while_nobody_collects_and_are_not_told_where_there_is_nothing(
    watched: Watched, fresh_database: Database
) -> None:
    client = watched.orchestrator()
    before = told(client, "coliseum_data_age_seconds")
    at = datetime.now(UTC) - timedelta(minutes=10)
    sync = text("""
        INSERT INTO event_syncs (sync_id, status, started_at, finished_at, reported_at, platforms)
        VALUES (:sync_id, 'success', :at, :at, :at, '{}')
    """)
    write(fresh_database, sync, sync_id=uuid4(), at=at)

    [(what, first)] = told(client, "coliseum_data_age_seconds").items()
    [(_, second)] = told(client, "coliseum_data_age_seconds").items()

    assert before == {}
    assert what == '{what="events"}'
    assert 600 <= first < second < 700


def test_series_begin_at_nought_so_that_their_first_event_counts(watched: Watched) -> None:
    orchestrator, paper_trading = watched.orchestrator(), watched.paper_trading()

    assert set(told(orchestrator, "coliseum_cycles_total")) >= {
        f'{{status="{status}"}}' for status in ("success", "partial", "failed", "interrupted")
    }
    assert '{job="settlements",status="failed"}' in told(orchestrator, "coliseum_scheduled_jobs_total")
    assert '{service="orchestrator"}' in told(orchestrator, "coliseum_database_errors_total")
    assert '{result="disagreements"}' in told(paper_trading, "coliseum_audits_total")


def test_a_breaker_that_another_replica_has_resolved_is_not_told_as_open(watched: Watched) -> None:
    one, other = watched.paper_trading(), watched.paper_trading()
    manual = '{type="manual"}'
    opened = one.post("/paper-trading/breakers", json={"reason": "We look into it."}).json()
    during = [told(client, "coliseum_breakers_open")[manual] for client in (one, other)]

    other.post(f"/paper-trading/breakers/{opened['breaker_id']}/resolve", json={"notes": "It was nothing."})

    assert during == [1, 1]
    assert told(one, "coliseum_breakers_open")[manual] == 0


def test_what_models_cost_today_is_what_the_budgets_count(watched: Watched, fresh_database: Database) -> None:
    client = watched.arena()
    now = datetime.now(UTC)
    yesterday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(seconds=1)
    calls = [
        ("done", 2, "1.25", "provider", now),
        ("reserved", 3, None, None, now),
        ("done", 9, 9, "tokens", yesterday),
    ]
    for status, reserved, cost, source, at in calls:
        values = {"status": status, "reserved": reserved, "cost": cost, "source": source, "at": at}
        write(fresh_database, CALL, call_id=uuid4(), **values)

    assert told(client, "coliseum_model_spent_today_dollars") == {'{model="(for all)"}': 4.25}
    assert told(client, "coliseum_model_budget_dollars")['{of="day"}'] == 25
    assert told(client, "coliseum_sessions_open") == {'{status="pending"}': 0, '{status="running"}': 0}


def test_an_audit_of_one_portfolio_does_not_say_that_all_are_clean(watched: Watched, fresh_database: Database) -> None:
    client = watched.paper_trading()
    with fresh_database.transaction() as connection:
        right, wrong = (
            create_portfolio(connection, name, "momentum", {}, "every_cycle", Decimal(1000), datetime.now(UTC))
            for name in ("Harbour", "Reef")
        )
    spoil = text("UPDATE portfolios SET current_balance = current_balance - 1 WHERE portfolio_id = :wrong")
    write(fresh_database, spoil, wrong=wrong)
    audits = told(client, "coliseum_audits_total")

    every = client.get("/paper-trading/audit").json()
    one = client.get(f"/paper-trading/audit?portfolio_id={right}").json()

    after = told(client, "coliseum_audits_total")
    grown = {result: after[result] - audits[result] for result in after}
    assert (every["status"], one["status"]) == ("disagreements", "clean")
    assert told(client, "coliseum_audit_disagreements")[""] == every["disagreements_total"] > 0
    assert grown == {'{result="clean"}': 1, '{result="disagreements"}': 1}


def test_metrics_are_told_while_the_database_is_away_and_its_errors_are_counted(
    watched: Watched, tmp_path: Path
) -> None:
    cluster = Cluster(tmp_path / "postgres", durable=False)
    watched.database_url = cluster.start()
    try:
        upgrade(watched.database_url)
        client = watched.orchestrator()
        errors = told(client, "coliseum_database_errors_total")['{service="orchestrator"}']
    finally:
        cluster.stop()

    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert told(client, "coliseum_database_errors_total")['{service="orchestrator"}'] >= errors + 2


def quick() -> dict[str, str]:
    return {}


def test_answers_are_timed_and_streams_are_not() -> None:
    router = APIRouter()
    router.get("/quick")(quick)
    router.get("/followed")(lambda: StreamingResponse(iter([b"data: {}\n\n"]), media_type="text/event-stream"))
    app = create_app("markets", router, ServiceSettings())

    with TestClient(app, base_url="http://localhost") as client:
        bodies = [client.get(path).text for path in ("/quick", "/followed")]
        timed = told(client, "coliseum_http_request_seconds_count")
        counted = told(client, "coliseum_http_requests_total")

    assert bodies == ["{}", "data: {}\n\n"]
    assert [of_route(timed, path) for path in ("/quick", "/followed")] == [1, 0]
    assert [of_route(counted, path) for path in ("/quick", "/followed")] == [1, 1]
