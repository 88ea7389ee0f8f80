"""Overrides: a closed set of keys, checked values, a reason and an end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.paper_trading import overrides
from services.paper_trading.domain.overriding import KEYS
from shared.database import Database
from tests.paper_trading.conftest import Floor
from tests.paper_trading.ledger import NOON, Ledger
from tests.paper_trading.test_execution import listed
from tests.services.conftest import exact

PATH = "/paper-trading/overrides"


def soon() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def asked(**changes: Any) -> dict[str, Any]:
    return {"config_key": "max_exposure", "value": 0.25, "reason": "election night", "expires_at": soon(), **changes}


def standing(ledger: Ledger, portfolio_id: int | None, now: datetime = NOON) -> dict[str, Decimal]:
    with ledger.database.connection() as connection:
        return dict(overrides.effective(connection, portfolio_id, now))


def applied(ledger: Ledger, key: str, value: str, portfolio_id: int | None = None, hours: int = 1) -> None:
    until = NOON + timedelta(hours=hours)
    overrides.apply(ledger.database, portfolio_id, key, Decimal(value), "told so", None, until, NOON)


@pytest.fixture
def ledger(fresh_database: Database) -> Ledger:
    return Ledger(fresh_database)


def test_one_for_a_portfolio_wins_over_one_for_all_and_a_newer_over_an_older(ledger: Ledger) -> None:
    first, second = ledger.portfolio("first"), ledger.portfolio("second")
    applied(ledger, "max_exposure", "0.1", first)
    applied(ledger, "max_exposure", "0.5")
    applied(ledger, "max_exposure", "0.4")
    applied(ledger, "max_positions", "3", second)

    assert standing(ledger, first) == {"max_exposure": Decimal("0.1")}
    assert standing(ledger, second) == {"max_exposure": Decimal("0.4"), "max_positions": 3}
    assert standing(ledger, None) == {"max_exposure": Decimal("0.4")}


def test_it_holds_until_its_end_and_no_longer(ledger: Ledger) -> None:
    applied(ledger, "max_exposure", "0.1", hours=2)

    assert standing(ledger, None, NOON + timedelta(minutes=119)) == {"max_exposure": Decimal("0.1")}
    assert standing(ledger, None, NOON + timedelta(hours=2)) == {}


def test_a_withdrawn_one_stands_in_the_books_and_holds_no_more(floor: Floor) -> None:
    row = exact(floor.paper.post(PATH, json=asked(applied_by="operations")))
    withdraw = f"{PATH}/{row['override_id']}/withdraw"

    withdrawn = exact(floor.paper.post(withdraw))

    assert (row["standing"], row["value"], row["applied_by"]) == (True, Decimal("0.25"), "operations")
    assert (withdrawn["standing"], withdrawn["withdrawn_at"] is None) == (False, False)
    assert floor.rows("overrides", standing=True) == []
    assert [each["override_id"] for each in floor.rows("overrides")] == [row["override_id"]]
    assert floor.paper.post(withdraw).status_code == 409
    assert floor.paper.post(f"{PATH}/999/withdraw").status_code == 404


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"config_key": "max_fun"}, "UnknownKey", "There is no config_key max_fun; the keys are api_failures_max, "),
        ({"value": 1.5}, "WrongValue", "max_exposure must be a number from 0 to 1 (share), not 1.5."),
        ({"value": "a half"}, "WrongValue", "max_exposure must be a number from 0 to 1 (share), not text."),
        ({"value": True}, "WrongValue", "not true or false"),
        ({"value": None}, "WrongValue", "not null"),
        ({"value": [1]}, "WrongValue", "not a list"),
        ({"config_key": "max_positions", "value": 2.5}, "WrongValue", "a whole number from 0 to 10000 (positions)"),
        ({"config_key": "book_age_max_seconds", "value": 0}, "WrongValue", "from 1 to 3600 (seconds), not 0"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "ExpiryPassed", "needs an end that is still to come"),
        (
            {"config_key": "price_update_seconds", "value": 60, "portfolio_id": 1},
            "NotOfPortfolio",
            "leave portfolio_id",
        ),
        ({"portfolio_id": 999}, "PortfolioNotFound", "no portfolio"),
        ({"reason": " "}, "Invalid", "reason"),
        ({"reason": None}, "Invalid", "reason"),
        ({"expires_at": None}, "Invalid", "expires_at"),
        ({"unknown": 1}, "Invalid", "unknown"),
    ],
)
def test_what_cannot_be_set_is_said_in_a_sentence(floor: Floor, changes: dict[str, Any], error: str, says: str) -> None:
    floor.portfolio()

    answer = floor.paper.post(PATH, json=asked(**changes))

    body = answer.json()
    assert answer.status_code in (404, 422)
    assert (body["error"], says in body["detail"]) == (error, True), body["detail"]
    assert floor.rows("overrides") == []


def test_every_key_takes_its_bounds_and_nothing_beyond_them() -> None:
    for name, key in KEYS.items():
        step = Decimal(1) if key.whole else Decimal("0.001")
        assert key.wrong(key.least) is None, name
        assert key.wrong(key.most) is None, name
        assert key.wrong(key.least - step), name
        assert key.wrong(key.most + step), name
        assert key.wrong(Decimal("NaN")), name


def test_a_limit_that_is_overridden_holds_at_the_next_execution(floor: Floor) -> None:
    listed(floor, 1, 2)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1"))
    floor.execute(portfolio)
    answer = floor.paper.post(PATH, json=asked(config_key="max_positions", value=1, portfolio_id=portfolio))
    assert answer.status_code == 201, answer.text
    floor.signals(portfolio, floor.signal("polymarket:2"))

    assert floor.execute(portfolio)["outcomes"] == {"max_positions": 1}


def test_overrides_are_listed_page_by_page_newest_first(floor: Floor) -> None:
    for value in (0.1, 0.2, 0.3):
        assert floor.paper.post(PATH, json=asked(value=value)).status_code == 201

    first = exact(floor.paper.get(PATH, params={"limit": 2}))
    second = exact(floor.paper.get(PATH, params={"limit": 2, "cursor": first["cursor"]}))

    assert [row["value"] for row in first["overrides"]] == [Decimal("0.3"), Decimal("0.2")]
    assert [row["value"] for row in second["overrides"]] == [Decimal("0.1")]
    assert second["cursor"] is None
