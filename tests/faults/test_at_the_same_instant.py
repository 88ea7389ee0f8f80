"""Two crons at one instant, eight callers for the same signals: one of them does it, and it is done once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.faults.honesty import assert_nothing_left, assert_whole
from tests.faults.town import Town


def at_once(town: Town, callers: int, service: str, path: str, body: Any = None, **params: Any) -> list[Any]:
    """What each of them is answered."""
    together = Barrier(callers)

    def call(_: int) -> Any:
        together.wait()
        return town.post(service, path, body, **params)

    with ThreadPoolExecutor(callers) as crew:
        return list(crew.map(call, range(callers)))


def test_of_two_crons_one_runs_the_cycle_and_one_is_told_so(town: Town) -> None:
    town.cycle()
    before = town.rows("SELECT count(*) AS cycles FROM trading_cycles")[0]["cycles"]

    answers = at_once(town, 2, "orchestrator", "/trading/run-all-portfolios")

    ran, refused = sorted(answers, key=lambda answer: int(answer.status_code))
    assert (ran.status_code, refused.status_code) == (200, 409)
    assert refused.json()["facts"]["cycle_id"] == ran.json()["cycle_id"]
    assert town.rows("SELECT count(*) AS cycles FROM trading_cycles")[0]["cycles"] == before + 1
    assert_whole(town)


def test_eight_callers_of_the_same_signals_trade_once(town: Town) -> None:
    town.cycle()
    portfolio = town.make("eight callers")
    signals = town.post("strategy_baseline", "/strategy/generate-signals", {"portfolio_id": portfolio}).json()

    answers = at_once(town, 8, "paper_trading", "/paper-trading/execute-signals", portfolio_id=portfolio)

    assert [answer.status_code for answer in answers] == [200] * 8
    [row] = town.rows("SELECT count(*) AS trades FROM trades WHERE portfolio_id = %s", portfolio)
    assert row["trades"] == sum(answer.json()["trades_executed"] for answer in answers) > 0
    [row] = town.rows("SELECT count(*) AS decisions FROM decisions WHERE portfolio_id = %s", portfolio)
    assert row["decisions"] == sum(answer.json()["signals_considered"] for answer in answers)
    assert row["decisions"] == signals["signals_generated"]
    assert_whole(town)


def test_of_four_who_do_not_wait_one_begins_a_cycle(town: Town) -> None:
    town.cycle()

    answers = at_once(town, 4, "orchestrator", "/trading/run-all-portfolios", {"wait": False, "collect": False})

    accepted = [answer for answer in answers if answer.status_code == 202]
    assert len(accepted) == 1
    assert {answer.status_code for answer in answers} == {202, 409}
    town.good_cycle()
    assert_nothing_left(town)
