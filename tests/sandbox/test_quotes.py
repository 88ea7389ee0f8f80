"""Quotes and books stand on the grid, sets sum to one, ladders are in order."""

import numpy as np

from services.sandbox.domain.books import books_of
from services.sandbox.domain.occurrences import listed_events, markets_of
from services.sandbox.domain.odds import NO, TIE, YES
from services.sandbox.domain.quotes import DECI_CENT, LINEAR_CENT, NOBODY, TAPERED, UNIT, Quotes
from services.sandbox.domain.timeline import OPEN, PROPOSED
from services.sandbox.domain.trading import Tape
from services.sandbox.domain.world import EXCLUSIVE, KALSHI, LADDER, POLYMARKET
from tests.sandbox import build
from tests.sandbox.conftest import NOON

WORLD = build.WORLD


def quotes_of(venue: int, past: int = 0) -> Quotes:
    return Quotes(markets_of(listed_events(WORLD, venue, NOON, past)))


def on_grid(price: int, grid: int, tick: int, venue: int) -> bool:
    if venue == POLYMARKET:
        return price % tick == 0
    step = {LINEAR_CENT: 100, DECI_CENT: 10, TAPERED: 100 if 1000 <= price <= 9000 else 10}[grid]
    return price % step == 0


def test_quotes_are_on_the_grid_and_do_not_cross() -> None:
    for venue in (POLYMARKET, KALSHI):
        quotes = quotes_of(venue)
        columns = zip(quotes.bid.tolist(), quotes.ask.tolist(), quotes.grid.tolist(), quotes.tick.tolist(), strict=True)

        for bid, ask, grid, tick in columns:
            for price in (bid, ask):
                assert price == NOBODY or (0 < price < UNIT and on_grid(price, grid, tick, venue))
            assert NOBODY in (bid, ask) or bid < ask


def test_every_level_of_a_book_is_on_the_grid_and_the_best_one_is_the_quote() -> None:
    for venue in (POLYMARKET, KALSHI):
        quotes = quotes_of(venue)

        for place, book in enumerate(books_of(quotes)):
            grid, tick = int(quotes.grid[place]), int(quotes.tick[place])
            bids, asks = [price for price, _ in book.bids], [price for price, _ in book.asks]
            assert bids == sorted(set(bids), reverse=True)
            assert asks == sorted(set(asks))
            assert all(0 < price < UNIT and on_grid(price, grid, tick, venue) for price in bids + asks)
            assert (bids or [NOBODY])[0] == quotes.bid[place]
            assert (asks or [NOBODY])[0] == quotes.ask[place]
            assert not book.bids or book.bids[0][1] == quotes.bid_size[place]
            assert len(bids) <= 20


def test_exclusive_sets_sum_to_one_unless_none_may_win() -> None:
    quotes = quotes_of(POLYMARKET, past=2)
    events = quotes.markets.events
    first = np.cumsum(WORLD.size[events.slot]) - WORLD.size[events.slot]

    sums = np.add.reduceat(quotes.fair, first)[events.kind == EXCLUSIVE]
    winners = np.add.reduceat(quotes.odds.ending == YES, first)[events.kind == EXCLUSIVE]

    assert len(sums) > 50
    assert np.allclose(sums, 1.0, atol=1e-9)
    assert (winners == 1).all()


def test_kalshis_open_sets_may_end_without_a_winner() -> None:
    quotes = quotes_of(KALSHI, past=2)
    events = quotes.markets.events
    first = np.cumsum(WORLD.size[events.slot]) - WORLD.size[events.slot]
    exclusive, open_set = events.kind == EXCLUSIVE, WORLD.open_set[events.slot]

    sums = np.add.reduceat(quotes.fair, first)
    winners = np.add.reduceat(quotes.odds.ending == YES, first)

    assert (winners[exclusive] <= 1).all()
    assert (winners[exclusive & ~open_set] == 1).all()
    assert open_set.any()
    assert (sums[exclusive & open_set] < 1 + 1e-9).all()


def test_ladders_fall_from_rung_to_rung() -> None:
    quotes = quotes_of(KALSHI, past=1)
    ladders = quotes.markets.events.kind[quotes.markets.row] == LADDER
    same = np.diff(quotes.markets.row) == 0

    steps = np.diff(quotes.fair)[same & ladders[1:]]
    endings = np.diff((quotes.odds.ending == YES).astype(int))[same & ladders[1:]]

    assert len(steps) > 50
    assert (steps <= 1e-12).all()
    assert (endings <= 0).all()


def test_some_markets_have_one_side_or_no_quote_and_some_never_traded() -> None:
    quotes = quotes_of(KALSHI)
    trading = quotes.timeline.stage == OPEN
    bid, ask = quotes.bid > 0, quotes.ask > 0
    silent = Tape(quotes.markets).silent

    assert (trading & ~bid & ~ask).any()
    assert (trading & bid & ~ask).any()
    assert (trading & ~bid & ask).any()
    assert (trading & silent).any()


def test_ties_happen_and_pay_between_nothing_and_all() -> None:
    quotes = build.looks().at(np.full(len(build.looks().slot), 0.5))

    tied = quotes.odds.ending == TIE

    assert 0.0005 < tied.mean() < 0.05
    assert ((quotes.odds.payout[tied] > 0) & (quotes.odds.payout[tied] < 1)).all()
    assert set(quotes.odds.ending.tolist()) == {YES, NO, TIE}


def test_volumes_grow_and_equal_the_sum_of_the_trades() -> None:
    markets = quotes_of(KALSHI).markets
    tape = Tape(markets)
    now = markets.events.now

    earlier, later = tape.volume(now - 600), tape.volume(now)
    place = int(np.argmax(tape.count(now) < 200))
    numbers = np.arange(int(tape.count(now)[place]))
    single = Tape(markets.take(np.full(len(numbers), place)))

    assert (later >= earlier).all()
    assert (later > earlier).any()
    assert abs(single.sizes(numbers).sum() - later[place]) < 0.02 * max(1, len(numbers))
    assert (np.diff(single.moments(numbers)) >= 0).all()


def test_a_market_goes_from_open_to_final_in_order_before_its_slot_runs_twice() -> None:
    looks = build.looks()
    stages = [looks.at(np.full(len(looks.slot), at)).timeline.stage for at in (0.5, 0.99, 1.01, 1.03, 1.3, 1.9)]

    assert (np.diff(np.stack(stages), axis=0) >= 0).all()
    assert (stages[0] == OPEN).all()
    assert (stages[-1] == stages[-1].max()).all()
    assert (stages[3] >= PROPOSED).any()
