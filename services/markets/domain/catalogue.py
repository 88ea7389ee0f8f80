"""What a listing changes: each listed market is new, changed in its facts, changed in its trading, or the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import lru_cache
from hashlib import blake2b

from services.markets.domain.quality import Quality
from shared.copy_text import Copied, copied_json, copied_row
from shared.venues.records import FeeSchedule, Market, PriceBand

FACTS = (
    "event_id",
    "question",
    "slug",
    "group_title",
    "market_type",
    "condition_id",
    "status",
    "venue_status",
    "accepting_orders",
    "placeholder",
    "outcome",
    "payout_yes",
    "tick_size",
    "price_bands",
    "min_size",
    "fee",
    "order_delay_seconds",
    "strike",
    "opens_at",
    "closes_at",
    "resolves_at",
    "settled_at",
    "yes_name",
    "no_name",
    "yes_token",
    "no_token",
    "rules",
)
TRADING = (
    "yes_bid",
    "yes_ask",
    "yes_bid_size",
    "yes_ask_size",
    "last_price",
    "volume",
    "volume_24h",
    "volume_unit",
    "liquidity",
    "open_interest",
)
HASH_BYTES = 8


class Fate(Enum):
    NEW = "new"
    FACTS_CHANGED = "facts_changed"
    TRADING_CHANGED = "trading_changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Row:
    """A market as COPY text. The text is the row's identity: a row has changed when its text has."""

    market_id: str
    platform: str
    external_id: str
    facts: str
    trading: str
    facts_hash: bytes
    content_hash: bytes
    venue_updated_at: datetime | None
    received_at: datetime
    quote_source: str


@dataclass
class Known:
    """The hashes of the markets that are stored and not yet final: all that a sync keeps in memory."""

    hashes: dict[str, bytes]  # external id → facts hash and content hash
    open_ids: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)  # final since recently; a cached listing may still show them
    seen: set[str] = field(default_factory=set)

    def fate(self, row: Row) -> Fate:
        stored = self.hashes.get(row.external_id)
        if stored is None:
            return Fate.NEW
        if stored[HASH_BYTES:] == row.content_hash:
            return Fate.UNCHANGED
        return Fate.TRADING_CHANGED if stored[:HASH_BYTES] == row.facts_hash else Fate.FACTS_CHANGED

    def remember(self, row: Row) -> None:
        self.hashes[row.external_id] = row.facts_hash + row.content_hash

    def left_the_listing(self) -> list[str]:
        return sorted(self.open_ids - self.seen)

    def awaiting_their_end(self) -> list[str]:
        """Left an earlier listing, and were not final yet when they were looked up last."""
        return sorted(self.hashes.keys() - self.open_ids - self.seen)


