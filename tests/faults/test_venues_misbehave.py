"""Every fault that the sandbox knows, in the middle of cycles: they end with an honest word, and the next one works."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import pytest

from services.sandbox.faults import DECREES, Kind
from tests.faults.honesty import assert_honest, assert_nothing_left, assert_whole
from tests.faults.town import Town

LONG = os.environ.get("FAULTS") == "long"
KINDS: tuple[str, ...] = get_args(Kind)
BACK_SECONDS_MAX = 45.0  # a venue that was away is asked again after half a minute
MORE: dict[str, dict[str, Any]] = {
    "latency": {"delay": 0.2},
    "timeout": {"delay": 0.5, "count": 4},
    "429": {"retry_after": 0},
    "status_503": {"retry_after": 0},
    "missing_field": {"field": "question"},
    "mistyped_field": {"field": "status", "value": ["what", "is", "this"]},
    "stale_book": {"age": 900},
    "venue_down": {"venue": "polymarket"},
}
HELD = """
SELECT m.external_id FROM portfolio_positions p JOIN markets m USING (market_no)
WHERE p.status = 'open' AND m.status = 'open' GROUP BY m.external_id ORDER BY m.external_id LIMIT 1 OFFSET %s
"""
# The long form meets each of them alone, the short one all of them together.
STORMS = tuple((kind,) for kind in KINDS) if LONG else (KINDS,)


def orders_of(town: Town, storm: tuple[str, ...]) -> list[dict[str, Any]]:
    """What results are decreed for is held by somebody."""
    orders = []
    for place, kind in enumerate(storm):
        order: dict[str, Any] = {"kind": kind, "share": 0.7 if LONG else 0.2, **MORE.get(kind, {})}
        if kind in DECREES:
            order["market"] = town.rows(HELD, place)[0]["external_id"]
        orders.append(order)
    return orders


def works_again(town: Town) -> float:
    """Seconds until a cycle was a success."""
    began = time.monotonic()
    while (answer := town.cycle())["status"] != "success":
        assert_honest(answer)
        assert time.monotonic() - began < BACK_SECONDS_MAX, answer
        time.sleep(0.5)
    return time.monotonic() - began


@pytest.mark.parametrize("storm", STORMS, ids=[storm[0] if LONG else "all" for storm in STORMS])
def test_a_cycle_among_faults_is_honest_and_the_next_one_works(town: Town, storm: tuple[str, ...]) -> None:
    town.cycle()
    orders = orders_of(town, storm)

    with ThreadPoolExecutor(1) as callers:
        running = callers.submit(town.cycle)
        time.sleep(0.1)
        town.fault(*orders)
        answers = [running.result(), town.cycle()]
    town.post("paper_trading", "/paper-trading/settle")
    assert_whole(town)
    town.no_faults()

    for answer in answers:
        assert_honest(answer)
    works_again(town)
    assert_whole(town)
    assert_nothing_left(town)
