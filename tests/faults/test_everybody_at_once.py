"""Every command of the ledger by many callers at one time: nobody waits for another in a circle, every sum agrees."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

from tests.faults.honesty import History, assert_nothing_left, assert_whole
from tests.faults.town import Town

LONG = os.environ.get("FAULTS") == "long"
SECONDS = 60 if LONG else 5
CALLERS = 8
SEED = int(os.environ.get("FAULTS_SEED") or 20_261_121)
REFUSALS = (404, 409, 422)


def one_of_many(town: Town, random: Random, portfolios: list[int]) -> tuple[str, int]:
    """Something that somebody may ask for at any time, and how it was answered."""
    portfolio = random.choice(portfolios)
    some = random.sample(portfolios, random.randint(1, len(portfolios)))
    service, path, body = random.choice([
        ("paper_trading", "/paper-trading/update-prices", None),
        ("paper_trading", "/paper-trading/settle", None),
        ("paper_trading", "/paper-trading/watch-orders", None),
        ("paper_trading", "/paper-trading/execute-signals", {"portfolio_ids": some}),
        ("strategy_baseline", "/strategy/generate-signals", {"portfolio_ids": some}),
        ("orchestrator", "/trading/run-all-portfolios", {"collect": False}),
        ("paper_trading", f"/paper-trading/portfolios/{portfolio}/pause", {}),
        ("paper_trading", f"/paper-trading/portfolios/{portfolio}/resume", {}),
        ("paper_trading", "/paper-trading/breakers", {"portfolio_id": portfolio, "reason": "by hand"}),
    ])  # fmt: skip
    answer = town.post(service, path, body)
    if answer.status_code == 201:
        number = answer.json()["breaker_id"]
        town.post("paper_trading", f"/paper-trading/breakers/{number}/resolve", {"notes": "by hand"})
    assert answer.status_code < 400 or answer.status_code in REFUSALS, (path, answer.status_code, answer.text)
    return path.rsplit("/", 1)[-1], answer.status_code


def test_whoever_comes_at_once_nobody_waits_in_a_circle(town: Town) -> None:
    town.good_cycle()
    rows = town.rows("SELECT portfolio_id FROM portfolios WHERE strategy_type = 'baseline' AND status <> 'closed'")
    portfolios = [row["portfolio_id"] for row in rows]
    before, until, told = History.of(town), time.monotonic() + SECONDS, town.postgres.log.stat().st_size

    def caller(number: int) -> Counter[tuple[str, int]]:
        random, answered = Random(SEED + number), Counter[tuple[str, int]]()
        while time.monotonic() < until:
            answered[one_of_many(town, random, portfolios)] += 1
        return answered

    with ThreadPoolExecutor(CALLERS) as crew:
        answered = sum(crew.map(caller, range(CALLERS)), Counter[tuple[str, int]]())

    assert answered[("execute-signals", 200)] and answered[("settle", 200)], answered
    assert b"deadlock detected" not in town.postgres.log.read_bytes()[told:]
    assert_whole(town)
    assert before.still_stands(town)
    for portfolio in portfolios:
        town.post("paper_trading", f"/paper-trading/portfolios/{portfolio}/resume", {})
    town.good_cycle()
    assert_whole(town)
    assert_nothing_left(town)
