"""Order books as paper trading walks them, and the grid of prices that a venue takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

Level = tuple[Decimal, Decimal]  # price in dollars of the side traded, contracts
Action = Literal["buy_yes", "buy_no", "sell_yes", "sell_no"]
Outcome = Literal["yes", "no"]

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")


class Ladder(tuple[Level, ...]):
    """Levels as an order meets them: best first, each price once, none of them empty."""

    # What was computed from these levels and holds for every order that meets them; it is never changed, only replaced.
    remembered: object = None

    @classmethod
    def of(cls, levels: Iterable[Sequence[Any]], best: Literal["lowest", "highest"]) -> "Ladder":
        sizes: dict[Decimal, Decimal] = {}
        for price_told, size_told in levels:
            price, size = Decimal(price_told), Decimal(size_told)
            if size > 0 and ZERO < price < ONE:
                sizes[price] = sizes.get(price, ZERO) + size
        return cls(sorted(sizes.items(), reverse=best == "highest"))

    def mirrored(self) -> "Ladder":
        """The same offers seen from the other side of the market, where they are the opposite kind."""
        return Ladder([(1 - price, size) for price, size in self])


def without(levels: Sequence[Level], consumed: Mapping[Decimal, Decimal]) -> Ladder:
    """What is left of a portfolio's own copy of these levels; `consumed` is contracts by price."""
    left = [(price, size - consumed.get(price, ZERO)) for price, size in levels]
    return Ladder([level for level in left if level[1] > 0])


@dataclass(frozen=True)
class Book:
    """All levels of the yes side. The no side is its mirror: who offers yes at p bids for no at 1 − p."""

    bids: Ladder
    asks: Ladder
    quoted_at: datetime | None = None

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> "Book":
        """From an entry of what POST /markets/books answers."""
        yes, quoted_at = shown["yes"], shown.get("quoted_at")
        return cls(
            Ladder.of(yes["bids"], "highest"),
            Ladder.of(yes["asks"], "lowest"),
            datetime.fromisoformat(quoted_at) if isinstance(quoted_at, str) else quoted_at,
        )

    def levels(self, action: Action) -> Ladder:
        """What this action walks, priced in the side that it trades."""
        match action:
            case "buy_yes":
                return self.asks
            case "sell_yes":
                return self.bids
            case "buy_no":
                return self._no_asks
            case "sell_no":
                return self._no_bids

    @cached_property
    def _no_asks(self) -> Ladder:
        return self.bids.mirrored()

    @cached_property
    def _no_bids(self) -> Ladder:
        return self.asks.mirrored()

    def best_bid(self, outcome: Outcome) -> Decimal | None:
        if outcome == "yes":
            return self.bids[0][0] if self.bids else None
        return 1 - self.asks[0][0] if self.asks else None

    def best_ask(self, outcome: Outcome) -> Decimal | None:
        if outcome == "yes":
            return self.asks[0][0] if self.asks else None
        return 1 - self.bids[0][0] if self.bids else None

    def mid(self, outcome: Outcome) -> Decimal | None:
        """Between best bid and best ask; None where one of them is missing."""
        if not self.bids or not self.asks:
            return None
        mid = (self.bids[0][0] + self.asks[0][0]) / 2
        return mid if outcome == "yes" else 1 - mid

    def after(self, action: Action, taken: Iterable[tuple[Decimal, Decimal]]) -> "Book":
        """This book when `taken` (prices of the side traded, contracts) has been filled from it by `action`."""
        yes = action.endswith("yes")
        consumed: dict[Decimal, Decimal] = {}
        for price, quantity in taken:
            at = price if yes else 1 - price
            consumed[at] = consumed.get(at, ZERO) + quantity
        if action in ("buy_yes", "sell_no"):
            return Book(self.bids, without(self.asks, consumed), self.quoted_at)
        return Book(without(self.bids, consumed), self.asks, self.quoted_at)


class Band(NamedTuple):
    """Prices from `start` to `end` by `step`."""

    start: Decimal
    end: Decimal
    step: Decimal


class NoGrid(ValueError):
    """The venue has not told which prices it takes for this market."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The prices that a venue takes, strictly between 0 and 1."""

    bands: tuple[Band, ...]  # by rising price; the first begins and the last ends at a price that is taken

    @classmethod
    def of(cls, tick_size: Decimal | None, price_bands: Sequence[Mapping[str, Any]] | None = None) -> "Grid":
        """From a market's `price_bands`, where it has them, else from its `tick_size`."""
        told = [tuple(Decimal(band[name]) for name in Band._fields) for band in price_bands or ()]
        if not told and tick_size is not None:
            told = [(ZERO, ONE, Decimal(tick_size))]
        bands = [_inside(*band) for band in sorted(told) if band[2] > 0]
        if not bands or any(band.start > band.end for band in bands) or len(bands) < len(told):
            raise NoGrid(f"the tick is {tick_size}, the bands of prices are {price_bands or 'not told'}")
        return cls(tuple(bands))

    def holds(self, price: Decimal) -> bool:
        for start, end, step in self.bands:
            if start <= price <= end:
                if (price - start) % step:
                    continue
                return True
        return False

    def down(self, price: Decimal) -> Decimal:
        """The highest price of the grid that is not above this one; the lowest of all where there is none."""
        below = [_at(band, min(price, band.end), ROUND_FLOOR) for band in self.bands if band.start <= price]
        return max(below, default=self.bands[0].start)

    def up(self, price: Decimal) -> Decimal:
        """The lowest price of the grid that is not below this one; the highest of all where there is none."""
        above = [_at(band, max(price, band.start), ROUND_CEILING) for band in self.bands if band.end >= price]
        return min(above, default=self.bands[-1].end)


def _inside(start: Decimal, end: Decimal, step: Decimal) -> Band:
    """Without 0 and 1, which nobody can trade at, and ending at a price of the band."""
    start, end = (start if start > 0 else start + step), min(end, ONE)
    last = start + (end - start) // step * step
    return Band(start, last if last < 1 else last - step, step)


def _at(band: Band, price: Decimal, rounding: str) -> Decimal:
    return band.start + ((price - band.start) / band.step).to_integral_value(rounding) * band.step
