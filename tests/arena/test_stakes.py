"""What a decision asks for: the side, the stake, and the highest price that the venue takes and the model allows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.arena.domain.completions import CallFailure
from services.arena.domain.config import ModelConfig
from services.arena.domain.decisions import Decision
from services.arena.domain.retries import pause_before_retry
from services.arena.domain.stakes import Bet, NoBet, Terms, Undecided, bet_of
from shared.trading.books import Grid, NoGrid
from shared.trading.fees import PolymarketFees, UnreadableTerms
from shared.trading.limits import Sizing
from tests.arena.conftest import Doors
from tests.arena.provider import decided
from tests.services import listing

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)
FEE = PolymarketFees(Decimal("0.05"), Decimal(1), "sports")
CENTS = Grid.of(Decimal("0.01"))
TERMS = Terms(FEE, CENTS)


def bet(
    position: str = "YES",
    max_price: str | None = None,
    balance: str = "100000",
    terms: Terms = TERMS,
    **facts: Any,
) -> Bet | NoBet:
    told: Any = position
    decision = Decision(
        told,
        Decimal("0.6"),
        facts.pop("confidence", Decimal("0.5")),
        "Clear.",
        Decimal(max_price) if max_price else None,
    )
    quote = {"yes_bid": Decimal("0.40"), "yes_ask": Decimal("0.42")} | facts
    undecided = Undecided(uuid4(), 1, 7, decision, close_time=LATER, **quote)
    return bet_of(undecided, ModelConfig(model="ada"), Decimal(balance), terms, NOON)


@pytest.mark.parametrize(
    ("position", "max_price", "limit"),
    [
        ("YES", None, "0.44"),  # the ask and two cents
        ("NO", None, "0.62"),
        ("YES", "0.455", "0.45"),  # never above what the model says
        ("NO", "0.615", "0.61"),
        ("YES", "0.999", "0.99"),
    ],
)
def test_the_limit_stands_on_the_venues_grid_and_not_above_the_models_price(
    position: str, max_price: str | None, limit: str
) -> None:
    found = bet(position, max_price)

    assert isinstance(found, Bet)
    assert found.limit_price == Decimal(limit)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"max_price": "0.001"}, "below_minimum"),  # the venue takes no price that low
        ({"yes_ask": None}, "no_quote"),
        ({"position": "NO", "yes_bid": None}, "no_quote"),
        ({"confidence": Decimal(0)}, "confidence_zero"),
        ({"balance": "99.99"}, "insufficient_cash"),
        ({"terms": Terms(UnreadableTerms("nobody told"), CENTS)}, "fees_unknown"),
        ({"terms": Terms(FEE, NoGrid("nobody told"))}, "tick_unknown"),
    ],
)
def test_where_there_is_no_bet_there_is_a_reason(facts: dict[str, Any], reason: str) -> None:
    assert bet(**facts) == NoBet(reason)


def test_a_bet_does_not_outlive_its_event() -> None:
    found = bet_of(
        Undecided(uuid4(), 1, 7, Decision("YES", Decimal("0.6"), Decimal(1), ""), None, Decimal("0.42"), NOON),
        ModelConfig(model="ada", sizing=Sizing(method="fixed", amount=Decimal(50))),
        Decimal(1_000),
        TERMS,
        LATER,
    )

    assert isinstance(found, Bet)
    assert (found.amount, found.expires_at) == (50, NOON)


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (CallFailure("rate_limited", "", 429, retry_after_seconds=7.0), 7.0),
        (CallFailure("rate_limited", "", 429, retry_after_seconds=90.0), None),  # longer than there is time
        (CallFailure("unreachable", ""), 1.0),
        (CallFailure("provider_failed", "", 503, latency_ms=40), 1.0),
        (CallFailure("provider_failed", "", 503, latency_ms=30_000), None),  # a model may have been at work
        (CallFailure("no_credit", "", 402), None),
        (CallFailure("broken_off", "", said="We"), None),
        (CallFailure("timed_out", ""), None),
    ],
)
def test_only_what_was_certainly_not_charged_is_asked_again(failure: CallFailure, pause: float | None) -> None:
    assert pause_before_retry(failure, 1, 60.0) == pause
    assert pause_before_retry(failure, 3, 60.0) is None


def test_two_stakes_of_one_portfolio_wait_for_each_other(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.world.gamma_markets.append(listing.gamma(2, endDate=hall.world.gamma_markets[0]["endDate"]))
    hall.world.books.append(
        listing.gamma_book(2, bids=[{"price": "0.40", "size": "100000"}], asks=[{"price": "0.42", "size": "100000"}])
    )
    hall.collect()
    hall.provider.says("test/ada", decided("YES", 0.7, 1))
    hall = doors.open("ada")
    number = hall.get("/models/ada")["portfolio_id"]

    with hall.database.transaction() as somebody:
        somebody.execute(text("SELECT pg_advisory_xact_lock(hashtext('coliseum.stakes'), :id)"), {"id": number})
        events = [hall.meet(market) for market in (one_market, "polymarket:2")]
        hall.until(lambda: all(hall.sessions(event).get("ada", {}).get("final_position") for event in events))
        assert [hall.sessions(event)["ada"]["bet_amount"] for event in events] == [None, None]
    hall.until(hall.placed)

    assert sorted(hall.sessions(event)["ada"]["bet_amount"] for event in events) == [9_000, 10_000]
