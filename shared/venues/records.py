"""What a venue told us, in our words: the parsed records that every venue module answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar

Platform = Literal["polymarket", "kalshi"]
MarketStatus = Literal["open", "closed", "proposed", "disputed", "final"]
Outcome = Literal["yes", "no", "split", "void", "scalar"]
Side = Literal["yes", "no"]
Period = Literal[1, 60, 1440]

Level = tuple[Decimal, Decimal]  # price in dollars from 0 to 1, size in contracts

Record = TypeVar("Record", covariant=True)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record we could not read. `kind` groups equal reasons, so that each is logged once."""

    platform: Platform
    entity: str  # "market", "event", "series", "book", "trade" …
    external_id: str | None
    kind: str  # "missing:question", "not_a_number:volume" …
    reason: str  # one sentence


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    """One page of a listing: what could be read, and what could not."""

    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...] = ()
    cursor: str | None = None  # None: this was the last page
    bytes_read: int = 0  # of the body, unpacked
    seconds: float = 0.0  # from the request to the end of the body, without waiting for the limiter


@dataclass(frozen=True, slots=True)
class Tag:
    external_id: str
    slug: str
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    platform: Platform
    external_id: str
    title: str
    category: str | None
    tags: tuple[str, ...]
    frequency: str | None
    fee_type: str | None  # Kalshi: quadratic, quadratic_with_maker_fees, …, flat
    fee_multiplier: Decimal | None
    settlement_sources: tuple[str, ...] = ()
    venue_updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    platform: Platform
    external_id: str
    series_external_id: str | None
    title: str
    subtitle: str | None
    description: str | None
    category: str | None  # the venue's own word; Polymarket: the first of its top-level tags
    tags: tuple[str, ...]  # slugs
    mutually_exclusive: bool | None  # at most one market ends yes (negRisk, MECNET)
    exhaustive: bool | None  # exactly one market ends yes; None where the venue does not say
    active: bool | None
    closed: bool | None
    starts_at: datetime | None
    closes_at: datetime | None
    volume: Decimal | None
    volume_24h: Decimal | None
    liquidity: Decimal | None
    open_interest: Decimal | None
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None
    game_id: str | None = None
    venue_updated_at: datetime | None = None
    series: tuple[Series, ...] = ()  # nested by Polymarket


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask of the yes side. None: nobody quotes there, or the venue did not say."""

    yes_bid: Decimal | None
    yes_ask: Decimal | None
    yes_bid_size: Decimal | None
    yes_ask_size: Decimal | None
    last_price: Decimal | None  # of the last yes trade; None: never traded, or not said


@dataclass(frozen=True, slots=True)
class MarketOutcome:
    side: Side
    name: str
    token_id: str | None  # up to 78 digits, Polymarket only


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """The fee terms that the market itself carries. Kalshi's stand on series and event instead."""

    rate: Decimal
    exponent: Decimal
    taker_only: bool
    fee_type: str | None


@dataclass(frozen=True, slots=True)
class PriceBand:
    start: Decimal
    end: Decimal
    step: Decimal


@dataclass(frozen=True, slots=True)
class Market:
    platform: Platform
    external_id: str
    event_external_id: str | None
    question: str
    slug: str | None
    description: str | None  # the rules text
    market_type: Literal["binary", "scalar"]
    group_title: str | None  # the short label of this market in its event
    outcomes: tuple[MarketOutcome, ...]  # yes first
    condition_id: str | None
    status: MarketStatus
    venue_status: str | None  # the venue's own word
    accepting_orders: bool | None
    placeholder: bool  # listed, but not (yet) a question one can trade: unnamed or catch-all outcome
    outcome: Outcome | None
    payout_yes: Decimal | None
    tick_size: Decimal | None
    price_bands: tuple[PriceBand, ...]  # Kalshi; empty where one tick holds everywhere
    min_size: Decimal | None
    fee: FeeSchedule | None  # None: the venue charges none here, or the terms stand on series and event
    fee_waived_until: datetime | None
    order_delay_seconds: int | None
    strike: Mapping[str, str] = field(default_factory=dict)
    opens_at: datetime | None = None
    closes_at: datetime | None = None  # nominal; neither the end of trading nor the resolution is promised
    resolves_at: datetime | None = None  # expected
    settled_at: datetime | None = None
    quote: Quote | None = None
    volume: Decimal | None = None
    volume_24h: Decimal | None = None
    volume_unit: Literal["dollars", "contracts"] = "dollars"
    liquidity: Decimal | None = None  # dollars; Kalshi no longer says
    open_interest: Decimal | None = None
    venue_updated_at: datetime | None = None
    one_of_several: bool = False  # the market says of itself that exactly one market of its event ends yes


@dataclass(frozen=True, slots=True)
class Book:
    """All levels of the yes side, best first. The no side is its mirror: `no_bids` and `no_asks`."""

    platform: Platform
    external_id: str  # of the market
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    venue_time: datetime | None  # Polymarket stamps its books, Kalshi does not
    tick_size: Decimal | None = None
    min_size: Decimal | None = None
    last_price: Decimal | None = None

    @property
    def no_bids(self) -> tuple[Level, ...]:
        return tuple((1 - price, size) for price, size in self.asks)

    @property
    def no_asks(self) -> tuple[Level, ...]:
        return tuple((1 - price, size) for price, size in self.bids)


@dataclass(frozen=True, slots=True)
class Candle:
    opened_at: datetime  # start of the period, UTC
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PricePoint:
    at: datetime
    price: Decimal  # of the yes side


@dataclass(frozen=True, slots=True)
class Trade:
    platform: Platform
    external_id: str  # the venue's id, or a digest of the fields that identify the row
    market_key: str  # Kalshi: ticker; Polymarket: condition id
    token_id: str | None
    taker_side: Side | None  # the side whose price the taker paid
    price: Decimal  # of the yes side where the venue says which it is, else of `token_id`
    size: Decimal
    traded_at: datetime
    wallet: str | None = None
    block: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the venue says of a market's end, with the row it said it in."""

    platform: Platform
    external_id: str
    status: MarketStatus
    outcome: Outcome | None
    payout_yes: Decimal | None
    settled_at: datetime | None
    source: str  # "gamma", "gamma+data_v2", "gamma+clob", "kalshi", "kalshi_historical"
    evidence: Mapping[str, object]
    problem: str | None = None  # why it is not final although it looks ended: "sources_disagree" …


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    platform: Platform
    exchange_active: bool
    trading_active: bool
    resumes_at: datetime | None = None
