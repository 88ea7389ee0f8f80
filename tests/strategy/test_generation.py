"""Signals over HTTP: documented answers, batches in which one fails alone, and a cycle that is answered once."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from sqlalchemy import text

from services.strategy.domain.rules import RULES
from services.strategy.storage import portfolios
from shared.database import Database
from shared.json_bytes import encoded
from shared.signals import archive_signals
from tests.strategy import build, rows
from tests.strategy.conftest import Clock, Serve
from tests.strategy.test_momentum import RISE

FIELDS = [
    "signal_id", "portfolio_id", "cycle_id", "market_id", "action", "amount", "limit_price", "order", "confidence",
    "probability", "group_id", "reason", "strategy_type", "created_at", "expires_at", "executed",
]  # fmt: skip
MANY = '{"entrant": "always_no", "pick_share": 1, "max_signals": 3}'


def world(database: Database, count: int = 5) -> list[int]:
    with database.transaction() as connection:
        numbers = [rows.market(connection, f"polymarket:{number}") for number in range(1, count + 1)]
        rows.collected(connection)
    return numbers


def portfolio(database: Database, strategy: str = "baseline", config: str = MANY, **given: Any) -> int:
    with database.transaction() as connection:
        return rows.portfolio(connection, strategy, config, **given)


def ask(client: TestClient, expect: int = 200, **body: Any) -> Any:
    answer = client.post("/strategy/generate-signals", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


def count(database: Database, table: str) -> int:
    with database.connection() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_one_portfolio_gets_the_documented_answer_and_its_rows(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    number = portfolio(fresh_database)
    cycle = str(uuid4())

    answer = ask(serve("baseline"), portfolio_id=number, cycle_id=cycle)

    assert list(answer) == [
        "portfolio_id", "cycle_id", "markets_considered", "markets_matched", "signals_generated", "signals",
        "abstentions",
    ]  # fmt: skip
    assert (answer["markets_considered"], answer["markets_matched"], answer["signals_generated"]) == (5, 5, 3)
    assert answer["abstentions"] == {"max_signals": 2}
    assert [list(signal) for signal in answer["signals"]] == [FIELDS] * 3
    with fresh_database.connection() as connection:
        query = "SELECT signal_id, amount, limit_price, reason, expires_at - created_at AS age FROM trading_signals"
        stored = list(connection.execute(text(query + " ORDER BY signal_id")))
    assert [row.signal_id for row in stored] == [signal["signal_id"] for signal in answer["signals"]]
    assert {(row.amount, row.limit_price, row.age) for row in stored} == {
        (Decimal(100), Decimal("0.52"), timedelta(minutes=10))
    }


def test_asked_again_in_the_same_cycle_the_answer_is_the_same_bytes(
    serve: Serve, fresh_database: Database, clock: Clock
) -> None:
    world(fresh_database)
    number = portfolio(fresh_database)
    client, body = serve("baseline"), {"portfolio_id": number, "cycle_id": str(uuid4())}
    first = client.post("/strategy/generate-signals", json=body)

    clock.now += timedelta(minutes=5)
    again = serve("baseline").post("/strategy/generate-signals", json=body)
    other = ask(client, portfolio_id=number, cycle_id=str(uuid4()))

    assert again.content == first.content
    assert other["signals"][0]["signal_id"] != first.json()["signals"][0]["signal_id"]
    assert count(fresh_database, "signal_generations") == 2


def test_an_archived_answer_is_still_the_answer(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    client, body = serve("baseline"), {"portfolio_id": portfolio(fresh_database), "cycle_id": str(uuid4())}
    first = client.post("/strategy/generate-signals", json=body)
    later = build.NOW + timedelta(days=40)
    with fresh_database.transaction() as connection:
        moved = archive_signals(connection, before=later, now=later)

    assert moved == 3
    assert client.post("/strategy/generate-signals", json=body).content == first.content


def test_asked_by_hand_without_a_cycle_every_time_is_a_new_answer(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    number, client = portfolio(fresh_database), serve("baseline")

    first, second = ask(client, portfolio_id=number), ask(client, portfolio_id=number)

    assert first["cycle_id"] is None
    assert [s["market_id"] for s in first["signals"]] == [s["market_id"] for s in second["signals"]]
    assert count(fresh_database, "signal_generations") == 2


def test_a_dry_run_shows_the_same_signals_and_writes_nothing(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    client = serve("baseline")
    body: dict[str, Any] = {"portfolio_id": portfolio(fresh_database), "cycle_id": str(uuid4())}

    dry = ask(client, dry_run=True, **body)
    written = count(fresh_database, "signal_generations"), count(fresh_database, "trading_signals")
    real = ask(client, **body)

    assert written == (0, 0)
    assert [signal["signal_id"] for signal in dry["signals"]] == [None] * 3
    assert [signal | {"signal_id": None} for signal in real["signals"]] == dry["signals"]
    assert real | {"signals": None} == dry | {"signals": None}


def test_in_a_batch_each_portfolio_that_fails_fails_alone(
    serve: Serve, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world(fresh_database)
    good, paused = portfolio(fresh_database), portfolio(fresh_database, status="paused")
    closed = portfolio(fresh_database, status="closed")
    other, wrong = portfolio(fresh_database, "momentum", "{}"), portfolio(fresh_database, config='{"seeed": 3}')
    broken = portfolio(fresh_database, config='{"entrant": "favourite", "pick_share": 1}')
    decide = RULES["baseline"].decide

    def fragile(pool: Any, owner: Any, config: Any, now: Any) -> Any:
        if config.entrant == "favourite":
            raise ZeroDivisionError("a rule with a fault")
        return decide(pool, owner, config, now)

    client = serve("baseline")
    resources = client.app.state.resources  # type: ignore[attr-defined]
    monkeypatch.setattr(resources, "rule", type(resources.rule)(resources.rule.config, fragile, "?", history=True))
    asked = [good, paused, closed, other, wrong, broken, 999_999, good]
    results = ask(client, portfolio_ids=asked, cycle_id=str(uuid4()))["results"]

    assert [entry["portfolio_id"] for entry in results] == asked
    assert [entry.get("error", {}).get("error") for entry in results] == [
        None, None, "PortfolioClosed", "WrongController", "UnusableConfig", "RuleFailed", "PortfolioNotFound", None,
    ]  # fmt: skip
    assert results[0] == results[7]
    assert results[1]["abstentions"] == {"portfolio_paused": 5}
    assert "strategy_momentum" in results[3]["error"]["detail"]
    assert "seeed" in results[4]["error"]["detail"]
    assert results[5]["error"]["detail"].endswith(": ZeroDivisionError: a rule with a fault.")
    assert count(fresh_database, "signal_generations") == 2
    assert count(fresh_database, "trading_signals") == 3


@pytest.mark.parametrize(
    ("status", "expect", "error"), [("closed", 409, "PortfolioClosed"), (None, 404, "PortfolioNotFound")]
)
def test_alone_a_portfolio_that_cannot_be_served_is_an_error(
    serve: Serve, fresh_database: Database, status: str | None, expect: int, error: str
) -> None:
    world(fresh_database)
    number = portfolio(fresh_database, status=status) if status else 12345

    answer = ask(serve("baseline"), expect, portfolio_id=number)

    assert answer["error"] == error
    assert str(number) in answer["detail"]


def test_eight_callers_of_one_cycle_get_one_answer(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    numbers = [portfolio(fresh_database) for _ in range(6)]
    client, body = serve("baseline"), {"portfolio_ids": numbers, "cycle_id": str(uuid4())}
    ask(client, portfolio_ids=numbers, dry_run=True)  # the pool is there, so that they meet at the write
    answers: list[bytes] = []
    barrier = threading.Barrier(8)

    def call() -> None:
        barrier.wait()
        answers.append(client.post("/strategy/generate-signals", json=body).content)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert count(fresh_database, "signal_generations") == 6
    assert count(fresh_database, "trading_signals") == 18


def test_who_was_quicker_in_the_cycle_keeps_his_answer(
    serve: Serve, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world(fresh_database)
    first, second, third = (portfolio(fresh_database) for _ in range(3))
    client, cycle = serve("baseline"), uuid4()
    resources = client.app.state.resources  # type: ignore[attr-defined]
    pool = resources.pool

    def overtaken(now: Any) -> Any:
        found = pool(now)
        with fresh_database.transaction() as connection:
            connection.execute(
                text("""INSERT INTO signal_generations (portfolio_id, cycle_id, strategy_type,
                markets_considered, markets_matched, signals_generated, abstentions, created_at)
                VALUES (:p, :c, 'baseline', 7, 0, 0, '{"by_design": 7}', now())"""),
                {"p": first, "c": cycle},
            )
            connection.execute(text("DELETE FROM portfolios WHERE portfolio_id = :p"), {"p": second})
        return found

    stored = _stored(fresh_database, [first, second, third])
    monkeypatch.setattr(resources, "pool", overtaken)
    monkeypatch.setattr(portfolios, "portfolios", lambda connection, ids, now: stored)
    results = ask(client, portfolio_ids=[first, second, third], cycle_id=str(cycle))["results"]

    assert results[0]["markets_considered"] == 7
    assert results[0]["signals"] == []
    assert results[1]["error"]["error"] == "PortfolioNotFound"
    assert results[2]["signals_generated"] == 3


def _stored(database: Database, ids: list[int]) -> dict[int, Any]:
    with database.connection() as connection:
        return portfolios.portfolios(connection, ids, datetime.now(UTC))


def test_a_paused_portfolio_says_what_it_would_do_when_nothing_is_written(
    serve: Serve, fresh_database: Database
) -> None:
    world(fresh_database)
    paused = portfolio(fresh_database, status="paused")
    client = serve("baseline")

    tried, asked = ask(client, portfolio_id=paused, dry_run=True), ask(client, portfolio_id=paused)

    assert tried["signals_generated"] > 0
    assert asked["signals_generated"] == 0
    assert asked["abstentions"] == {"portfolio_paused": 5}
    assert count(fresh_database, "trading_signals") == 0


def test_get_is_kept_for_one_and_for_all_active_portfolios(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    first, second = portfolio(fresh_database), portfolio(fresh_database)
    portfolio(fresh_database, status="paused")
    client = serve("baseline")

    one = client.get("/strategy/generate-signals", params={"portfolio_id": first, "dry_run": True})
    every = client.get("/strategy/generate-signals")

    assert one.json()["portfolio_id"] == first
    assert [entry["portfolio_id"] for entry in every.json()["results"]] == [first, second]


NONSENSE: list[Any] = [
    {},
    [],
    {"portfolio_id": 0},
    {"portfolio_id": -1},
    {"portfolio_id": 2**31},
    {"portfolio_id": "one"},
    {"portfolio_id": 1, "portfolio_ids": [1]},
    {"portfolio_ids": []},
    {"portfolio_ids": [1] * 1001},
    {"portfolio_id": 1, "cycle_id": "now"},
    {"portfolio_id": 1, "dry_run": "perhaps"},
    {"portfolio_id": 1, "surprise": True},
    {"portfolio_id": 1.5},
    {"portfolio_id": None},
]


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_is_refused_with_a_sentence(serve: Serve, body: Any) -> None:
    answer = serve("momentum").post("/strategy/generate-signals", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"] == "Invalid"
    assert len(answer.json()["detail"]) > 10


@pytest.mark.parametrize("strategy", list(RULES))
def test_the_schema_describes_every_key_and_accepts_what_the_rule_accepts(serve: Serve, strategy: str) -> None:
    answer = serve(strategy).get("/strategy/config-schema")

    schema = answer.json()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    config = RULES[strategy].config
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(config.model_fields)
    assert [name for name, key in schema["properties"].items() if "description" not in key] == []
    assert validator.is_valid({})
    assert validator.is_valid({"min_liquidity": 50000, "categories": ["politics"], "max_positions": 20})
    assert not validator.is_valid({"min_liquidty": 50000})
    assert not validator.is_valid({"max_positions": 0})
    written_out = {name: key["default"] for name, key in schema["properties"].items() if "default" in key}
    assert validator.is_valid(written_out)
    assert config.model_validate_json(encoded(written_out)) == config()


def test_a_signal_of_history_finds_its_way_from_candles_to_the_answer(
    serve: Serve, fresh_database: Database, clock: Clock
) -> None:
    with fresh_database.transaction() as connection:
        number = rows.market(connection, now=build.NOW, volume=99_600)
        rows.past(connection, number, RISE)
        rows.collected_every(connection, 1, len(RISE))
        rows.collected(connection)
        owner = rows.portfolio(connection, "momentum")
    client = serve("momentum")
    early = ask(client, portfolio_id=owner, dry_run=True)
    clock.now += timedelta(seconds=45)
    with fresh_database.transaction() as connection:
        rows.quote(connection, number, "0.50", "0.52", clock.now, volume=99_700)
        rows.collected(connection, clock.now)

    answer = ask(client, portfolio_id=owner, cycle_id=str(uuid4()))

    assert early["abstentions"] == {"not_confirmed_by_volume": 1}
    [signal] = answer["signals"]
    assert signal["action"] == "buy_yes"
    assert signal["reason"].startswith("Rose 10.3 points in 15 minutes")


def test_what_is_held_waits_or_is_reserved_is_seen_by_the_rule(serve: Serve, fresh_database: Database) -> None:
    numbers = world(fresh_database, 3)
    owner = portfolio(fresh_database, config='{"entrant": "always_no", "pick_share": 1, "stop_loss": 0.0001}')
    with fresh_database.transaction() as connection:
        rows.position(connection, owner, numbers[0], cost=Decimal(60))
        connection.execute(
            text("UPDATE portfolios SET reserved_balance = 9850, total_invested = 60 WHERE portfolio_id = :p"),
            {"p": owner},
        )

    answer = ask(serve("baseline"), portfolio_id=owner)

    assert [(signal["action"], signal.get("quantity")) for signal in answer["signals"]] == [
        ("sell_yes", 100), ("buy_no", None),
    ]  # fmt: skip
    assert answer["abstentions"] == {"already_held": 1, "insufficient_cash": 1}


@pytest.mark.parametrize("strategy", list(RULES))
def test_the_page_says_what_the_controller_sees(serve: Serve, fresh_database: Database, strategy: str) -> None:
    world(fresh_database)
    with fresh_database.transaction() as connection:
        owner = rows.portfolio(connection, strategy)
        connection.execute(text("UPDATE portfolios SET name = '<b>Bold</b>'"))
    client = serve(strategy)
    empty = client.get("/").text

    ask(client, portfolio_id=owner)
    page = client.get("/")

    assert "The pool is loaded when signals are asked for first" in empty
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page.text
    assert "5 open markets are in the pool" in page.text
    assert ("Contracts that read alike" in page.text) == RULES[strategy].sets


def test_metrics_count_signals_and_abstentions(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    client = serve("baseline")

    ask(client, portfolio_id=portfolio(fresh_database))

    metrics = client.get("/metrics").text
    assert 'coliseum_strategy_signals_total{action="buy_no",strategy="baseline"}' in metrics
    assert 'coliseum_strategy_abstentions_total{reason="max_signals",strategy="baseline"}' in metrics
    assert 'coliseum_strategy_pool_markets{strategy="baseline"} 5.0' in metrics


def test_a_cycle_id_is_a_uuid_everywhere(serve: Serve, fresh_database: Database) -> None:
    world(fresh_database)
    cycle = uuid4()

    answer = ask(serve("baseline"), portfolio_id=portfolio(fresh_database), cycle_id=str(cycle).upper())

    assert UUID(answer["cycle_id"]) == cycle
    assert {signal["cycle_id"] for signal in answer["signals"]} == {str(cycle)}
