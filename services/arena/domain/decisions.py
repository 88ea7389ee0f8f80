"""A model's decision on one event, as it is read from the end of its answer."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Position = Literal["YES", "NO", "ABSTAIN"]


@dataclass(frozen=True, slots=True)
class Decision:
    position: Position
    probability: Decimal | None  # of yes; None only where it abstains
    confidence: Decimal | None  # None only where it abstains
    reason: str
    max_price: Decimal | None = None  # of the side that is bought


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why no decision can be read, in words that help the model to say it again."""

    why: str
