"""What every venue can be asked: one protocol, and the answers that carry more than records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from shared.venues.circuit import CircuitState
from shared.venues.records import (
    Book,
    Candle,
    Event,
    ExchangeStatus,
    FeeSchedule,
    Market,
    Page,
    Period,
    Platform,
    PricePoint,
    Quote,
    Rejected,
    Resolution,
    Series,
    Trade,
)


@dataclass(frozen=True, slots=True)
class MarketKey:
    """What is needed to ask a venue about one market."""

    external_id: str
    condition_id: str | None = None  # Polymarket: trades, fees, resolutions
    yes_token_id: str | None = None  # Polymarket: books, histories
    series_external_id: str | None = None  # Kalshi: candles, fees
    event_external_id: str | None = None  # Kalshi: fee overrides
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BookBatch:
    """Books by market; `missing` says why a market has none: `no_book`, `no_token`, `venue_unreachable` …"""

    records: tuple[Book, ...]
    rejected: tuple[Rejected, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuoteBatch:
    """Quotes by external id of the market; `venue_times` where the venue stamps them."""

    quotes: Mapping[str, Quote]
    rejected: tuple[Rejected, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    venue_times: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TradeBatch:
    """Trades by external id of the market, oldest first; `missing` says why a market has none, or not all of them."""

    records: Mapping[str, tuple[Trade, ...]]
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolutionBatch:
    records: tuple[Resolution, ...]
    rejected: tuple[Rejected, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeeChange:
    """Terms that a Kalshi series has from `at` on."""

    at: datetime
    fee_type: str
    fee_multiplier: Decimal


@dataclass(frozen=True, slots=True)
class KalshiFee:
    """The terms in force, and the dated changes of the series, oldest first."""

    fee_type: str
    fee_multiplier: Decimal
    overridden: bool  # by the event
    changes: tuple[FeeChange, ...] = ()


class Venue(Protocol):
    """Reads of one venue. Listings are lazy; everything else asks at once."""

    @property
    def platform(self) -> Platform: ...

    @property
    def state(self) -> CircuitState: ...

    @property
    def base_url(self) -> str: ...

    @property
    def simulated(self) -> bool | None: ...

    def series_pages(self) -> Iterator[Page[Series]]: ...

    def event_pages(self, *, closed: bool = False) -> Iterator[Page[Event]]: ...

    def market_pages(self, *, closed: bool = False) -> Iterator[Page[Market]]: ...

    def markets(self, external_ids: Sequence[str]) -> Page[Market]: ...

    def events(self, external_ids: Sequence[str]) -> Page[Event]: ...

    def books(self, keys: Sequence[MarketKey]) -> BookBatch: ...

    def book(self, key: MarketKey) -> Book: ...

    def quotes(self, keys: Sequence[MarketKey]) -> QuoteBatch: ...

    def candles(self, key: MarketKey, period: Period, start: datetime, end: datetime) -> tuple[Candle, ...]: ...

    def price_history(
        self, key: MarketKey, start: datetime, end: datetime, fidelity_minutes: int
    ) -> tuple[PricePoint, ...]: ...

    def trades(self, key: MarketKey, *, since: datetime | None = None) -> Iterator[Page[Trade]]: ...

    def trades_since(self, keys: Sequence[MarketKey], since: datetime) -> TradeBatch: ...

    def fees(self, key: MarketKey) -> FeeSchedule | KalshiFee | None: ...

    def resolutions(self, keys: Sequence[MarketKey]) -> ResolutionBatch: ...

    def status(self) -> ExchangeStatus: ...

    def close(self) -> None: ...
