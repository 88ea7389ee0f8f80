"""The tape of many markets since a moment: each trade once, oldest first, of a length that can be kept up with."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from shared.venues.paging import gather
from shared.venues.records import Page, Trade
from shared.venues.venue import TradeBatch

PAGES_MAX = 10  # of a thousand trades each
TOO_LONG = "tape_too_long"  # the newest trades are answered, the older ones are not


Pages = Callable[[Sequence[str]], Iterator[Page[Trade]]]


def read_tapes(executor: Executor, batches: Sequence[Sequence[str]], pages: Pages) -> TradeBatch:
    """`pages` walks the trades of some markets, named by what the venue's own trades call them, newest first."""
    records: dict[str, list[Trade]] = {}
    missing: dict[str, str] = {}
    alone: list[Sequence[str]] = []
    for batch, read in gather(executor, lambda names: _read(pages(names)), batches):
        if isinstance(read, str):
            missing.update(dict.fromkeys(batch, read))
        elif read.whole or len(batch) == 1:
            _sort_in(records, batch, read)
            missing.update({} if read.whole else dict.fromkeys(batch, TOO_LONG))
        else:  # one busy market must not cost the others of its batch their trades
            alone.extend([name] for name in batch)
    rest = read_tapes(executor, alone, pages) if alone else TradeBatch({})
    found = {name: tuple(sorted(trades, key=lambda trade: trade.traded_at)) for name, trades in records.items()}
    return TradeBatch({**found, **rest.records}, {**missing, **rest.missing})


@dataclass(frozen=True, slots=True)
class _Read:
    trades: tuple[Trade, ...]
    whole: bool


def _read(pages: Iterator[Page[Trade]]) -> _Read:
    trades: list[Trade] = []
    for number, page in enumerate(pages, 1):
        trades.extend(page.records)
        if number == PAGES_MAX and page.cursor is not None:
            return _Read(tuple(trades), whole=False)
    return _Read(tuple(trades), whole=True)


def _sort_in(records: dict[str, list[Trade]], batch: Sequence[str], read: _Read) -> None:
    for name in batch:
        records[name] = []
    for trade in reversed(read.trades):  # equal moments keep the order in which they happened
        if trade.market_key in records:
            records[trade.market_key].append(trade)
