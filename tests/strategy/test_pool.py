"""The pool is what the rows say: read whole, or change by change, with the past that candles tell."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, text

from services.strategy.domain.columns import KINDS
from services.strategy.domain.history import SCALE
from services.strategy.domain.moves import jumps_over, moves_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.rules import RULES
from services.strategy.storage import pool as storage
from services.strategy.storage.stamps import stamp
from tests.strategy import build, rows
from tests.strategy.build import NOW

MINUTE = NOW.replace(second=0)


def loaded(connection: Connection, before: storage.Loaded | None = None, *, later: int = 0) -> storage.Loaded:
    now = NOW + timedelta(minutes=later)
    return storage.load(connection, RULES["hybrid"], stamp(connection), now, before)


def mixed(connection: Connection) -> None:
    rows.market(connection, "polymarket:1", order_delay=3, strike='{"threshold": "2"}')
    rows.market(connection, "polymarket:2", yes_bid=None, fee=None, volume=None, liquidity=None, closes_at=None)
    rows.market(connection, "polymarket:3", status="closed")
    bands = '[{"start": "0", "end": "0.1", "step": "0.001"}, {"start": "0.1", "end": "1", "step": "0.01"}]'
    rows.market(
        connection, "kalshi:A", price_bands=bands.replace('"0.001"', "0.001").replace('"0"', "0"), accepting=None
    )
    rows.market(connection, "kalshi:B", resolves_at=NOW, fee='{"waived_until": "2030-01-01T00:00:00Z"}')
    rows.set_of(connection, ["0.3", "0.4"])


def same(first: Pool, second: Pool) -> None:
    for name in KINDS:
        assert np.array_equal(getattr(first.columns, name), getattr(second.columns, name), equal_nan=True), name
    for one, other in ((first.minutes, second.minutes), (first.hours, second.hours)):
        assert one is not None
        assert other is not None
        assert one.end == other.end
        assert np.array_equal(one.closes, other.closes)
        assert np.array_equal(one.heard, other.heard)
    assert first.legs is not None
    assert second.legs is not None
    assert np.array_equal(first.legs.stored, second.legs.stored)
    assert np.array_equal(first.legs.untradable, second.legs.untradable)
    assert (first.pairs, first.grids, first.categories) == (second.pairs, second.grids, second.categories)


def test_every_column_says_what_the_row_says(connection: Connection) -> None:
    mixed(connection)

    pool = loaded(connection).pool

    query = """SELECT m.*, e.mutually_exclusive, coalesce(e.category, lower(s.category)) AS category FROM markets m
        LEFT JOIN events e USING (event_id) LEFT JOIN series s ON s.series_id = e.series_id
        WHERE m.status = 'open' ORDER BY market_no"""
    stored: list[Any] = list(connection.execute(text(query)).mappings())
    columns, names = pool.columns, {code: name for name, code in pool.categories.items()}
    assert len(pool) == len(stored) == 6
    for row, said in enumerate(stored):
        for name in (
            "yes_bid",
            "yes_ask",
            "yes_bid_size",
            "volume",
            "volume_24h",
            "liquidity",
            "min_size",
            "last_price",
        ):
            value = float(getattr(columns, name)[row])
            assert said[name] is None if np.isnan(value) else float(said[name]) == value, name
        for name in ("closes_at", "resolves_at", "opens_at", "created_at", "quoted_at"):
            value = float(getattr(columns, {"opens_at": "opened_at"}.get(name, name))[row])
            assert said[name] is None if np.isnan(value) else said[name].timestamp() == pytest.approx(value), name
        assert columns.market_no[row] == said["market_no"]
        assert columns.platform[row] == (said["platform"] == "kalshi")
        assert columns.exclusive[row] == said["mutually_exclusive"]
        assert names[int(columns.category[row])] == said["category"]
        assert columns.accepting[row] == (-1 if said["accepting_orders"] is None else said["accepting_orders"])
        assert columns.order_delay[row] == (said["order_delay_seconds"] or 0)
        grid = pool.grids[int(columns.grid[row])]
        assert grid.holds(Decimal("0.055")) == (said["price_bands"] is not None)
    assert len(set(columns.event.tolist())) == 5


def test_fees_are_those_of_market_series_and_waiver(connection: Connection) -> None:
    mixed(connection)

    pool = loaded(connection).pool

    assert pool.fee_rate.tolist() == pytest.approx([0.04, 0.0, 0.07, 0.0, 0.04, 0.04])


def test_a_reload_reads_what_changed_and_equals_a_load_of_the_whole(connection: Connection) -> None:
    numbers = [rows.market(connection, f"polymarket:{number}", now=NOW - timedelta(hours=1)) for number in range(1, 41)]
    for number in numbers:
        rows.past(connection, number, [0.40 + number % 7 / 100 + step % 5 / 100 for step in range(130)])
    rows.collected_every(connection, 3, 50)
    rows.collected(connection)
    first = loaded(connection)

    rows.quote(connection, numbers[3], "0.61", "0.63", NOW + timedelta(seconds=90))
    rows.quote(connection, numbers[5], "0.61", "0.63", NOW + timedelta(seconds=90), status="closed")
    connection.execute(
        text("UPDATE events SET category = 'crypto', updated_at = :at WHERE event_id = :event"),
        {"at": NOW + timedelta(seconds=95), "event": "polymarket:9-event"},
    )
    new = NOW + timedelta(seconds=80)
    added = rows.market(connection, "kalshi:NEW", now=new, created_at=new)
    rows.ticks(connection, numbers[3], {MINUTE + timedelta(minutes=1): "0.62", MINUTE: "0.55"})
    rows.ticks(connection, added, {MINUTE + timedelta(minutes=1): "0.51"})
    rows.collected(connection, NOW + timedelta(minutes=2))
    again = loaded(connection, first, later=3)

    assert first.pool.minutes is not None
    assert np.flatnonzero(first.pool.minutes.heard).tolist() == list(range(0, 120, 3))
    assert again.changed == 3
    assert len(again.pool) == 40
    same(again.pool, loaded(connection, later=3).pool)


def test_a_row_that_became_visible_late_is_read_by_the_next_reload(connection: Connection) -> None:
    number = rows.market(connection, now=NOW - timedelta(hours=1))
    rows.collected(connection, NOW - timedelta(minutes=1))
    query = "INSERT INTO market_syncs VALUES (gen_random_uuid(), 'running', :at, NULL, :at, '{}')"
    connection.execute(text(query), {"at": NOW - timedelta(minutes=15)})
    first = loaded(connection)

    rows.quote(connection, number, "0.70", "0.72", NOW - timedelta(minutes=14))  # received before, committed after
    again = loaded(connection, first, later=1)

    assert again.pool.columns.yes_bid.tolist() == [0.70]


def test_a_clock_that_went_backwards_hides_no_change(connection: Connection) -> None:
    number = rows.market(connection, now=NOW - timedelta(days=2))
    first = loaded(connection)

    rows.quote(connection, number, "0.70", "0.72", NOW - timedelta(hours=3))
    again = loaded(connection, first, later=-180)

    assert again.pool.columns.yes_bid.tolist() == [0.70]


def test_prices_stand_until_they_move_and_begin_where_candles_begin(connection: Connection) -> None:
    number = rows.market(connection)
    first = MINUTE - timedelta(minutes=50)
    rows.ticks(connection, number, {first: "0.40", first + timedelta(minutes=3): "0.45"})
    rows.collected(connection)

    span = loaded(connection).pool.minutes

    assert span is not None
    closes = (span.closes[:, 0] / SCALE).tolist()
    assert closes[:70] == [0.0] * 70
    assert closes[70:73] == [0.40] * 3
    assert closes[73:] == [0.45] * 47


def test_only_a_collection_of_all_markets_makes_a_minute_heard(connection: Connection) -> None:
    held, other = rows.market(connection, "polymarket:1"), rows.market(connection, "polymarket:2")
    minutes = [MINUTE - timedelta(minutes=number) for number in range(40, 0, -1)]
    rows.ticks(connection, held, dict.fromkeys(minutes, "0.51"))  # its price is refreshed every minute
    rows.ticks(connection, other, {minutes[0]: "0.40", minutes[15]: "0.42", minutes[30]: "0.51"})
    for number, status in ((0, "success"), (8, "failed"), (15, "partial"), (20, "interrupted"), (30, "success")):
        rows.collected(connection, minutes[number] + timedelta(seconds=20), status)
    rows.collected(connection)

    pool = loaded(connection).pool

    assert pool.minutes is not None
    assert pool.hours is not None
    assert (np.flatnonzero(pool.minutes.heard) - 80).tolist() == [0, 15, 30]
    ended = {int(minutes[number].timestamp() // 3600) - pool.hours.first for number in (0, 15, 30)}
    assert set(np.flatnonzero(pool.hours.heard).tolist()) == {hour for hour in ended if hour < 48}
    jumps, moves = jumps_over(pool, 20), moves_over(pool, 20)
    assert np.isnan(jumps.z).all()
    assert np.isnan(moves.z).all()


def test_a_move_between_two_collections_is_one_step_as_long_as_the_others(connection: Connection) -> None:
    number = rows.market(connection)
    hour = NOW.replace(minute=0, second=0)
    closes = {hour - timedelta(minutes=5 * turn): "0.50" if turn % 2 else "0.52" for turn in range(1, 36)}
    rows.ticks(connection, number, closes)
    rows.collected_every(connection, 5, 36, hour + timedelta(minutes=5))
    rows.quote(connection, number, "0.49", "0.51", NOW)
    connection.execute(text("UPDATE tick_rolls SET rolled_to = :to"), {"to": MINUTE})

    pool = loaded(connection).pool

    z = abs(float(jumps_over(pool, 20).z[0]))
    assert z == pytest.approx(1, abs=0.15)  # five minutes are no jump because four of them were not looked at


def test_minutes_begin_with_the_close_of_the_hours_before(connection: Connection) -> None:
    number = rows.market(connection)
    hour = NOW.replace(minute=0, second=0) - timedelta(hours=3)
    rows.ticks(connection, number, {hour - timedelta(hours=20): "0.31", hour - timedelta(hours=2): "0.35"}, period=60)
    rows.collected(connection)

    pool = loaded(connection).pool

    assert pool.minutes is not None
    assert pool.hours is not None
    assert set((pool.minutes.closes[:, 0] / SCALE).tolist()) == {0.35}
    assert (pool.hours.closes[-1, 0] / SCALE) == 0.35


def test_a_market_that_never_moved_has_stood_where_it_stands(connection: Connection) -> None:
    rows.market(connection, "polymarket:1")
    rows.market(connection, "polymarket:2", created_at=NOW - timedelta(minutes=10))
    rows.collected(connection)

    span = loaded(connection).pool.minutes

    assert span is not None
    assert set((span.closes[:, 0] / SCALE).tolist()) == {0.51}
    assert set(span.closes[:, 1].tolist()) == {0}


def test_legs_that_cannot_be_bought_are_known_although_they_are_not_in_the_pool(connection: Connection) -> None:
    numbers = rows.set_of(connection, ["0.3", "0.3", "0.2"])
    connection.execute(text("UPDATE markets SET status = 'proposed' WHERE market_no = :no"), {"no": numbers[0]})
    rows.set_of(connection, ["0.3", "0.3", "0.2"], event_id="polymarket:other")
    lost = "UPDATE markets SET status = 'final', outcome = 'no' WHERE market_id = 'polymarket:other-2'"
    connection.execute(text(lost))

    pool = loaded(connection).pool

    assert pool.legs is not None
    assert sorted(zip(pool.legs.stored.tolist(), pool.legs.untradable.tolist(), strict=True)) == [(3, 0), (3, 1)]


def test_volumes_of_earlier_collections_say_what_was_traded_since(connection: Connection) -> None:
    number = rows.market(connection, volume=1_000, volume_24h=2_400)
    first = loaded(connection)
    query = "UPDATE markets SET volume = 1100, updated_at = :at WHERE market_no = :no"
    connection.execute(text(query), {"at": NOW + timedelta(minutes=20), "no": number})

    pool = loaded(connection, first, later=30).pool

    assert pool.volume_ratio(30).tolist() == pytest.approx([2.0])
    assert np.isnan(first.pool.volume_ratio(30)).all()


def test_an_empty_database_is_an_empty_pool(connection: Connection) -> None:
    pool = loaded(connection).pool

    assert len(pool) == 0
    for rule in RULES.values():
        opinion = rule.decide(pool, build.portfolio(), rule.config(), NOW)
        assert (opinion.considered, opinion.signals) == (0, [])
