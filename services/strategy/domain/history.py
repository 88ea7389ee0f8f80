"""Prices of the last hours as matrices of half ten-thousandths: one row a minute or an hour, one column a market."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.strategy.domain.columns import Array, Flags, Floats, Ints, Singles, rows_of

MINUTES, HOURS = 120, 48
SCALE = 20_000  # a mid of prices in ten-thousandths is a whole number of these; 0 stands for unknown
GAP_MINUTES_MAX = 20  # a stretch in which nothing was collected for longer says nothing about moves

Prices = npt.NDArray[np.uint16]


def _logits() -> Singles:
    price = np.clip(np.arange(SCALE + 1) / SCALE, 0.5 / SCALE, 1 - 0.5 / SCALE)
    table = np.log(price / (1 - price)).astype(np.float32)
    table[0] = np.nan
    return table


LOGITS = _logits()


def scaled(prices: Floats) -> Prices:
    """Prices in half ten-thousandths; unknown ones are 0."""
    known = np.nan_to_num(prices * SCALE, nan=0.0)
    return np.clip(np.round(known), 0, SCALE).astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Closes of candles: market, when the candle opened (in periods since 1970) and its close, scaled."""

    market_no: Array
    period: Array
    close: Prices


@dataclass(frozen=True, slots=True)
class Span:
    """Closes of the last periods; the last row is period `end`. A price stands until it moves."""

    end: int
    closes: Prices
    heard: Flags  # whether a collection of all markets ended in that period; a few may be quoted at any time

    @property
    def first(self) -> int:
        return self.end - len(self.closes) + 1

    def moved_to(self, end: int, rows: Ints) -> "Span":
        """The same span some periods later, with the markets of these columns (-1: new)."""
        end = max(end, self.end)
        span = empty_span(end, len(self.closes), len(rows))
        shift, known = end - self.end, np.flatnonzero(rows >= 0)
        if shift < len(self.closes):
            kept = len(self.closes) - shift
            if len(known) == len(rows) == self.closes.shape[1]:
                span.closes[:kept] = self.closes[shift:]  # sorted numbers, as many and all known: the same markets
                return span
            for row in range(kept):  # row by row, so that no second matrix is made on the way
                span.closes[row, known] = self.closes[row + shift, rows[known]]
        return span

    def forget(self, since: int) -> None:
        """What is known of the periods from `since` on: it is told anew."""
        self.closes[max(since - self.first, 0) :] = 0

    def hear(self, periods: Ints) -> None:
        """Those in which a collection of all markets ended, and no others."""
        row = periods - self.first
        self.heard[:] = False
        self.heard[row[(row >= 0) & (row < len(self.heard))]] = True

    def tell(self, ticks: Ticks, numbers: Array) -> None:
        """`numbers` are the sorted numbers of the markets of the columns."""
        row = ticks.period - self.first
        inside = (row >= 0) & (row < len(self.closes))
        column = rows_of(numbers, ticks.market_no)
        fits = inside & (column >= 0) & (ticks.close > 0)
        self.closes[row[fits], column[fits]] = ticks.close[fits]

    def carry(self, since: int, before: Prices) -> None:
        """Fills the periods from `since` on in which nothing was told; `before` stood when the span began."""
        for row in range(max(since - self.first, 0), len(self.closes)):
            previous = self.closes[row - 1] if row else before
            np.copyto(self.closes[row], previous, where=self.closes[row] == 0)


def empty_span(end: int, depth: int, columns: int) -> Span:
    return Span(end, np.zeros((depth, columns), dtype=np.uint16), np.zeros(depth, dtype=np.bool_))
