"""Marks: what held sides are worth, for all portfolios in a few statements."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from services.paper_trading.storage.marks import write_marks
from shared.database import Database
from tests.paper_trading.ledger import NOON, Ledger, assert_clean

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def ledger(fresh_database: Database) -> Ledger:
    return Ledger(fresh_database)


def marked(ledger: Ledger, answered: Sequence[int], failed: Sequence[int] = (), at: datetime = LATER) -> Any:
    with ledger.database.transaction() as connection:
        asked = {**dict.fromkeys(answered, True), **dict.fromkeys(failed, False)}
        return write_marks(connection, asked, at)


def test_each_side_is_worth_what_somebody_bids_for_it(ledger: Ledger) -> None:
    market = ledger.market(1)
    yes, no = ledger.portfolio("yes"), ledger.portfolio("no")
    held_yes = ledger.buy(yes, market, "yes", "100", "0.40", fee="1.50", mark="0.39")
    held_no = ledger.buy(no, market, "no", "50", "0.60", mark="0.59")
    ledger.quote(market, "0.45", "0.47")

    done = marked(ledger, [market])

    assert (done.positions, done.updated, done.stale, done.portfolios) == (2, 2, 0, 2)
    first, second = ledger.position_row(held_yes), ledger.position_row(held_no)
    assert (first["mark_bid"], first["mark_mid"]) == (Decimal("0.45"), Decimal("0.46"))
    assert (second["mark_bid"], second["mark_mid"]) == (Decimal("0.53"), Decimal("0.54"))
    assert (first["liquidation_value"], first["unrealized_pnl"]) == (45, 5)
    assert (second["liquidation_value"], second["unrealized_pnl"]) == (Decimal("26.5"), Decimal("-3.5"))
    assert ledger.portfolio_row(yes)["liquidation_value"] == 45
    assert ledger.portfolio_row(no)["unrealized_pnl"] == Decimal("-3.5")
    assert ledger.portfolio_row(yes)["last_price_update"] == LATER
    assert_clean(ledger.database)
