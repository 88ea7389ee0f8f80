"""The price updater: over the real markets service, by itself, whatever is away, one replica at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from services.paper_trading import marking, updater
from services.paper_trading.updater import PriceUpdater
from shared.calls import Calls
from shared.database import Database
from tests.paper_trading.conftest import Floor
from tests.paper_trading.ledger import Ledger, assert_clean
from tests.paper_trading.test_execution import listed
from tests.services.conftest import exact, resources_of
from tests.services.listing import gamma_book

WAIT_SECONDS = 15


def until(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
    return found


def holding(floor: Floor, *numbers: int) -> int:
    listed(floor, *numbers)
    portfolio = floor.portfolio(cash="100000")
    floor.signals(portfolio, *(floor.signal(f"polymarket:{number}", quantity="100") for number in numbers))
    floor.execute(portfolio)
    return portfolio


def calls(floor: Floor) -> Calls:
    markets: Calls = resources_of(floor.paper).markets
    return markets


def bid(number: int, price: str) -> dict[str, Any]:
    return gamma_book(number, bids=[{"price": price, "size": "50"}], asks=[{"price": "0.6", "size": "50"}])


def updated(floor: Floor) -> dict[str, Any]:
    return marking.update_prices(floor.database, calls(floor), lambda: datetime.now(UTC))


@pytest.fixture
def updaters() -> Iterator[list[PriceUpdater]]:
    running: list[PriceUpdater] = []
    yield running
    for each in running:
        each.close()


def running(
    floor: Floor, updaters: list[PriceUpdater], seconds: int = 300, database: Database | None = None, **facts: Any
) -> PriceUpdater:
    clock = facts.pop("clock", lambda: datetime.now(UTC))
    own = PriceUpdater(database or floor.database, calls(floor), seconds, clock, **facts)
    updaters.append(own)
    own.start()
    return own


def test_a_pass_takes_fresh_prices_over_into_positions_and_portfolios(floor: Floor) -> None:
    portfolio = holding(floor, 1, 2)
    floor.world.books = [bid(1, "0.55"), bid(2, "0.30")]

    answer = exact(floor.paper.post("/paper-trading/update-prices"))

    state = floor.read(portfolio)
    assert (answer["markets"], answer["positions"], answer["updated"], answer["failed"]) == (2, 2, 2, 0)
    assert {row["market_id"]: row["mark_bid"] for row in state["positions"]} == {
        "polymarket:1": Decimal("0.55"),
        "polymarket:2": Decimal("0.30"),
    }
    assert state["liquidation_value"] == 85
    assert state["last_price_update"] is not None
    assert_clean(floor.database)


def test_one_bad_price_does_not_stop_the_rest(floor: Floor) -> None:
    portfolio = holding(floor, 1, 2)
    floor.world.books = [bid(1, "0.55"), gamma_book(2, bids=[{"price": "a lot", "size": "50"}])]

    answer = updated(floor)

    marks = {row["market_id"]: (row["mark_bid"], row["mark_stale"]) for row in floor.read(portfolio)["positions"]}
    assert (answer["failed"], answer["stale"]) == (1, 1)
    assert answer["failures"][0]["market_id"] == "polymarket:2"
    assert marks == {"polymarket:1": (Decimal("0.55"), False), "polymarket:2": (Decimal("0.47"), True)}
    assert_clean(floor.database)


def test_markets_away_is_an_answer_with_a_reason_for_each_market(floor: Floor) -> None:
    portfolio = holding(floor, 1, 2)
    nobody = Calls("markets", "http://127.0.0.1:9")

    answer = marking.update_prices(floor.database, nobody, lambda: datetime.now(UTC))

    assert [failure["reason"] for failure in answer["failures"]] == ["ServiceUnreachable"] * 2
    assert floor.read(portfolio)["last_price_update"] is None
    assert_clean(floor.database)


def test_markets_are_asked_for_in_batches(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    holding(floor, *range(1, 8))
    monkeypatch.setattr(marking, "MARKETS_A_CALL", 3)

    answer = updated(floor)

    assert (answer["markets"], answer["calls"], answer["failed"]) == (7, 3, 0)


def test_the_thread_updates_by_itself_and_stops_at_once(floor: Floor, updaters: list[PriceUpdater]) -> None:
    portfolio = holding(floor, 1)
    floor.world.books = [bid(1, "0.55")]
    after = Event()

    own = running(floor, updaters, after_pass=[lambda _: after.set()])

    assert after.wait(WAIT_SECONDS)
    assert floor.read(portfolio)["liquidation_value"] == 55
    began = time.monotonic()
    own.close()
    assert time.monotonic() - began < 2


def test_what_fails_after_a_pass_does_not_keep_the_next_from_its_turn(
    floor: Floor, updaters: list[PriceUpdater]
) -> None:
    holding(floor, 1)
    after = Event()

    def fail(_: datetime) -> None:
        raise RuntimeError("told to")

    running(floor, updaters, after_pass=[fail, lambda _: after.set()])

    assert after.wait(WAIT_SECONDS)


def test_the_thread_waits_for_its_interval_and_an_override_shortens_it(
    floor: Floor, updaters: list[PriceUpdater], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updater, "RETRY_SECONDS", 0.02)
    holding(floor, 1)
    updated(floor)
    moments = [datetime.now(UTC) + timedelta(seconds=60)]
    passes: list[datetime] = []

    running(floor, updaters, clock=lambda: moments[0], after_pass=[passes.append])
    time.sleep(0.5)
    assert passes == []

    override = {
        "config_key": "price_update_seconds",
        "value": 30,
        "reason": "a busy night",
        "expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    assert floor.paper.post("/paper-trading/overrides", json=override).status_code == 201
    until(lambda: passes)


def test_a_clock_that_goes_backwards_does_not_stop_it(
    floor: Floor, updaters: list[PriceUpdater], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updater, "RETRY_SECONDS", 0.02)
    holding(floor, 1)
    marking.update_prices(floor.database, calls(floor), lambda: datetime.now(UTC) + timedelta(days=3))
    passes: list[datetime] = []

    running(floor, updaters, after_pass=[passes.append])

    until(lambda: passes)


def test_two_replicas_make_one_pass(
    floor: Floor, updaters: list[PriceUpdater], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updater, "RETRY_SECONDS", 0.02)
    holding(floor, 1)
    passes: list[datetime] = []

    for _ in range(2):
        running(floor, updaters, after_pass=[passes.append])
    until(lambda: passes)
    time.sleep(0.5)

    assert len(passes) == 1


def test_a_database_that_was_away_is_used_again(
    floor: Floor, fresh_database_url: str, updaters: list[PriceUpdater], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updater, "RETRY_SECONDS", 0.02)
    portfolio = holding(floor, 1)
    own = Database(fresh_database_url)
    moments = [datetime.now(UTC)]
    passes: list[datetime] = []
    running(floor, updaters, seconds=10, database=own, clock=lambda: moments[0], after_pass=[passes.append])
    until(lambda: passes)

    _shut(fresh_database_url)
    floor.world.books = [bid(1, "0.55")]
    moments[0] += timedelta(seconds=60)
    failed = updater.PASSES.labels("failed")._value.get()
    until(lambda: updater.PASSES.labels("failed")._value.get() > failed)
    passes.clear()
    _open(fresh_database_url)
    until(lambda: passes)

    assert Ledger(floor.database).portfolio_row(portfolio)["liquidation_value"] == 55
    own.dispose()


def _shut(url: str) -> None:
    """Nobody can enter it any more, and who was in is put out."""
    name = urlsplit(url).path.removeprefix("/")
    _administer(url, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    _administer(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def _open(url: str) -> None:
    _administer(url, f"ALTER DATABASE {urlsplit(url).path.removeprefix('/')} WITH ALLOW_CONNECTIONS true")


def _administer(url: str, statement: str) -> None:
    with closing(psycopg2.connect(urlsplit(url)._replace(path="/postgres").geturl())) as session:
        session.autocommit = True
        session.cursor().execute(statement)
