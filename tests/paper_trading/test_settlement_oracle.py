"""Three thousand recorded markets are settled as they are known to have ended, by the product's own road."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.markets import app as markets_service
from services.markets.resources import Settings as MarketsSettings
from services.paper_trading.settlement import settle
from shared.calls import Calls
from shared.database import Database
from tests.paper_trading.ledger import NOON, Ledger, assert_clean
from tests.services.conftest import UNLIMITED
from tests.services.listing import World, condition, gamma
from tests.serving import serving
from tests.venues.double import running_double

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
ORACLE = SHARED / "oracles" / "gamma_settlement.json"
EVENTS = SHARED / "polymarket" / "gamma_events_2024_2025.jsonl.gz"
OUTCOMES = {"yes": "first", "no": "second", "split": "split"}
A_PORTFOLIO = 500

pytestmark = pytest.mark.skipif(not (ORACLE.exists() and EVENTS.exists()), reason="the recorded data are not here")


def recorded() -> Iterator[dict[str, Any]]:
    with gzip.open(EVENTS, "rt") as lines:
        for line in lines:
            [market] = json.loads(line)["markets"]
            yield market


def as_gamma_sends_it(place: int, market: dict[str, Any]) -> dict[str, Any]:
    """The record has its lists decoded, and no word on the resolution: Gamma's final word is that of closed markets."""
    prices = json.dumps([f"{price:g}" for price in market["outcomePrices"]])
    own = {name: market[name] for name in ("id", "question", "slug", "endDate", "closed") if name in market}
    resolved = {"umaResolutionStatus": "resolved"} if market["closed"] else {}
    return gamma(place, **{**own, "outcomes": json.dumps(market["outcomes"]), "outcomePrices": prices, **resolved})


def test_every_recorded_market_ends_as_it_is_known_to_have_ended(
    fresh_database: Database, fresh_database_url: str
) -> None:
    oracle = json.loads(ORACLE.read_text())["dev"]
    originals = {market["id"]: market for market in recorded()}
    rows = [as_gamma_sends_it(place, market) for place, market in enumerate(originals.values())]
    ledger = Ledger(fresh_database)
    with ledger.all_together():
        for place, row in enumerate(rows):
            if place % A_PORTFOLIO == 0:
                portfolio = ledger.portfolio(f"from {place}", cash="10000")
            stored = ledger.market(int(row["id"]), condition_id=condition(place))
            ledger.buy(portfolio, stored, "yes", quantity="10", price="0.50")

    with ExitStack() as running:
        world = World(running.enter_context(running_double()))
        world.gamma_markets = rows
        chosen: dict[str, Any] = {"database_url": fresh_database_url, **world.addresses, **UNLIMITED}
        url = running.enter_context(serving(markets_service.markets_app(MarketsSettings(**chosen))))
        answer = settle(fresh_database, Calls("markets", url), lambda: NOON)
        again = settle(fresh_database, Calls("markets", url), lambda: NOON)

    assert answer["markets_checked"] == len(rows) == oracle["events"]
    assert answer["failed"] == 0, answer["failures"][:3]
    found = ledger.rows("SELECT market_id, external_id, status, outcome, payout_yes FROM markets")
    classes: dict[str, str] = {}
    for row in found:
        closed = originals[row["external_id"]]["closed"]
        ended = OUTCOMES[row["outcome"]] if row["status"] == "final" else "invalid" if closed else "open"
        classes[row["external_id"]] = ended
    assert Counter(classes.values()) == oracle["classes"]
    for market_id, prices in oracle["odd_settlements"]:
        assert classes[market_id] == ("split" if prices == [0.5, 0.5] else "invalid")

    paid = oracle["classes"]["first"] * 10 + oracle["classes"]["split"] * 5
    assert (answer["paid"], again["positions_settled"], again["paid"]) == (Decimal(paid), 0, 0)
    unpaid = ledger.rows(
        "SELECT m.external_id FROM portfolio_positions p JOIN markets m USING (market_no) WHERE p.status = 'open'"
    )
    assert {classes[row["external_id"]] for row in unpaid} == {"open", "invalid"}
    assert len(unpaid) == oracle["classes"]["open"] + oracle["classes"]["invalid"]
    assert_clean(fresh_database)
