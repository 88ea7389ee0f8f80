"""One seed is one world: the same bytes, the same ids, at any time and in any process."""

import numpy as np
import pytest

from services.sandbox.domain.chance import hashes, scalar_hash
from services.sandbox.domain.identity import EventId, Identity, MarketId
from services.sandbox.domain.occurrences import generations, listed_events, markets_of
from services.sandbox.domain.paths import path_values
from services.sandbox.domain.world import KALSHI, POLYMARKET, build_world
from services.sandbox.gamma.board import open_board
from services.sandbox.kalshi.board import open_board as kalshi_board
from services.sandbox.settings import Settings
from tests.sandbox.conftest import MARKETS, NOON, Served, serving

LISTS = (
    "/gamma/markets/keyset?limit=50&closed=false",
    "/gamma/events/keyset?limit=20&closed=true",
    "/kalshi/trade-api/v2/markets?status=open&limit=100",
    "/kalshi/trade-api/v2/markets/trades?limit=50",
    "/data/v2/trades?limit=50",
)


def test_the_same_seed_serves_the_same_bytes_after_a_restart(served: Served) -> None:
    first = [served.get(path).content for path in LISTS]

    with serving(Settings(sandbox_markets=MARKETS)) as again:
        second = [again.get(path).content for path in LISTS]

    assert first == second


def test_another_seed_is_another_world(served: Served) -> None:
    first = [served.get(path).content for path in LISTS]

    with serving(Settings(sandbox_markets=MARKETS, sandbox_seed=2)) as other:
        second = [other.get(path).content for path in LISTS]

    assert all(mine != theirs for mine, theirs in zip(first, second, strict=True))


def test_the_default_world_has_the_promised_size_and_something_ends_every_few_seconds() -> None:
    world = build_world(seed=1, markets=2000)

    ends_a_minute = float((60 / world.life).sum())

    assert (len(world.series), world.slots) == (60, 400)
    assert 1900 <= world.markets <= 2100
    assert 0.4 < (world.venue == POLYMARKET).mean() < 0.7
    assert world.life.min() >= 180
    assert 30 * 86_400 < world.life.max() < 70 * 86_400
    assert ends_a_minute > 6


@pytest.mark.parametrize("markets", [20, 100, 2000, 20_000])
def test_worlds_of_any_size_hold_about_as_many_markets_as_asked_for(markets: int) -> None:
    world = build_world(seed=3, markets=markets)

    assert 0.8 * markets <= world.markets <= 1.25 * markets + 5
    assert (world.venue == POLYMARKET).any()
    assert (world.venue == KALSHI).any()


def test_ids_lead_back_to_what_they_name() -> None:
    world = build_world(seed=5, markets=2000)
    identity = Identity(world)

    for slot in range(0, world.slots, 7):
        for generation in (0, 3, 60):
            event, market = EventId(slot, generation), MarketId(slot, generation, int(world.size[slot]) - 1)
            number = identity.market_number(slot, generation, market.index)
            assert identity.event(identity.event_number(slot, generation)) == event
            assert identity.market(number) == market
            assert identity.condition_market(identity.condition(number)) == market
            assert [identity.token_market(identity.token(number, side)) for side in (0, 1)] == [
                (market, 0),
                (market, 1),
            ]
            assert identity.ticker_event(identity.event_ticker(slot, generation, "26NOV21")) == event


@pytest.mark.parametrize("token", ["", "1", "12x", "9" * 78, "-5", "٣" * 77])
def test_what_is_no_token_is_none(token: str) -> None:
    identity = Identity(build_world(seed=5, markets=200))

    assert identity.token_market(token) is None


def test_token_ids_have_the_digits_of_a_256_bit_number() -> None:
    identity = Identity(build_world(seed=5, markets=200))

    digits = {len(identity.token(identity.market_number(slot, 9, 0), slot % 2)) for slot in range(40)}

    assert digits <= set(range(70, 79))


@pytest.mark.parametrize(
    "ticker", ["KXNOMGEO-26NOV21ZZZZZZZZZZZZZ", "KXNOMGEO-26NOV21ZZZZZZZZZ", "KX-26NOV210", "-", "KX"]
)
def test_tickers_from_nowhere_are_not_found(served: Served, ticker: str) -> None:
    for path in (f"markets/{ticker}-A", f"events/{ticker}", f"historical/markets/{ticker}-A"):
        served.get(f"/kalshi/trade-api/v2/{path}", expect=404)


def test_a_ticker_of_another_series_or_day_is_not_known(served: Served) -> None:
    path = "/kalshi/trade-api/v2/markets"
    ticker = served.get(path, limit=1).json()["markets"][0]["ticker"]
    series, rest = ticker.split("-", 1)

    served.get(f"{path}/{series}Q-{rest}", expect=404)
    served.get(f"{path}/{series}-30JAN01{rest[7:]}", expect=404)


def test_one_generation_follows_another_without_a_gap() -> None:
    world = build_world(seed=5, markets=500)
    slots = np.arange(world.slots)
    before, after = generations(world, slots, NOON), generations(world, slots, NOON + 3600)

    assert (after >= before).all()
    assert (after > before).any()
    for venue in (POLYMARKET, KALSHI):
        events = listed_events(world, venue, NOON, past=0)
        assert ((events.start <= NOON) & (events.end > NOON)).all()
        assert (np.diff(events.start) >= 0).all()


def test_plain_integers_and_arrays_have_one_hash() -> None:
    keys = (3, 10**9, 7)

    assert hashes(*keys).tolist() == hashes(3, [10**9], 7).tolist() == [scalar_hash(*keys)]
    assert len(set(hashes(1, np.arange(10_000)).tolist())) == 10_000


def test_paths_are_brownian() -> None:
    path, none = np.arange(40_000), np.zeros(40_000, dtype=np.int64)
    early, late, end = (path_values(1, path, none, np.full(len(path), at)) for at in (0.3, 0.7, 1.0))

    variances = np.var([early, late - early, end - late], axis=1)

    assert np.allclose(variances, [0.3, 0.4, 0.3], rtol=0.04)
    assert abs(np.corrcoef(early, end - early)[0, 1]) < 0.025
    assert np.array_equal(path_values(1, path, none, none.astype(float)), np.zeros(len(path)))


def test_twenty_thousand_markets_are_listed_within_seconds_and_without_bad_rows() -> None:
    world = build_world(seed=1, markets=20_000)
    identity = Identity(world)

    gamma = open_board(identity, NOON, 5.0, {})
    kalshi = kalshi_board(identity, NOON, 5.0, {})

    assert len(gamma.markets) + len(kalshi.markets) > 19_000
    assert len(set(gamma.market_ids.tolist())) == len(gamma.markets)
    assert len(markets_of(gamma.events)) == len(gamma.markets)
