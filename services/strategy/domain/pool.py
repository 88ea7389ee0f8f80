"""The pool: all open markets with their recent past, loaded once a collection and shared by all portfolios."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import numpy as np

from services.strategy.domain.columns import KALSHI, POLYMARKET, YES, Columns, Flags, Floats, Ints, rows_of
from services.strategy.domain.history import LOGITS, Span, scaled
from services.strategy.domain.volumes import Volumes
from shared.trading.books import Grid

INDICATIVE_SPREAD_MAX = 0.10  # with a wider spread the last trade is the better price
KALSHI_TAKER = 0.07  # of its quadratic fee, before the multiplier

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Pair:
    """A standing pair of contracts that somebody has proven equal."""

    pair_id: int
    polymarket_no: int
    kalshi_no: int
    inverted: bool  # yes on one venue is no on the other


@dataclass(frozen=True, slots=True)
class EventLegs:
    """What is known of whole events besides their open markets."""

    event: Ints  # sorted
    stored: Ints  # markets of the event that are stored, whatever their state
    untradable: Ints  # that are neither open nor ended as no
    volume: Floats  # of the event, as the venue says it; nan where it does not
    stored_volume: Floats  # of the markets that are stored


@dataclass(frozen=True)
class Pool:
    columns: Columns
    loaded_at: datetime
    categories: Mapping[str, int] = field(default_factory=dict)  # lower case
    grids: Mapping[int, Grid] = field(default_factory=dict)
    minutes: Span | None = None
    hours: Span | None = None
    volumes: Volumes = field(default_factory=Volumes)
    legs: EventLegs | None = None
    pairs: tuple[Pair, ...] = ()
    lookalikes: tuple[tuple[int, int], ...] = ()  # numbers of markets of both venues that read alike
    _made: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.columns)

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What all portfolios share is computed by the first that asks."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def rows(self, market_nos: Sequence[int]) -> Ints:
        return rows_of(self.columns.market_no, np.asarray(market_nos, dtype=np.int64))

    @property
    def now(self) -> float:
        """The moment of the load in Unix seconds."""
        return self.loaded_at.timestamp()

    @property
    def spread(self) -> Floats:
        return self.once("spread", lambda: self.columns.yes_ask - self.columns.yes_bid)

    @property
    def mid(self) -> Floats:
        return self.once("mid", lambda: (self.columns.yes_ask + self.columns.yes_bid) / 2)

    @property
    def price(self) -> Floats:
        """Indicative: nobody trades at it."""
        return self.once(
            "price", lambda: np.where(self.spread <= INDICATIVE_SPREAD_MAX + 1e-9, self.mid, self.columns.last_price)
        )

    @property
    def conviction(self) -> Floats:
        """The distance of the price from 0.5."""
        return self.once("conviction", lambda: np.abs(self.price - 0.5))

    @property
    def quoted(self) -> Flags:
        """On both sides."""
        return self.once("quoted", lambda: ~np.isnan(self.spread))

    @property
    def tradable(self) -> Flags:
        columns = self.columns
        return self.once("tradable", lambda: (columns.accepting != 0) & (columns.placeholder != YES))

    @property
    def ends(self) -> Floats:
        """When trading is expected to end: the sooner of both dates that a venue may give; nan where it gives none."""
        return self.once("ends", lambda: np.fmin(self.columns.closes_at, self.columns.resolves_at))

    @property
    def logit(self) -> Any:
        """Of the mid, now."""
        return self.once("logit", lambda: LOGITS[scaled(self.mid)])

    @property
    def fee_rate(self) -> Floats:
        """So that a contract's fee is rate × (p (1 − p)) ^ exponent; nan where it is not known."""
        return self.once("fee_rate", self._fee_rate)

    def _fee_rate(self) -> Floats:
        columns = self.columns
        rate = np.where(columns.platform == KALSHI, KALSHI_TAKER * columns.fee_rate, columns.fee_rate)
        waived = columns.fee_waived_until > self.now
        rate = np.where(waived, 0.0, rate)
        return np.where((columns.platform == POLYMARKET) & np.isnan(columns.fee_rate), 0.0, rate)

    def fee(self, price: Floats, rows: Ints | slice = slice(None)) -> Floats:
        """Of one contract at that price, for a taker."""
        result: Floats = self.fee_rate[rows] * (price * (1 - price)) ** self.columns.fee_exponent[rows]
        return result

    def volume_ratio(self, minutes: int) -> Floats:
        """What was traded in the last minutes against what is usual in as many; nan: not known yet."""
        return self.once(("volume_ratio", minutes), lambda: self._volume_ratio(minutes))

    def _volume_ratio(self, minutes: int) -> Floats:
        unknown = np.full(len(self), np.nan)
        earlier = self.volumes.since(self.now - 60.0 * minutes)
        if earlier is None or self.now - earlier[0] < 30.0:
            return unknown
        columns, (moment, total) = self.columns, earlier
        recent = np.maximum(columns.volume - total, 0.0) / (self.now - moment)
        age = np.where(np.isnan(columns.opened_at), columns.created_at, columns.opened_at)
        usual = columns.volume_24h / np.clip(self.now - age, 60.0, 86_400.0)
        np.divide(recent, usual, out=unknown, where=usual > 0)
        return unknown