@dataclass
class Changes:
    """What one batch has to write; a market that comes twice is written once, as it came last."""

    new: dict[str, Row] = field(default_factory=dict)
    facts: dict[str, Row] = field(default_factory=dict)
    trading: dict[str, Row] = field(default_factory=dict)

    def add(self, row: Row, fate: Fate) -> None:
        if fate is Fate.NEW or row.market_id in self.new:
            self.new[row.market_id] = row
        elif fate is Fate.FACTS_CHANGED or row.market_id in self.facts:
            self.trading.pop(row.market_id, None)
            self.facts[row.market_id] = row
        else:
            self.trading[row.market_id] = row

    def __len__(self) -> int:
        return len(self.new) + len(self.facts) + len(self.trading)

    def halves(self) -> "tuple[Changes, Changes]":
        rows = [(Fate.NEW, row) for row in self.new.values()]
        rows += [(Fate.FACTS_CHANGED, row) for row in self.facts.values()]
        rows += [(Fate.TRADING_CHANGED, row) for row in self.trading.values()]
        first, second = Changes(), Changes()
        for place, (fate, row) in enumerate(rows):
            (first if place < len(rows) // 2 else second).add(row, fate)
        return first, second


@dataclass
class Sorted:
    """What became of a page."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    filtered: list[str] = field(default_factory=list)


def sort_page(markets: Sequence[Market], known: Known, quality: Quality, changes: Changes, now: datetime) -> Sorted:
    """Adds to `changes` what the page changes, and counts the rest. A market once stored is followed to its end,
    so the quality filter decides about new ones only."""
    result = Sorted()
    for market in markets:
        if market.external_id in known.seen:
            result.repeated += 1
        known.seen.add(market.external_id)
        if market.external_id in known.settled:
            result.unchanged += 1
            continue
        if market.external_id not in known.hashes and (reason := quality.reason_against(market)):
            result.filtered.append(reason)
            continue
        row = row_of(market, now)
        fate = known.fate(row)
        if fate is Fate.UNCHANGED:
            result.unchanged += 1
            continue
        result.new += fate is Fate.NEW
        result.changed += fate is not Fate.NEW
        changes.add(row, fate)
        known.remember(row)
    return result


def row_of(market: Market, now: datetime) -> Row:
    facts = _facts_text(market)
    trading = _trading_text(market)
    return Row(
        market_id=f"{market.platform}:{market.external_id}",
        platform=market.platform,
        external_id=market.external_id,
        facts=facts,
        trading=trading,
        facts_hash=_hash(facts),
        content_hash=_hash(facts + trading),
        venue_updated_at=market.venue_updated_at,
        received_at=now,
        # Gamma answers from a cache of up to five minutes; Kalshi's listing is as live as its books.
        quote_source="listing" if market.platform == "polymarket" else "book",
    )


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=HASH_BYTES).digest()


def _facts_text(market: Market) -> str:
    yes, no = (market.outcomes[0], market.outcomes[1]) if len(market.outcomes) == 2 else (None, None)
    return copied_row(
        (
            f"{market.platform}:{market.event_external_id}" if market.event_external_id else None,
            market.question,
            market.slug,
            market.group_title,
            market.market_type,
            market.condition_id,
            market.status,
            market.venue_status,
            market.accepting_orders,
            market.placeholder,
            market.outcome,
            market.payout_yes,
            market.tick_size,
            _bands_text(market.price_bands),
            market.min_size,
            _fee_text(market.fee, market.fee_waived_until),
            market.order_delay_seconds,
            copied_json(dict(market.strike)) if market.strike else None,
            market.opens_at,
            market.closes_at,
            market.resolves_at,
            market.settled_at,
            yes.name if yes else None,
            no.name if no else None,
            yes.token_id if yes else None,
            no.token_id if no else None,
            market.description,
        )
    )


def _trading_text(market: Market) -> str:
    quote = market.quote
    prices = (
        (quote.yes_bid, quote.yes_ask, quote.yes_bid_size, quote.yes_ask_size, quote.last_price)
        if quote
        else (None, None, None, None, None)
    )
    figures = (market.volume, market.volume_24h, market.volume_unit, market.liquidity, market.open_interest)
    return copied_row((*prices, *figures))


@lru_cache(maxsize=1_024)
def _bands_text(bands: tuple[PriceBand, ...]) -> Copied | None:
    if not bands:
        return None
    return copied_json([{"start": band.start, "end": band.end, "step": band.step} for band in bands])


@lru_cache(maxsize=1_024)
def _fee_text(fee: FeeSchedule | None, waived_until: datetime | None) -> Copied | None:
    """The terms the market itself carries; those of series and event are joined when it is read."""
    if fee is None and waived_until is None:
        return None
    terms: dict[str, object] = {}
    if fee is not None:
        terms = {
            "fee_type": fee.fee_type,
            "rate": fee.rate,
            "exponent": fee.exponent,
            "taker_only": fee.taker_only,
        }
    if waived_until is not None:
        terms["waived_until"] = waived_until
    return copied_json(terms)
