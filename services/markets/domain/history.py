"""Prices over a range of time, thinned to as many candles as a picture can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

Period = Literal[1, 60, 1440]

CANDLES_MAX = 120
SPANS: Mapping[str, timedelta | None] = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "1w": timedelta(days=7),
    "all": None,
}
STEPS = (1, 2, 5, 15, 30, 60, 120, 240, 720, 1_440, 4_320, 10_080, 43_200)  # minutes of a candle that is shown
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candle:
    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Range:
    """What is shown: candles of `minutes`, made of stored ones of `period`."""

    name: str
    since: datetime
    until: datetime
    minutes: int

    @property
    def period(self) -> Period:
        return 1 if self.minutes < 60 else 60 if self.minutes < 1_440 else 1_440


def range_of(name: str, first: datetime | None, now: datetime) -> Range:
    """An unknown name gets the shortest range that holds everything, at most a week."""
    reach = now - first if first is not None else timedelta(hours=1)
    if name not in SPANS:
        name = next((each for each, span in SPANS.items() if span is not None and reach <= span), "1w")
    span = SPANS[name] or max(reach, timedelta(hours=1))
    minutes = next((step for step in STEPS if span / timedelta(minutes=step) <= CANDLES_MAX), STEPS[-1])
    return Range(name, now - span, now, minutes)


def thinned(candles: Sequence[Candle], minutes: int) -> list[Candle]:
    """Candles of so many minutes, oldest first; where nothing was quoted there is none."""
    step, found = timedelta(minutes=minutes), dict[datetime, Candle]()
    for each in candles:
        begin = EPOCH + (each.opened_at - EPOCH) // step * step
        before = found.get(begin)
        found[begin] = (
            Candle(begin, each.open, each.high, each.low, each.close, each.volume, each.source)
            if before is None
            else Candle(
                begin,
                before.open,
                max(before.high, each.high),
                min(before.low, each.low),
                each.close,
                each.volume if before.volume is None else before.volume + (each.volume or 0),
                before.source if before.source == each.source else "snapshots and venue",
            )
        )
    return list(found.values())
