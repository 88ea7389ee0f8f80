"""Candles of the mid price, checked against a plain calculation over the same quotes."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.markets import ingest
from services.markets.domain.quality import Quality
from services.markets.storage import candles
from services.markets.storage.snapshots import ensure_partition
from shared.database import Database
from shared.venues.records import Candle, Period
from tests.services import tables
from tests.services.conftest import Serve, Venues, exact
from tests.services.listing import World, gamma, kalshi, ticker, yes_token
from tests.services.test_market_sync import synced

START = datetime(2026, 11, 18, 22, 30, tzinfo=UTC)
BACKFILL = "/markets/backfill-price-history"
PERIODS: tuple[Period, ...] = (1, 60, 1440)


@dataclass(frozen=True)
class Seen:
    """A snapshot; a side that nobody quoted is None."""

    at: datetime
    bid: Decimal | None
    ask: Decimal | None


def random_quotes(seed: int, count: int) -> list[Seen]:
    """Over about two days: bursts within a minute, gaps of hours, sides that disappear, ticks of a hundredth cent."""
    chance, at, found = random.Random(seed), START, []
    for _ in range(count):
        at += timedelta(seconds=chance.choice([0.5, 3, 20, 61, 600, 4_000, 9_000]) * (0.1 + chance.random()))
        bid = Decimal(chance.randint(1, 9_000)) / 10_000
        ask = bid + Decimal(chance.randint(1, 900)) / 10_000
        hidden = chance.random()
        found.append(Seen(at, None if hidden < 0.1 else bid, None if hidden > 0.9 else ask))
    return found


def floor(moment: datetime, minutes: int) -> datetime:
    seconds = int(moment.timestamp()) // (minutes * 60) * minutes * 60
    return datetime.fromtimestamp(seconds, UTC)


def expected(quotes: Sequence[Seen], period: Period, since: datetime) -> list[dict[str, Any]]:
    """The candles, the slow and obvious way."""
    mids: dict[datetime, list[Decimal]] = {}
    for quote in quotes:
        if quote.bid is not None and quote.ask is not None and quote.at >= floor(since, period):
            mids.setdefault(floor(quote.at, period), []).append((quote.bid + quote.ask) / 2)
    return [
        {"opened_at": bucket, "open": mid[0], "high": max(mid), "low": min(mid), "close": mid[-1]}
        for bucket, mid in sorted(mids.items())
    ]


def insert(database: Database, market_no: int, quotes: Sequence[Seen]) -> None:
    rows = [{"at": quote.at, "no": market_no, "bid": quote.bid, "ask": quote.ask} for quote in quotes]
    with database.transaction() as connection:
        for month in {quote.at.replace(day=1) for quote in quotes}:
            ensure_partition(connection, month)
        if rows:
            connection.execute(text("INSERT INTO market_snapshots VALUES (:at, :no, :bid, :ask)"), rows)


def roll(database: Database, now: datetime) -> None:
    with database.transaction() as connection:
        candles.roll_candles(connection, now)


def read(database: Database, market_no: int, period: Period, since: datetime, until: datetime) -> list[dict[str, Any]]:
    with database.connection() as connection:
        found = candles.price_history(connection, market_no, period, since, until, 100_000)
    return [
        {
            "opened_at": datetime.fromisoformat(str(candle["opened_at"])),
            **{name: Decimal(str(candle[name])) for name in ("open", "high", "low", "close")},
        }
        for candle in json.loads(found, parse_float=Decimal)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_candles_rolled_bit_by_bit_equal_a_plain_calculation(stored: Database, seed: int) -> None:
    """Rolled at random moments, between which quotes arrive; the last candle of each period is still open."""
    chance = random.Random(seed + 100)
    quotes, others = random_quotes(seed, 250), random_quotes(seed + 50, 60)
    ends = sorted([*chance.sample(range(1, 250), 6), 250])
    start = 0
    for end in ends:
        insert(stored, 1, quotes[start:end])
        insert(stored, 2, [quote for quote in others if quotes[start].at <= quote.at < quotes[end - 1].at])
        following = quotes[end].at if end < len(quotes) else quotes[-1].at
        roll(stored, min(following, quotes[end - 1].at + timedelta(seconds=chance.choice([0, 1, 30, 59, 3_599]))))
        start = end

    until = quotes[-1].at + timedelta(seconds=1)
    since = quotes[chance.randint(0, 100)].at

    for period in PERIODS:
        assert read(stored, 1, period, START, until) == expected(quotes, period, START)
        assert read(stored, 1, period, since, until) == expected(quotes, period, since)


@pytest.mark.parametrize("seed", range(2))
def test_candles_that_were_never_rolled_are_the_same(stored: Database, seed: int) -> None:
    quotes = random_quotes(seed, 120)
    insert(stored, 1, quotes)

    for period in PERIODS:
        until = quotes[-1].at + timedelta(seconds=1)
        assert read(stored, 1, period, START, until) == expected(quotes, period, START)


def test_a_quote_that_was_committed_late_still_comes_into_its_candles(stored: Database) -> None:
    first = Seen(START, Decimal("0.4"), Decimal("0.42"))
    last = Seen(START + timedelta(minutes=6), Decimal("0.5"), Decimal("0.52"))
    late = Seen(START + timedelta(minutes=3), Decimal("0.8"), Decimal("0.82"))
    insert(stored, 1, [first, last])
    roll(stored, START + timedelta(minutes=7))
    insert(stored, 1, [late])

    roll(stored, START + timedelta(minutes=8))

    for period in PERIODS:
        found = read(stored, 1, period, START, START + timedelta(minutes=9))
        assert found == expected([first, late, last], period, START)


def test_rolling_twice_writes_nothing_new(stored: Database) -> None:
    quotes = random_quotes(7, 100)
    insert(stored, 1, quotes)
    now = quotes[-1].at
    roll(stored, now)
    ticks = "SELECT ctid::text, xmin::text FROM market_ticks ORDER BY 1"
    before = tables.select(stored, ticks)

    roll(stored, now)

    assert before
    assert tables.select(stored, ticks) == before


def test_no_candle_stands_where_a_side_was_missing(stored: Database) -> None:
    insert(stored, 1, [Seen(START, None, Decimal("0.5")), Seen(START + timedelta(minutes=1), Decimal("0.5"), None)])
    roll(stored, START + timedelta(days=2))

    assert [read(stored, 1, period, START, START + timedelta(days=3)) for period in PERIODS] == [[], [], []]


def test_the_history_over_http_is_exact_and_ends_before_the_asked_moment(
    world: World, markets: TestClient, stored: Database, venues: Venues
) -> None:
    world.gamma_markets = [gamma(1)]
    ingest.sync_markets(stored, venues, Quality(Decimal(0)), lambda: START - timedelta(days=1))
    market_no = tables.market(stored, "polymarket:1")["market_no"]
    quotes = [
        Seen(START, Decimal("0.0055"), Decimal("0.0066")),
        Seen(START + timedelta(seconds=20), Decimal("0.0001"), Decimal("0.0002")),
        Seen(START + timedelta(minutes=2), Decimal("0.9"), Decimal("0.91")),
    ]
    insert(stored, market_no, quotes)

    answer = markets.get(
        "/markets/polymarket:1/price-history",
        params={"period": "1m", "from": START.isoformat(), "to": (START + timedelta(minutes=1)).isoformat()},
    )

    assert answer.status_code == 200
    [candle] = exact(answer)["candles"]
    prices = [candle[name] for name in ("open", "high", "low", "close")]
    assert prices == [Decimal(word) for word in ("0.00605", "0.00605", "0.00015", "0.00015")]
    assert (candle["volume"], candle["source"]) == (None, "snapshots")
    assert datetime.fromisoformat(candle["opened_at"]) == START


def test_a_history_that_ends_before_it_starts_is_refused(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)

    path = "/markets/polymarket:1/price-history"
    answer = markets.get(path, params={"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"})
    unknown = markets.get("/markets/polymarket:404/price-history")

    assert (answer.status_code, answer.json()["error"]) == (422, "BadPeriod")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "MarketNotFound")


def test_a_quote_of_the_last_second_is_in_the_open_candle(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)

    answers = {
        period: exact(markets.get("/markets/polymarket:1/price-history", params={"period": period}))["candles"]
        for period in ("1m", "1h", "1d")
    }

    assert {period: [candle["close"] for candle in found] for period, found in answers.items()} == {
        "1m": [Decimal("0.405")],
        "1h": [Decimal("0.405")],
        "1d": [Decimal("0.405")],
    }


def their_candle(opened_at: datetime, volume: Decimal) -> Candle:
    return Candle(opened_at, Decimal("0.2"), Decimal("0.9"), Decimal("0.1"), Decimal("0.8"), volume)


def kalshi_candle(end: datetime, close: str, volume: str) -> dict[str, Any]:
    prices = {f"{name}_dollars": close for name in ("open", "high", "low", "close")}
    return {"end_period_ts": int(end.timestamp()), "price": prices, "volume_fp": volume}


def backfilled(client: TestClient, period: str, *market_ids: str) -> dict[str, Any]:
    body = {"market_ids": list(market_ids), "period": period, "since": "2026-11-18T00:00:00Z"}
    answer = client.post(BACKFILL, json={**body, "until": "2026-11-19T00:00:00Z"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = exact(answer)
    return found


def history(client: TestClient, market_id: str, period: str) -> list[dict[str, Any]]:
    asked = {"period": period, "from": "2026-11-18T00:00:00Z", "to": "2026-11-20T00:00:00Z"}
    found: list[dict[str, Any]] = exact(client.get(f"/markets/{market_id}/price-history", params=asked))["candles"]
    return found


def test_a_backfill_takes_over_the_candles_of_the_venue(
    world: World, markets: TestClient, serve_events: Serve, fresh_database_url: str
) -> None:
    serve_events(fresh_database_url).post("/events/export-all-active-events-db")
    world.kalshi_markets = [kalshi(1)]
    synced(markets)
    hour = datetime(2026, 11, 18, 10, tzinfo=UTC)
    first = kalshi_candle(hour + timedelta(hours=1), "0.3300", "12.50")
    world.candles[ticker(1)] = [first, kalshi_candle(hour + timedelta(hours=2), "0.3455", "0.00")]

    answer = backfilled(markets, "1h", f"kalshi:{ticker(1)}")

    assert answer == {"filled": [{"market_id": f"kalshi:{ticker(1)}", "candles": 2, "written": 2}], "failures": []}
    found = history(markets, f"kalshi:{ticker(1)}", "1h")
    assert [candle["close"] for candle in found] == [Decimal("0.33"), Decimal("0.3455")]
    assert [candle["volume"] for candle in found] == [Decimal("12.5"), Decimal(0)]
    assert {candle["source"] for candle in found} == {"venue"}
    assert datetime.fromisoformat(found[0]["opened_at"]) == hour


def test_a_backfill_done_twice_writes_once(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    at = int(datetime(2026, 11, 18, 10, 5, tzinfo=UTC).timestamp())
    points = [(at, 0.4), (at + 600, 0.47), (at + 1_200, 0.39), (at + 3_600, 0.5)]
    world.histories[yes_token(1)] = [{"t": t, "p": p} for t, p in points]

    first = backfilled(markets, "1h", "polymarket:1")["filled"]
    second = backfilled(markets, "1h", "polymarket:1")["filled"]

    assert (first[0]["written"], second[0]["written"]) == (2, 0)
    hour = history(markets, "polymarket:1", "1h")[0]
    prices = [hour[name] for name in ("open", "high", "low", "close")]
    assert prices == [Decimal("0.4"), Decimal("0.47"), Decimal("0.39"), Decimal("0.39")]


def test_a_venues_own_candle_replaces_ours_and_rolling_does_not_undo_it(stored: Database) -> None:
    """Both rolls make the candle of the hour that ended minutes ago."""
    insert(stored, 1, [Seen(START, Decimal("0.4"), Decimal("0.42"))])
    roll(stored, START + timedelta(minutes=33))
    [ours] = read(stored, 1, 60, START, START + timedelta(hours=2))
    with stored.transaction() as connection:
        candles.write_venue_candles(connection, 1, 60, [their_candle(floor(START, 60), Decimal(7))])

    roll(stored, START + timedelta(minutes=34))

    [candle] = read(stored, 1, 60, START, START + timedelta(hours=2))
    assert (ours["open"], ours["high"]) == (Decimal("0.41"), Decimal("0.41"))
    assert (candle["open"], candle["high"]) == (Decimal("0.2"), Decimal("0.9"))


def test_a_volume_of_many_digits_is_read_exactly(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [gamma(1)]
    synced(markets)
    market_no = tables.market(stored, "polymarket:1")["market_no"]
    bought = Decimal("1234567890123456.12345678")
    opened_at = datetime(2026, 11, 18, 10, tzinfo=UTC)
    theirs = their_candle(opened_at, bought)
    with stored.transaction() as connection:
        candles.write_venue_candles(connection, market_no, 60, [theirs])

    [candle] = history(markets, "polymarket:1", "1h")

    assert candle["volume"] == bought


def test_a_market_without_history_costs_only_itself(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2, clobTokenIds="")]
    synced(markets)
    at = int(datetime(2026, 11, 18, 10, tzinfo=UTC).timestamp())
    world.histories[yes_token(1)] = [{"t": at, "p": 0.4}]

    answer = backfilled(markets, "1h", "polymarket:2", "polymarket:1", "polymarket:404")

    assert [filled["market_id"] for filled in answer["filled"]] == ["polymarket:1"]
    assert [failure["market_id"] for failure in answer["failures"]] == ["polymarket:2", "polymarket:404"]
