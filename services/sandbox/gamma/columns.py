"""One market of Gamma as plain values: what the rows are written from."""

from typing import NamedTuple

from services.sandbox.domain.survey import Columns
from services.sandbox.domain.tally import DAY, HOUR, Tally
from services.sandbox.domain.timeline import nominal_ends

WEEK, MONTH = 7 * DAY, 30 * DAY
QUIRK = 90  # the salt of what decides on a market's oddities


class Facts(NamedTuple):
    """Prices in ten-thousandths, -1 for none; `shown` in half ten-thousandths; moments in Unix seconds."""

    slot: int
    generation: int
    place: int  # among the markets of its event
    stage: int
    start: int
    nominal_end: int
    end: int
    proposed_at: float
    final_at: float
    disputed: bool
    unnamed: bool
    catch_all: bool
    payout: float
    bid: int
    ask: int
    last_bid: int
    last_ask: int
    tick: int
    shown: int
    last: int
    trades: int
    volume: float
    volume_day: float
    volume_week: float
    volume_month: float
    liquidity: float
    change_hour: float
    change_day: float
    change_week: float
    chance: float  # decides on the market's quirks


def gamma_columns(tally: Tally) -> Columns:
    """The columns in the order of `Facts`."""
    markets, quotes, timeline = tally.markets, tally.quotes, tally.timeline
    events, row = markets.events, markets.row
    resting = tally.resting
    return (
        events.slot[row],
        events.generation[row],
        markets.index,
        tally.stage,
        events.start[row],
        nominal_ends(events)[row],
        events.end[row],
        timeline.proposed_at,
        timeline.final_at,
        timeline.disputed,
        markets.unnamed,
        markets.catch_all,
        tally.payout,
        quotes.bid,
        quotes.ask,
        resting.bid,
        resting.ask,
        resting.tick,
        tally.shown,
        tally.last_price,
        tally.trades,
        tally.volume,
        tally.volume_since(DAY),
        tally.volume_since(WEEK),
        tally.volume_since(MONTH),
        quotes.liquidity,
        tally.change_since(HOUR),
        tally.change_since(DAY),
        tally.change_since(WEEK),
        markets.draw(QUIRK),
    )
