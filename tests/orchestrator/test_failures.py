"""What fails in a cycle, and what goes on."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
import uvicorn
from fastapi import Response

from services.orchestrator import clients
from shared.answers import json_answer
from shared.database import Database
from tests.orchestrator import build
from tests.orchestrator.conftest import NOON, NOWHERE, Desk, Open
from tests.orchestrator.town import Call, Town, refusal, town_app

SIGNALS = ("strategy_momentum", "/strategy/generate-signals")
EXECUTE = ("paper_trading", "/paper-trading/execute-signals")

SHARED = [
    ("collect_events", "events", "/events/export-all-active-events-db"),
    ("collect_markets", "markets", "/markets/export-all-markets-db"),
    ("update_prices", "paper_trading", "/paper-trading/update-prices"),
    ("settle", "paper_trading", "/paper-trading/settle"),
]


def three(database: Database) -> None:
    for name in ("Harbour", "Mole", "Pier"):
        build.portfolio(database, name, NOON)


@pytest.mark.parametrize(("step", "service", "path"), SHARED)
def test_a_shared_step_that_fails_stops_the_cycle_with_its_name_and_resume_goes_on(
    desk: Desk, town: Town, fresh_database: Database, step: str, service: str, path: str
) -> None:
    three(fresh_database)
    town.faults[service, path] = lambda call: refusal(500, "The roof is leaking.")

    failed = desk.run(502)
    town.faults.clear()
    resumed = desk.post(f"/trading/cycles/{failed['cycle_id']}/resume")

    assert (failed["status"], failed["failed_step"]) == ("failed", step)
    assert failed["error"] == f"{service} said: The roof is leaking."
    assert (failed["portfolios_processed"], failed["results"]) == (0, [])
    assert (resumed["status"], resumed["cycle_id"], resumed["portfolios_processed"]) == (
        "success",
        failed["cycle_id"],
        3,
    )
    asked = town.commands()
    place = [path for _, _, path in SHARED].index(path)
    assert [asked.count(path) for _, _, path in SHARED] == [1] * place + [2] + [1] * (3 - place)
    assert asked.count("/strategy/generate-signals") == 1


def test_a_sync_that_failed_at_both_venues_says_why(desk: Desk, town: Town, fresh_database: Database) -> None:
    three(fresh_database)

    def failing(call: Call) -> Response:
        last = town.sync("markets", "failed", "Timeout: kalshi")
        last["platforms"]["polymarket"]["error"] = "Timeout: gamma"
        return json_answer(last, 502)

    town.faults["markets", "/markets/export-all-markets-db"] = failing

    answer = desk.run(502)

    assert answer["failed_step"] == "collect_markets"
    assert answer["error"] == "polymarket: Timeout: gamma; kalshi: Timeout: kalshi"


def test_a_portfolio_that_fails_in_the_answer_fails_alone(desk: Desk, town: Town, fresh_database: Database) -> None:
    three(fresh_database)
    error = {"detail": "The look-back is longer than the history.", "error": "NoHistory", "facts": {}}

    def for_two(call: Call) -> Response:
        entries = [each for each in town.signals(call) if each["portfolio_id"] != 2]
        return json_answer({"results": [{"portfolio_id": 2, "error": error}, *entries]})

    town.faults[SIGNALS] = for_two

    answer = desk.run()

    assert answer["status"] == "partial"
    assert [result["error"] for result in answer["results"]] == [None, error["detail"], None]
    assert [result["trades_executed"] for result in answer["results"]] == [2, None, 2]
    assert answer["results"][1]["signals_generated"] is None
    assert answer["results"][1]["new_balance"] == 10_000
    assert town.asked(*EXECUTE)[0].ids == [1, 3]


def test_a_portfolio_that_breaks_the_whole_call_is_found_and_fails_alone(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    three(fresh_database)
    town.faults[SIGNALS] = lambda call: refusal(500, "It broke.") if 2 in call.ids else None

    answer = desk.run()

    assert answer["status"] == "partial"
    assert [result["error"] for result in answer["results"]] == [None, "strategy_momentum said: It broke.", None]
    assert [call.ids for call in town.asked(*SIGNALS)] == [[1, 2, 3], [1], [2], [3]]


def test_what_a_lost_execution_did_is_counted_all_the_same(desk: Desk, town: Town, fresh_database: Database) -> None:
    three(fresh_database)

    def done_and_lost(call: Call) -> Response | None:
        if len(call.ids) == 1:
            return None
        for portfolio_id in call.ids:
            town.execute(portfolio_id)
        return refusal(500, "The answer got lost.")

    town.faults[EXECUTE] = done_and_lost

    answer = desk.run()

    assert answer["status"] == "success"
    assert [result["trades_executed"] for result in answer["results"]] == [2, 2, 2]
    assert [result["new_balance"] for result in answer["results"]] == [9980, 9980, 9980]
    assert build.rows(fresh_database, "SELECT count(*) AS n FROM decisions") == [{"n": 6}]


def test_a_controller_that_is_down_costs_its_own_portfolios_alone(
    town: Town, open_desk: Open, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(fresh_database)
    for number in range(20):
        build.portfolio(fresh_database, f"Arbitrage {number}", NOON, strategy_type="arbitrage")
    monkeypatch.setenv("STRATEGY_ARBITRAGE_URL", NOWHERE)

    answer = open_desk().run()

    errors = {result["strategy_type"]: result["error"] for result in answer["results"]}
    assert answer["status"] == "partial"
    assert errors["momentum"] is None
    assert errors["arbitrage"].startswith("strategy_arbitrage cannot be reached at http://127.0.0.1:9;")
    points = build.rows(fresh_database, "SELECT count(*) AS n FROM equity_points WHERE NOT ran")
    assert points == [{"n": 20}]


def test_a_controller_that_starts_again_is_waited_for(
    town: Town, open_desk: Open, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(fresh_database)
    monkeypatch.setattr(clients, "ATTEMPTS_MAX", 4)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("STRATEGY_MOMENTUM_URL", f"http://127.0.0.1:{port}/strategy_momentum")
    back = uvicorn.Server(uvicorn.Config(town_app(town), port=port, log_level="error"))
    threading.Timer(0.7, back.run).start()

    answer = open_desk().run()
    back.should_exit = True

    assert answer["status"] == "success"
    assert [result["trades_executed"] for result in answer["results"]] == [2, 2, 2]


def test_a_cycle_in_which_every_portfolio_failed_is_no_success(
    desk: Desk, town: Town, fresh_database: Database
) -> None:
    three(fresh_database)
    town.faults[SIGNALS] = lambda call: refusal(402, "Payment required.")

    failed = desk.run(502)
    town.faults.clear()
    resumed = desk.post(f"/trading/cycles/{failed['cycle_id']}/resume")

    assert (failed["status"], failed["failed_step"], failed["portfolios_processed"]) == ("failed", "portfolios", 3)
    assert failed["error"] == ("all 3 portfolios failed; the first: strategy_momentum said: Payment required.")
    assert (resumed["status"], [result["error"] for result in resumed["results"]]) == ("success", [None] * 3)


def test_a_type_that_nobody_decides_for_fails_alone(desk: Desk, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Model", NOON, strategy_type="oracle")
    build.portfolio(fresh_database, "Harbour", NOON)

    answer = desk.run()

    assert [result["error"] for result in answer["results"]] == [
        "No controller decides for portfolios of type oracle.",
        None,
    ]


def test_a_portfolio_that_is_gone_by_then_fails_alone(desk: Desk, town: Town, fresh_database: Database) -> None:
    three(fresh_database)

    def deleting(call: Call) -> None:
        build.change(fresh_database, "DELETE FROM portfolios WHERE portfolio_id = 3")

    town.faults[SIGNALS] = deleting

    answer = desk.run()

    assert answer["status"] == "partial"
    assert [result["error"] for result in answer["results"]] == [None, None, "No portfolio."]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"results": None},
        {"results": [None, 1, "x", {"portfolio_id": []}, {"portfolio_id": 1}]},
        {"results": [{"portfolio_id": 1, "signals_generated": -1}]},
        {"results": [{"portfolio_id": 1, "signals_generated": 10**30}]},
        {"results": [{"portfolio_id": 1, "signals_generated": 1.5}]},
        {"results": [{"portfolio_id": 1, "signals_generated": "5"}]},
        {"results": [{"portfolio_id": 1, "error": {"detail": "\x00\x00", "error": []}}]},
        {"results": [{"portfolio_id": 1, "error": "a\x00b" * 10_000}]},
    ],
)
@pytest.mark.parametrize("where", [SIGNALS, EXECUTE])
def test_an_answer_that_makes_no_sense_is_a_failed_portfolio(
    desk: Desk, town: Town, fresh_database: Database, where: tuple[str, str], answer: object
) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    town.faults[where] = _bytes_of(answer)

    failed = desk.run(502)

    assert failed["failed_step"] == "portfolios"
    assert failed["results"][0]["error"]
    assert len(failed["error"]) <= 600
    town.faults.clear()
    assert desk.run()["status"] == "success"


@pytest.mark.parametrize(("step", "service", "path"), SHARED)
@pytest.mark.parametrize(
    "answer", [None, [], {"platforms": [1]}, {"a\x00b": "\x00", "failures": [{"x": "\x00"}], "n": 10**40, "m": {"": 1}}]
)
def test_shared_steps_bear_any_answer(
    desk: Desk, town: Town, step: str, service: str, path: str, answer: object
) -> None:
    town.faults[service, path] = _bytes_of(answer)

    assert desk.run()["status"] == "success"


def _bytes_of(answer: object) -> Callable[[Call], Response]:
    content = json.dumps(answer).encode()
    return lambda call: Response(content, media_type="application/json")
