"""One market of Kalshi as plain values: what the rows are written from."""

from typing import NamedTuple

import numpy as np

from services.sandbox.domain.chance import Flags
from services.sandbox.domain.quotes import Quotes
from services.sandbox.domain.survey import Columns
from services.sandbox.domain.tally import DAY, Tally
from services.sandbox.domain.timeline import OPEN
from services.sandbox.domain.trading import trade_prices

PAUSED_SHARE = 0.006
PROVISIONAL_SHARE = 0.15  # of the markets that never traded: deleted after their determination
LATE_CLOSE_SHARE = 0.2  # whose close_time lies far ahead until the end comes early


class Facts(NamedTuple):
    """Prices in ten-thousandths, -1 or 0 for none; moments in Unix seconds."""

    slot: int
    generation: int
    place: int  # among the markets of its event
    stage: int
    start: int
    end: int
    proposed_at: float
    final_at: float
    ending: int
    payout: float
    bid: int
    ask: int
    bid_size: float
    ask_size: float
    grid: int
    last: int
    trades: int
    volume: float
    volume_day: float
    open_interest: float
    previous_bid: int
    previous_ask: int
    previous_last: int
    paused: bool
    provisional: bool
    voided: bool
    late_close: bool
    chance: float


def kalshi_columns(tally: Tally) -> Columns:
    """The columns in the order of `Facts`."""
    markets, quotes, timeline = tally.markets, tally.quotes, tally.timeline
    events, row = markets.events, markets.row
    before = markets.at(np.floor((events.now - DAY) / tally.quantum) * tally.quantum)
    yesterday = Quotes(before)
    traded = tally.tape.count(before.events.now)
    previous = np.where(traded > 0, trade_prices(before, np.maximum(traded - 1, 0), tally.quantum), 0)
    return (
        events.slot[row],
        events.generation[row],
        markets.index,
        tally.stage,
        events.start[row],
        events.end[row],
        timeline.proposed_at,
        timeline.final_at,
        tally.ending,
        tally.payout,
        quotes.bid,
        quotes.ask,
        quotes.bid_size,
        quotes.ask_size,
        quotes.grid,
        tally.last_price,
        tally.trades,
        tally.volume,
        tally.volume_since(DAY),
        tally.open_interest,
        yesterday.bid,
        yesterday.ask,
        previous,
        paused(tally),
        provisional(tally),
        tally.voided,
        late_close(tally),
        markets.draw(91),
    )


def paused(tally: Tally) -> Flags:
    result: Flags = (tally.stage == OPEN) & (tally.markets.draw(92) < PAUSED_SHARE)
    return result


def provisional(tally: Tally) -> Flags:
    result: Flags = tally.tape.silent & (tally.markets.draw(93) < PROVISIONAL_SHARE)
    return result


def late_close(tally: Tally) -> Flags:
    result: Flags = tally.markets.draw(94) < LATE_CLOSE_SHARE
    return result
