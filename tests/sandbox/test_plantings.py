"""What is planted pays who finds it, and only for as long as it is there."""

import numpy as np

from services.sandbox.domain.chance import Flags, Floats
from services.sandbox.domain.occurrences import Events, Markets, markets_of
from services.sandbox.domain.plantings import CROSSED, MISPRICED_SET, OVERSHOOT, TREND, Plantings
from services.sandbox.domain.quotes import UNIT, Quotes
from services.sandbox.domain.world import POLYMARKET
from tests.sandbox import build

SEEN = build.looks()
PLANTED = Plantings(SEEN.events_at(np.zeros(len(SEEN.slot))))
KALSHI_RATE, POLYMARKET_RATE_MAX = 0.07, 0.07


def during(part: float) -> Floats:
    """The elapsed life at which this part of each planting's window has passed."""
    result: Floats = PLANTED.opens + part * (PLANTED.closes - PLANTED.opens)
    return result


def taken(quotes: Quotes, buys: Flags) -> Floats:
    """The gain a contract of a taker who pays the ask or gets the bid, and holds to the end."""
    payout = quotes.odds.payout
    return np.where(buys, payout - quotes.ask / UNIT, quotes.bid / UNIT - payout)


def pays(gains: Floats) -> bool:
    return float(gains.mean()) > 3 * float(gains.std() / np.sqrt(len(gains)))


def test_after_an_overshoot_betting_on_its_return_pays() -> None:
    before, after = SEEN.at(PLANTED.opens - 0.005), SEEN.at(during(0.02))
    jumped = np.abs(after.mid - before.mid) > 0.03
    chosen = (PLANTED.kind == OVERSHOOT) & build.two_sided(before) & build.two_sided(after) & jumped

    gains = taken(after, after.mid < before.mid)[chosen]

    assert len(gains) > 200
    assert pays(gains)


def test_in_a_trend_the_truth_is_ahead_of_the_quote() -> None:
    now = SEEN.at(during(0.55))
    worth_it = (now.ask / UNIT < now.fair) | (now.bid / UNIT > now.fair)
    chosen = (PLANTED.kind == TREND) & build.two_sided(now) & worth_it

    gains = taken(now, now.fair > now.quoted)[chosen]

    assert len(gains) > 200
    assert pays(gains)


def test_in_a_trend_what_rose_goes_on_rising() -> None:
    first, second, third = SEEN.at(during(0.2)), SEEN.at(during(0.5)), SEEN.at(during(0.7))
    trending = PLANTED.kind == TREND
    calm = ~trending & (PLANTED.kind != OVERSHOOT) & (PLANTED.kind != CROSSED) & (PLANTED.kind != MISPRICED_SET)

    steps = (second.quoted - first.quoted) * (third.quoted - second.quoted)

    assert pays(steps[trending])
    assert abs(steps[calm].mean()) < 4.9 * steps[calm].std() / np.sqrt(calm.sum())


def test_outside_their_windows_plantings_move_nothing() -> None:
    early, late = SEEN.at(PLANTED.opens - 0.02), SEEN.at(PLANTED.closes + 0.02)

    assert np.allclose(early.quoted, early.fair)
    assert np.allclose(late.quoted, late.fair)


def test_all_legs_of_a_mispriced_set_cost_less_than_they_pay_after_fees() -> None:
    for part in (0.05, 0.5, 0.95):
        chosen = np.flatnonzero(PLANTED.kind == MISPRICED_SET)
        events = SEEN.events_at(during(part)).take(chosen)
        quotes = Quotes(markets_of(events))
        size = events.world.size[events.slot]

        ask = quotes.ask / UNIT
        price = np.add.reduceat(ask + 0.07 * ask * (1 - ask), np.cumsum(size) - size)

        assert len(chosen) > 50
        assert (quotes.ask > 0).all()
        assert (price < 0.99).all()


def test_a_crossed_pair_can_be_bought_on_both_venues_for_less_than_a_dollar() -> None:
    chosen = np.flatnonzero((PLANTED.kind == CROSSED) & (SEEN.world.venue[SEEN.slot] == POLYMARKET))
    events = SEEN.events_at(during(0.05)).take(chosen)
    other = Events(events.world, events.world.twin[events.slot], events.generation, events.now)
    alone = np.zeros(len(chosen), dtype=np.int64)
    here = Quotes(Markets(events, np.arange(len(chosen)), alone))
    there = Quotes(Markets(other, np.arange(len(chosen)), alone))

    both = build.two_sided(here) & build.two_sided(there)
    cost = np.minimum(here.ask + UNIT - there.bid, there.ask + UNIT - here.bid)[both] / UNIT

    assert both.sum() > 50
    assert (cost < 1 - 0.02 - 0.0175).mean() > 0.8
    assert np.array_equal(here.odds.payout, there.odds.payout)
