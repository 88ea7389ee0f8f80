"""The past of single markets: quotes at many moments, every trade, candles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.sandbox.domain.chance import Flags, Floats, Ints
from services.sandbox.domain.identity import MarketId
from services.sandbox.domain.occurrences import Events, Markets, events_of
from services.sandbox.domain.quotes import UNIT, Quotes
from services.sandbox.domain.trading import Tape, trade_prices
from services.sandbox.domain.world import World

SAMPLES = 8  # looks at the book in each period of a candle
TAPE_SECONDS_FIRST, TAPE_SECONDS_MAX = 30.0, 86_400.0


def markets_at(world: World, wanted: Sequence[MarketId], now: float) -> Markets:
    """These markets, one event row each."""
    slots = np.array([market.slot for market in wanted], dtype=np.int64)
    numbers = np.array([market.generation for market in wanted], dtype=np.int64)
    index = np.array([market.index for market in wanted], dtype=np.int64)
    return Markets(events_of(world, slots, numbers, now), np.arange(len(wanted)), index)


def market_over(world: World, market: MarketId, moments: Floats) -> Quotes:
    """One market at many moments."""
    count = len(moments)
    slot, number = np.full(count, market.slot), np.full(count, market.generation)
    events = Events(world, slot.astype(np.int64), number.astype(np.int64), np.asarray(moments, dtype=np.float64))
    return Quotes(Markets(events, np.arange(count), np.full(count, market.index, dtype=np.int64)))


@dataclass(frozen=True)
class Trades:
    """Rows of trades; `place` is the market's place in the list they were taken from."""

    place: Ints
    number: Ints
    moment: Floats
    price: Ints  # of the yes side, in ten-thousandths
    size: Floats
    buys: Flags

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: Ints) -> "Trades":
        return Trades(
            place=self.place[rows],
            number=self.number[rows],
            moment=self.moment[rows],
            price=self.price[rows],
            size=self.size[rows],
            buys=self.buys[rows],
        )

    def newest_first(self) -> "Trades":
        return self.take(np.lexsort((-self.number, -self.place, -self.moment)))


def trades_between(markets: Markets, first: Ints, last: Ints, quantum: float) -> Trades:
    """Trades `first` up to but not including `last` of each market."""
    count = np.maximum(last - first, 0)
    place = np.repeat(np.arange(len(markets)), count)
    number = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    repeated = markets.take(place)
    tape = Tape(repeated)
    prices = trade_prices(repeated, number, quantum)
    return Trades(place, number, tape.moments(number), prices, tape.sizes(number), tape.buys(number))


def trades_of(markets: Markets, now: float, quantum: float, since: float = 0.0) -> Trades:
    """All trades of these markets after `since`, newest first."""
    tape = Tape(markets)
    last = tape.count(np.full(len(markets.events.slot), now))
    first = tape.count(np.full(len(markets.events.slot), since))
    return trades_between(markets, first, last, quantum).newest_first()


def latest_trades(markets: Markets, until: float, wanted: int, quantum: float) -> Trades:
    """The newest trades of many markets, from a stretch of time that holds enough of them."""
    seconds = TAPE_SECONDS_FIRST
    tape = Tape(markets)
    last = tape.count(np.full(len(markets.events.slot), until))
    while True:
        first = tape.count(np.full(len(markets.events.slot), until - seconds))
        if int((last - first).sum()) >= wanted or seconds >= TAPE_SECONDS_MAX:
            return trades_between(markets, first, last, quantum).newest_first()
        seconds *= 4


@dataclass(frozen=True)
class Candle:
    """Open, high, low and close in ten-thousandths; an absent side counts as 0 or 1 dollar, as the venue has it."""

    end: int
    bid: tuple[int, int, int, int]
    ask: tuple[int, int, int, int]
    price: tuple[int, int, int, int] | None  # None: no trades
    mean: float
    previous: int | None  # the last trade before
    volume: float
    open_interest: float


def candles_of(world: World, market: MarketId, ends: Ints, period: int, quantum: float) -> list[Candle]:
    """Candles of the periods that end at `ends` (Unix seconds, ascending)."""
    if not len(ends):
        return []
    marks = ends[:, None] - period + np.linspace(0, period, SAMPLES + 1)[None, :]
    looked = np.floor(marks.ravel() / quantum) * quantum
    quotes = market_over(world, market, looked)
    bids = np.maximum(quotes.bid, 0).reshape(len(ends), -1)
    asks = np.where(quotes.ask > 0, quotes.ask, UNIT).reshape(len(ends), -1)
    single = markets_at(world, [market], float(ends[-1]))
    trades = trades_of(single, float(ends[-1]), quantum)
    moments, prices, sizes = trades.moment[::-1], trades.price[::-1], trades.size[::-1]
    starts = np.searchsorted(moments, ends - period, side="right")
    stops = np.searchsorted(moments, ends, side="right")
    total = np.concatenate(([0.0], np.cumsum(sizes)))
    found = []
    for row, end in enumerate(ends.tolist()):
        own, weights = prices[starts[row] : stops[row]], sizes[starts[row] : stops[row]]
        found.append(
            Candle(
                end=end,
                bid=_span(bids[row]),
                ask=_span(asks[row]),
                price=_span(own) if len(own) else None,
                mean=float((own * weights).sum() / weights.sum()) if len(own) else 0.0,
                previous=int(prices[starts[row] - 1]) if starts[row] else None,
                volume=float(total[stops[row]] - total[starts[row]]),
                open_interest=float(0.37 * total[stops[row]]),
            )
        )
    return found


def _span(values: Ints) -> tuple[int, int, int, int]:
    return int(values[0]), int(values.max()), int(values.min()), int(values[-1])


def period_ends(opened: int, ended: int, first: int, last: int, period: int) -> Ints:
    """Ends of whole periods within [first, last] that overlap the life of a market."""
    low = max(first, opened + 1)
    high = min(last, ended + period - 1)
    start = -(-low // period) * period
    return np.arange(start, high + 1, period, dtype=np.int64)
