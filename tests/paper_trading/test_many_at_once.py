"""Callers that race, portfolios that fail, and batches: each signal is acted on once, each portfolio fails alone."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.paper_trading.conftest import Floor
from tests.paper_trading.test_execution import listed
from tests.services.conftest import exact

_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'not this portfolio' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER refusing BEFORE INSERT ON decisions FOR EACH ROW WHEN (NEW.portfolio_id = {number})
EXECUTE FUNCTION refuse();
"""


def test_eight_callers_execute_the_same_signals_once(floor: Floor) -> None:
    listed(floor, 1, 2, 3)
    portfolio = floor.portfolio()
    floor.signals(portfolio, *(floor.signal(f"polymarket:{number}", amount="50") for number in (1, 2, 3)))

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: floor.execute(portfolio), range(8)))

    assert sum(answer["trades_executed"] for answer in answers) == 3
    assert len(floor.rows("trades", portfolio_id=portfolio)) == 3
    assert len(floor.rows("decisions", portfolio_id=portfolio)) == 3
    state = floor.read(portfolio)
    assert state["equity"] - 1000 == state["total_pnl"]


def test_a_portfolio_that_the_database_refuses_fails_alone(floor: Floor) -> None:
    listed(floor, 1)
    numbers = [floor.portfolio(name) for name in ("first", "second", "third")]
    for number in numbers:
        floor.signals(number, floor.signal("polymarket:1", amount="50"))
    with floor.database.transaction() as connection:
        connection.execute(text(_REFUSE.format(number=numbers[1])))

    answer = exact(floor.paper.post("/paper-trading/execute-signals", json={"portfolio_ids": numbers}))

    errors = {each["portfolio_id"]: each["error"] for each in answer["results"]}
    assert errors[numbers[0]] is None and errors[numbers[2]] is None
    assert "not this portfolio" in errors[numbers[1]]
    assert [each["trades_executed"] for each in answer["results"]] == [1, 0, 1]
    assert floor.read(numbers[1])["current_balance"] == 1000


def test_a_batch_answers_for_every_portfolio_in_the_order_asked(floor: Floor) -> None:
    listed(floor, 1)
    numbers = [floor.portfolio(str(name)) for name in range(5)]
    floor.signals(numbers[3], floor.signal("polymarket:1", amount="50"))

    answer = exact(floor.paper.post("/paper-trading/execute-signals", json={"portfolio_ids": numbers[::-1]}))

    assert [each["portfolio_id"] for each in answer["results"]] == numbers[::-1]
    assert [each["trades_executed"] for each in answer["results"]] == [0, 1, 0, 0, 0]


def test_markets_that_cannot_be_asked_leave_the_signals_for_later(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1", amount="50"))
    markets = floor.paper.app.state.resources.markets  # type: ignore[attr-defined]
    there, markets.address = markets.address, "http://127.0.0.1:9"

    away = floor.paper.post("/paper-trading/execute-signals", params={"portfolio_id": portfolio})
    markets.address = there
    later = floor.execute(portfolio)

    assert (away.status_code, away.json()["error"]) == (503, "ServiceUnreachable")
    assert later["outcomes"] == {"filled": 1}


def test_what_time_it_is_counts_when_the_portfolio_is_free(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    late = datetime.now(UTC) + timedelta(seconds=2)
    floor.signals(portfolio, floor.signal("polymarket:1", amount="50", expires_at=late))

    with ThreadPoolExecutor(1) as caller, floor.database.transaction() as connection:
        connection.execute(text("SELECT FROM portfolios FOR UPDATE"))
        answer = caller.submit(floor.execute, portfolio)
        time.sleep(2.5)
        connection.commit()

    assert answer.result()["outcomes"] == {"expired": 1}
