"""What a model gets to know before it decides: the market, the summary, its own state and its rivals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Quote:
    quoted_at: datetime
    yes_bid: Decimal | None
    yes_ask: Decimal | None
    bids: Sequence[tuple[Decimal, Decimal]]  # of yes, best first: price, size
    asks: Sequence[tuple[Decimal, Decimal]]

    @property
    def mid(self) -> Decimal | None:
        if self.yes_bid is None or self.yes_ask is None:
            return None
        return (self.yes_bid + self.yes_ask) / 2


@dataclass(frozen=True, slots=True)
class MarketFacts:
    market_no: int
    market_id: str
    platform: str
    event_title: str
    question: str
    yes_means: str | None  # the venue's name of the side
    no_means: str | None
    category: str | None
    description: str | None
    rules: str | None
    closes_at: datetime
    resolution_source: str | None


@dataclass(frozen=True, slots=True)
class OwnState:
    """The portfolio of the model as it stands."""

    cash: Decimal
    equity: Decimal
    initial_balance: Decimal
    open_positions: int
    won: int
    lost: int
    place: int | None  # on the board; None: not enough settled events
    entrants: int


@dataclass(frozen=True, slots=True)
class RivalMove:
    """What another model did in an earlier event: for banter, and without any bearing on this one."""

    name: str
    question: str
    position: str
    amount: Decimal | None  # that was really paid; None: nothing was bought
    ended: str | None  # yes, no and so on, once it is settled


@dataclass(frozen=True, slots=True)
class Brief:
    model_name: str
    sighted: bool  # whether it sees the market's price
    market: MarketFacts
    summary: str | None
    sources: Sequence[dict[str, Any]]  # url, title, published_at
    quote: Quote | None
    price_points: Sequence[tuple[datetime, Decimal]]  # recent prices of yes, oldest first
    state: OwnState
    rivals: Sequence[RivalMove]
    stake_rule: str  # in a sentence, from the portfolio's configuration
    now: datetime
