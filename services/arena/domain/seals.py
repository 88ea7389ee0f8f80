"""The chain of sealed forecasts: what a link says, in which bytes, and how each hash stands on the one before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

FIRST_HASH = "0" * 64  # stands before the first link
PRICE_STEP = Decimal("0.000001")  # as the columns keep prices and probabilities


@dataclass(frozen=True, slots=True)
class Forecast:
    """A decision with all that it was made from; texts that are long stand for themselves by their SHA-256."""

    session_id: UUID
    event_id: UUID
    market_id: str
    model: str  # the external id
    portfolio_id: int
    position: str
    probability: Decimal | None  # of yes
    confidence: Decimal | None
    max_price: Decimal | None
    reason: str | None
    yes_bid: Decimal | None  # the crowd's quote at the decision
    yes_ask: Decimal | None
    quoted_at: datetime | None
    book_sha256: str | None  # the levels that were there
    prompt_sha256: str | None
    answer_sha256: str | None
    prompt_version: str | None
    model_version: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    seal_no: int
    session_id: UUID
    document: str
    previous_hash: str
    hash: str
    sealed_at: datetime


def document_of(forecast: Forecast) -> str:
    """Canonical JSON: sorted keys, no spaces, numbers of money as plain text, moments in UTC."""
    facts = {field.name: _plain(getattr(forecast, field.name)) for field in fields(forecast)}
    return canonical(facts)


def hash_of(previous_hash: str, document: str) -> str:
    return sha256((previous_hash + document).encode()).hexdigest()


def text_sha256(text: str | None) -> str | None:
    return None if text is None else sha256(text.encode()).hexdigest()


def prompt_sha256(messages: Sequence[Mapping[str, Any]] | None) -> str | None:
    """Of the messages as `betting_sessions.prompt` holds them; the order of keys in a message does not matter."""
    return None if messages is None else text_sha256(canonical(list(messages)))


def book_sha256(written: str | None) -> str | None:
    """Of the levels as `betting_sessions.book` holds them, with every digit: numbers count as plain text."""
    if written is None:
        return None
    return text_sha256(canonical(json.loads(written, parse_float=str, parse_int=str)))


def crowd_of(yes_bid: Decimal | None, yes_ask: Decimal | None) -> Decimal | None:
    """The mid, as the column keeps it; none where one side had no quote."""
    if yes_bid is None or yes_ask is None:
        return None
    return ((yes_bid + yes_ask) / 2).quantize(PRICE_STEP, ROUND_HALF_UP)


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> str | int | None:
    match value:
        case Decimal():
            rounded = value.quantize(PRICE_STEP, ROUND_HALF_UP)
            return format(rounded.normalize(), "f") if rounded else "0"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case UUID():
            return str(value)
        case str() | int() | None:
            return value
    raise TypeError(f"{type(value).__name__} has no place in a sealed forecast")
