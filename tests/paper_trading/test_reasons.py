"""Every signal gets a decision, and a decision not to trade says why."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.signals import Generation, write_generations
from shared.trading.reasons import OUTCOMES
from tests.paper_trading.conftest import Floor
from tests.paper_trading.test_execution import listed
from tests.services.listing import gamma, gamma_book


def outcome_of(floor: Floor, portfolio: int, action: str = "buy_yes", **facts: Any) -> tuple[str, str | None]:
    """What becomes of one signal in market 1."""
    floor.signals(portfolio, floor.signal("polymarket:1", action, **facts))
    floor.execute(portfolio)
    newest = floor.rows("decisions", portfolio_id=portfolio, limit=1)[0]
    assert newest["outcome"] in OUTCOMES
    return newest["outcome"], newest["detail"]


def test_more_than_the_book_holds_within_the_limit_is_a_partial_fill(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()

    outcome, _ = outcome_of(floor, portfolio, quantity="400", limit="0.50")

    assert outcome == "partial"
    [trade] = floor.rows("trades", portfolio_id=portfolio)
    assert trade["quantity"] == 350


def test_nothing_within_the_limit_means_that_the_price_moved(floor: Floor) -> None:
    listed(floor, 1)

    assert outcome_of(floor, floor.portfolio(), limit="0.48")[0] == "price_moved"


def test_a_market_without_a_book_is_skipped(floor: Floor) -> None:
    floor.world.gamma_markets = [gamma(1)]
    floor.collect()

    assert outcome_of(floor, floor.portfolio())[0] == "no_book"


def test_a_market_that_takes_no_orders_is_closed(floor: Floor) -> None:
    floor.world.gamma_markets = [gamma(1, acceptingOrders=False)]
    floor.world.books = [gamma_book(1)]
    floor.collect()

    assert outcome_of(floor, floor.portfolio())[0] == "market_closed"


def test_less_than_the_venue_takes_is_below_the_minimum(floor: Floor) -> None:
    listed(floor, 1)

    assert outcome_of(floor, floor.portfolio(), amount="0.50")[0] == "below_minimum"


def test_a_limit_between_two_ticks_is_off_the_grid(floor: Floor) -> None:
    listed(floor, 1)

    assert outcome_of(floor, floor.portfolio(), limit="0.505")[0] == "off_tick"


def test_what_is_not_held_cannot_be_sold(floor: Floor) -> None:
    listed(floor, 1)

    assert outcome_of(floor, floor.portfolio(), "sell_yes", quantity="5")[0] == "not_held"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"max_positions": 1}, "max_positions"),
        ({"max_exposure": Decimal("0.05")}, "max_exposure"),
        ({"max_position_size": 60}, "max_position_size"),
    ],
)
def test_a_limit_of_the_portfolio_holds_at_the_fill(floor: Floor, config: dict[str, Any], reason: str) -> None:
    listed(floor, 1, 2)
    portfolio = floor.portfolio(**config)
    floor.signals(portfolio, floor.signal("polymarket:2", amount="20"))
    floor.execute(portfolio)

    assert outcome_of(floor, portfolio, amount="80")[0] == reason


def test_an_override_replaces_a_limit_until_it_expires(floor: Floor) -> None:
    listed(floor, 1, 2)
    portfolio = floor.portfolio(max_positions=1)
    floor.signals(portfolio, floor.signal("polymarket:2", amount="20"))
    floor.execute(portfolio)
    with floor.database.transaction() as connection:
        add = text("""INSERT INTO config_overrides (portfolio_id, config_key, override_value, reason, applied_at,
            expires_at) VALUES (:id, 'max_positions', '2', 'a test of wider limits', :now, :then)""")
        now = datetime.now(UTC)
        connection.execute(add, {"id": portfolio, "now": now, "then": now + timedelta(minutes=5)})

    assert outcome_of(floor, portfolio, amount="80")[0] == "filled"


def test_an_open_breaker_stops_buying_and_lets_go_of_what_is_held(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    outcome_of(floor, portfolio, quantity="20")
    with floor.database.transaction() as connection:
        trip = text("""INSERT INTO circuit_breaker_events (portfolio_id, breaker_type, reason, trigger_value,
            triggered_at) VALUES (NULL, 'manual', 'a look at it', '{}', now())""")
        connection.execute(trip)

    assert outcome_of(floor, portfolio) == ("breaker_open", "manual: a look at it")
    assert outcome_of(floor, portfolio, "sell_yes", quantity="20")[0] == "filled"


def test_an_old_signal_expires(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    then = datetime.now(UTC) - timedelta(hours=2)
    generation = Generation(portfolio, "momentum", None, 0, 0, [floor.signal("polymarket:1")], {})
    with floor.database.transaction() as connection:
        write_generations(connection, [generation], then, then + timedelta(days=1))

    assert floor.execute(portfolio)["outcomes"] == {"expired": 1}


def test_signals_of_an_older_run_give_way_to_the_newer_one(floor: Floor) -> None:
    listed(floor, 1, 2)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1"))
    floor.signals(portfolio, floor.signal("polymarket:2"))

    answer = floor.execute(portfolio)

    assert answer["outcomes"] == {"superseded": 1, "filled": 1}


def test_legs_are_filled_all_or_none(floor: Floor) -> None:
    listed(floor, 1, 2)
    portfolio, pair = floor.portfolio(), uuid4()
    legs = [
        floor.signal("polymarket:1", quantity="50", group_id=pair),
        floor.signal("polymarket:2", quantity="50", limit="0.40", group_id=pair),
    ]
    floor.signals(portfolio, *legs)

    answer = floor.execute(portfolio)

    assert answer["outcomes"] == {"group_broken": 2}
    assert "polymarket:2 would have been price_moved" in answer["skips"][0]["detail"]
    assert answer["new_balance"] == 1000


def test_legs_that_all_fit_are_all_filled(floor: Floor) -> None:
    listed(floor, 1, 2)
    portfolio, pair = floor.portfolio(), uuid4()
    legs = [floor.signal(f"polymarket:{number}", quantity="50", group_id=pair) for number in (1, 2)]
    floor.signals(portfolio, *legs)

    assert floor.execute(portfolio)["outcomes"] == {"filled": 2}


def test_a_portfolio_uses_up_its_copy_of_a_book_and_another_one_does_not_notice(floor: Floor) -> None:
    listed(floor, 1)
    first, second = floor.portfolio("first"), floor.portfolio("second")
    signals = [floor.signal("polymarket:1", quantity="100") for _ in range(2)]
    floor.signals(first, *signals)
    floor.signals(second, signals[0])

    floor.paper.post("/paper-trading/execute-signals", json={"portfolio_ids": [first, second]})

    later, earlier = floor.rows("trades", portfolio_id=first)
    [other] = floor.rows("trades", portfolio_id=second)
    assert (earlier["price"], later["price"]) == (Decimal("0.49"), Decimal("0.5"))
    assert other["price"] == Decimal("0.49")


def test_what_was_taken_from_a_book_stays_taken_when_the_same_book_is_seen_again(floor: Floor) -> None:
    listed(floor, 1)
    portfolio = floor.portfolio()
    outcome_of(floor, portfolio, quantity="100")

    outcome_of(floor, portfolio, quantity="100")

    later, earlier = floor.rows("trades", portfolio_id=portfolio)
    assert later["book_at"] == earlier["book_at"]
    assert later["price"] == Decimal("0.5")
