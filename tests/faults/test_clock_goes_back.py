"""The clock goes back under the ledger: nothing is done twice, nothing is paid early, and every sum still agrees."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.paper_trading.conftest import Floor, floor  # noqa: F401
from tests.paper_trading.ledger import Ledger, assert_clean
from tests.paper_trading.test_execution import listed
from tests.services.listing import resolved

POLYMARKET = "polymarket:1"
DONE = ("decisions", "trades", "cash_entries", "settlements", "portfolio_positions")
Shift = Callable[[timedelta], None]


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Shift:
    """Sets the clock of the paper trading service by so much."""

    def shifted(by: timedelta) -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("services.paper_trading.routes.") and hasattr(module, "clock"):
                monkeypatch.setattr(module, "clock", lambda: datetime.now(UTC) + by)

    return shifted


@pytest.mark.parametrize("by", [timedelta(seconds=-30), timedelta(hours=-2), timedelta(days=-40)])
def test_signals_are_acted_on_once_whenever_they_seem_to_be_made(floor: Floor, shift: Shift, by: timedelta) -> None:  # noqa: F811
    listed(floor, 1)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal(POLYMARKET, quantity="50"))

    shift(by)
    first = floor.execute(portfolio)
    shift(timedelta(0))
    second = floor.execute(portfolio)

    assert (first["outcomes"], second["outcomes"]) == ({"filled": 1}, {})
    assert_clean(floor.database)


def test_marks_orders_and_payments_survive_a_clock_that_jumps(floor: Floor, shift: Shift) -> None:  # noqa: F811
    listed(floor, 1)
    portfolio = floor.portfolio()
    waiting = floor.signal(POLYMARKET, quantity="50", limit="0.47", order_kind="limit")
    floor.signals(portfolio, floor.signal(POLYMARKET, quantity="50"), waiting)
    shift(timedelta(seconds=30))
    assert floor.execute(portfolio)["outcomes"] == {"filled": 1, "resting": 1}

    for hours in (-3, 2, -50, 0):
        shift(timedelta(hours=hours))
        for command in ("update-prices", "watch-orders", "settle"):
            answer = floor.paper.post(f"/paper-trading/{command}")
            assert answer.status_code == 200, answer.text
        assert_clean(floor.database)
    floor.world.gamma_markets = [resolved(1)]
    shift(timedelta(hours=-5))
    paid = floor.paper.post("/paper-trading/settle").json()
    before = Ledger(floor.database).places(*DONE)
    shift(timedelta(hours=5))
    again = floor.paper.post("/paper-trading/settle").json()

    assert (paid["positions_settled"], Decimal(str(paid["paid"]))) == (1, 50)
    assert (again["positions_settled"], again["corrections"]) == (0, 0)
    assert Ledger(floor.database).places(*DONE) == before
    assert floor.read(portfolio)["reserved_balance"] == 0
    assert_clean(floor.database)
