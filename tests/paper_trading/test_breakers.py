"""Breakers: what stops buying, what lets it go on, and what they leave in the books."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.paper_trading import breakers
from services.paper_trading.domain.breaking import API_FAILURES_MAX, API_WINDOW
from shared.database import Database
from shared.json_bytes import encoded
from tests.paper_trading.conftest import Floor
from tests.paper_trading.ledger import NOON, Ledger, assert_clean
from tests.paper_trading.test_execution import listed
from tests.services.conftest import exact

ONE_DAY = timedelta(days=1)
AGE_MAX = timedelta(hours=1)
YESTERDAY = NOON - ONE_DAY
FIGURES = (
    "current_balance",
    "total_invested",
    "liquidation_value",
    "realized_pnl",
    "unrealized_pnl",
    "total_pnl",
    "fees_paid",
    "open_positions",
    "trade_count",
)


@pytest.fixture
def ledger(fresh_database: Database) -> Ledger:
    return Ledger(fresh_database)


def look(ledger: Ledger, now: datetime = NOON, **facts: Any) -> list[tuple[str, int | None]]:
    """What is open after a look."""
    standing = breakers.trip_and_resolve(ledger.database, facts.pop("age_max", AGE_MAX), now, **facts)
    return [(breaker.breaker_type, breaker.portfolio_id) for breaker in standing]


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.rows("SELECT * FROM circuit_breaker_events ORDER BY breaker_id")


def loser(ledger: Ledger, loss: str, at: datetime = YESTERDAY, **config: Any) -> int:
    """Has bought for 400 dollars what could be sold for `loss` less."""
    portfolio = ledger.portfolio(f"loses {loss} {config}", at=at, **config)
    worth = (400 - Decimal(loss)) / 1000
    ledger.buy(portfolio, ledger.market(len(loss) * 100 + portfolio), quantity="1000", mark=str(worth))
    return portfolio


def snapshot(ledger: Ledger, portfolio_id: int, day: date, equity: str) -> None:
    names = ", ".join(FIGURES)
    ledger.write(
        f"""INSERT INTO portfolio_history (portfolio_id, snapshot_date, taken_at, equity, {names})
        VALUES (:id, :day, :at, :equity, {", ".join("0" for _ in FIGURES)})""",
        {"id": portfolio_id, "day": day, "at": NOON, "equity": Decimal(equity)},
    )


def point(ledger: Ledger, portfolio_id: int, at: datetime, equity: str) -> None:
    names = ", ".join(FIGURES)
    ledger.write(
        f"""INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, equity, {names})
        VALUES (:id, :at, :cycle, true, :equity, {", ".join("0" for _ in FIGURES)})""",
        {"id": portfolio_id, "at": at, "cycle": uuid4(), "equity": Decimal(equity)},
    )


def sync(ledger: Ledger, at: datetime, status: str = "success", **errors: str | None) -> None:
    """A collection of both venues that ended then; a venue with an error was not collected."""
    venues: Mapping[str, Any] = {name: {"error": errors.get(name)} for name in ("polymarket", "kalshi")}
    ledger.write(
        """INSERT INTO market_syncs (sync_id, status, started_at, finished_at, reported_at, platforms)
        VALUES (:id, :status, :at, :at, :at, CAST(:venues AS jsonb))""",
        {"id": uuid4(), "status": status, "at": at, "venues": encoded(venues).decode()},
    )


def test_a_loss_beyond_the_limit_of_the_day_stops_that_portfolio_alone(ledger: Ledger) -> None:
    over = loser(ledger, "100", daily_loss_limit=100)
    loser(ledger, "99.99", daily_loss_limit=100)
    loser(ledger, "100")

    standing = look(ledger)

    [row] = rows(ledger)
    assert standing == [("daily_loss_limit", over)]
    assert row["reason"] == "100.00 dollars of equity are lost since 00:00 UTC, and the limit is 100.00"
    assert row["trigger_value"]["equity"] == 900
    assert row["trigger_value"]["equity_at_start"] == 1000
    assert row["resolved_at"] is None


def test_looking_again_opens_nothing_twice(ledger: Ledger) -> None:
    loser(ledger, "100", daily_loss_limit=100)
    look(ledger)

    look(ledger, NOON + timedelta(hours=1))

    assert len(rows(ledger)) == 1


def test_the_next_day_lets_it_go_on_and_measures_from_there(ledger: Ledger) -> None:
    portfolio = loser(ledger, "100", daily_loss_limit=100)
    look(ledger)
    snapshot(ledger, portfolio, NOON.date(), "900")

    standing = look(ledger, NOON + timedelta(hours=13))

    [row] = rows(ledger)
    assert standing == []
    assert (row["resolution_action"], row["resolved_at"]) == ("a new day has begun", NOON + timedelta(hours=13))


@pytest.mark.parametrize(
    ("yesterday", "older", "first", "stops"),
    [
        ("990", "100", "100", True),  # 90 of the snapshot of yesterday
        ("970", "2000", "2000", False),
        (None, "100", "990", True),  # no snapshot: the first point of today
        (None, "2000", "970", False),
        (None, "990", None, True),  # neither: the newest that we have
        (None, "970", None, False),
        (None, None, None, True),  # what it was made with
    ],
)
def test_the_day_begins_with_the_nearest_equity_that_is_known(
    ledger: Ledger, yesterday: str | None, older: str | None, first: str | None, stops: bool
) -> None:
    """The portfolio has 900 dollars and may lose 90 a day."""
    portfolio = loser(ledger, "100", at=NOON - 9 * ONE_DAY, daily_loss_limit=90)
    if yesterday:
        snapshot(ledger, portfolio, YESTERDAY.date(), yesterday)
    if older:
        snapshot(ledger, portfolio, (NOON - 4 * ONE_DAY).date(), older)
    if first:
        point(ledger, portfolio, NOON - timedelta(hours=11), first)
        point(ledger, portfolio, NOON - timedelta(hours=1), "5000")

    assert look(ledger) == ([("daily_loss_limit", portfolio)] if stops else [])


def test_a_limit_that_an_operator_sets_counts(ledger: Ledger) -> None:
    portfolio = loser(ledger, "100", daily_loss_limit=500)
    ledger.write(
        """INSERT INTO config_overrides (portfolio_id, config_key, override_value, reason, applied_at, expires_at)
        VALUES (:id, 'daily_loss_limit', '50', 'told so', :at, :until)""",
        {"id": portfolio, "at": YESTERDAY, "until": NOON + ONE_DAY},
    )

    assert look(ledger) == [("daily_loss_limit", portfolio)]


def test_who_was_let_go_on_by_hand_is_not_stopped_again_on_that_day(ledger: Ledger) -> None:
    portfolio = loser(ledger, "100", daily_loss_limit=100)
    look(ledger)
    breakers.resolve_by_hand(ledger.database, rows(ledger)[0]["breaker_id"], "seen and accepted", NOON)

    assert look(ledger, NOON + timedelta(hours=1)) == []
    snapshot(ledger, portfolio, NOON.date(), "1000")
    assert look(ledger, NOON + ONE_DAY) == [("daily_loss_limit", portfolio)]


def test_failed_calls_in_a_row_stop_all_until_one_succeeds(ledger: Ledger) -> None:
    for _ in range(API_FAILURES_MAX - 1):
        breakers.note_call(ledger.database, False, NOON)
    assert look(ledger) == []
    breakers.note_call(ledger.database, False, NOON)

    assert look(ledger) == [("api_failures", None)]

    breakers.note_call(ledger.database, True, NOON)
    assert look(ledger) == []
    assert rows(ledger)[0]["resolution_action"] == "a call succeeded"


def test_failures_with_a_success_between_them_or_far_apart_do_not_add_up(ledger: Ledger) -> None:
    for number in range(API_FAILURES_MAX * 2):
        breakers.note_call(ledger.database, number % 3 == 0, NOON)
    assert look(ledger) == []
    for number in range(API_FAILURES_MAX * 2):
        breakers.note_call(ledger.database, False, NOON + number * (API_WINDOW + timedelta(seconds=1)))
    assert look(ledger) == []


def test_data_that_nobody_collected_for_too_long_stop_buying_at_that_venue(ledger: Ledger) -> None:
    sync(ledger, NOON - timedelta(minutes=90))
    sync(ledger, NOON - timedelta(minutes=5), "partial", kalshi="ConnectionError")

    assert look(ledger) == [("data_stale", None)]

    with ledger.database.connection() as connection:
        [breaker] = breakers.open_breakers(connection, 1)
    assert breaker.platforms == ("kalshi",)
    assert breaker.stops("kalshi") and not breaker.stops("polymarket")
    sync(ledger, NOON)
    assert look(ledger) == []
    assert rows(ledger)[0]["resolution_action"] == "the data are fresh again"


def test_a_second_venue_that_goes_stale_is_a_new_breaker(ledger: Ledger) -> None:
    sync(ledger, NOON - timedelta(minutes=30))
    sync(ledger, NOON - timedelta(minutes=5), "partial", kalshi="ConnectionError")
    look(ledger, age_max=timedelta(minutes=20))

    standing = look(ledger, NOON + ONE_DAY)

    first, second = rows(ledger)
    assert standing == [("data_stale", None)]
    assert first["trigger_value"]["platforms"] == ["kalshi"]
    assert first["resolution_action"] == "other venues are stale now"
    assert second["trigger_value"]["platforms"] == ["kalshi", "polymarket"]


def test_where_nothing_was_ever_collected_nothing_is_stale(ledger: Ledger) -> None:
    assert look(ledger) == []


def test_an_operator_stops_one_portfolio_or_all_and_says_why(floor: Floor) -> None:
    portfolio = floor.portfolio()
    own = floor.paper.post("/paper-trading/breakers", json={"reason": "odd fills", "portfolio_id": portfolio})
    everyone = floor.paper.post("/paper-trading/breakers", json={"reason": "the venue is being repaired"})

    assert (own.status_code, everyone.status_code) == (201, 201)
    listed_ones = floor.rows("breakers", portfolio_id=portfolio, open=True)
    assert [(row["portfolio_id"], row["reason"]) for row in listed_ones] == [
        (None, "the venue is being repaired"),
        (portfolio, "odd fills"),
    ]
    again = floor.paper.post("/paper-trading/breakers", json={"reason": "once more"})
    assert (again.status_code, again.json()["error"]) == (409, "BreakerOpen")
    nobody = floor.paper.post("/paper-trading/breakers", json={"reason": "who is that", "portfolio_id": 999})
    assert nobody.status_code == 404

    resolve = f"/paper-trading/breakers/{own.json()['breaker_id']}/resolve"
    done = exact(floor.paper.post(resolve, json={"notes": "looked at every fill"}))
    assert (done["open"], done["notes"], done["resolution_action"]) == (False, "looked at every fill", "by hand")
    assert floor.paper.post(resolve, json={"notes": "once more"}).status_code == 409
    assert floor.paper.post("/paper-trading/breakers/999/resolve", json={"notes": "what"}).status_code == 404
    assert floor.paper.post(resolve, json={}).status_code == 422


def test_while_a_breaker_is_open_nothing_is_bought_and_what_reduces_goes_through(floor: Floor) -> None:
    listed(floor, 1, 2)
    portfolio = floor.portfolio()
    floor.signals(portfolio, floor.signal("polymarket:1", quantity="100"))
    floor.execute(portfolio)
    floor.paper.post("/paper-trading/breakers", json={"reason": "odd fills", "portfolio_id": portfolio})
    sale, purchase = floor.signal("polymarket:1", "sell_yes", quantity="40"), floor.signal("polymarket:2")
    floor.signals(portfolio, sale, purchase)

    answer = floor.execute(portfolio)

    assert answer["outcomes"] == {"filled": 1, "breaker_open": 1}
    assert floor.read(portfolio)["positions"][0]["quantity"] == 60
    assert_clean(floor.database)


def test_breakers_are_listed_page_by_page(floor: Floor) -> None:
    for _ in range(3):
        number = floor.paper.post("/paper-trading/breakers", json={"reason": "a drill"}).json()["breaker_id"]
        floor.paper.post(f"/paper-trading/breakers/{number}/resolve", json={"notes": "a drill"})

    first = floor.paper.get("/paper-trading/breakers", params={"limit": 2}).json()
    second = floor.paper.get("/paper-trading/breakers", params={"limit": 2, "cursor": first["cursor"]}).json()

    numbers = [row["breaker_id"] for row in [*first["breakers"], *second["breakers"]]]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == 3
    assert second["cursor"] is None
    assert {row["open"] for row in floor.rows("breakers")} == {False}


def test_the_feed_tells_when_buying_stops_and_when_it_goes_on(ledger: Ledger) -> None:
    portfolio = loser(ledger, "100", daily_loss_limit=100)
    look(ledger)
    look(ledger)
    snapshot(ledger, portfolio, NOON.date(), "900")
    look(ledger, NOON + ONE_DAY)

    told = ledger.rows("SELECT kind, portfolio_id, payload FROM feed_entries ORDER BY entry_id")

    assert [(each["kind"], each["portfolio_id"], each["payload"]["event"]) for each in told] == [
        ("breaker", portfolio, "opened"),
        ("breaker", portfolio, "resolved"),
    ]
    assert told[1]["payload"]["reason"] == "a new day has begun"


def test_eight_who_look_at_once_open_each_breaker_once(ledger: Ledger) -> None:
    losers = {loser(ledger, f"{number}00", daily_loss_limit=100) for number in (1, 2, 3, 4)}
    for _ in range(API_FAILURES_MAX):
        breakers.note_call(ledger.database, False, NOON)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: look(ledger), range(8)))

    assert all(len(standing) == 5 for standing in found)
    assert {row["portfolio_id"] for row in rows(ledger)} == {None, *losers}
    assert len(rows(ledger)) == 5
