"""What operators may set for a time: a closed set of keys, each with its unit and its bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """A value that an override may replace."""

    what: str
    unit: str
    least: Decimal
    most: Decimal
    whole: bool = False
    of_portfolio: bool = True  # may stand for one portfolio alone

    @property
    def bounds(self) -> str:
        return f"{'a whole number' if self.whole else 'a number'} from {self.least:f} to {self.most:f} ({self.unit})"

    def wrong(self, value: Any) -> str | None:
        """Why it cannot be taken, to go behind the name of the key."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return f"must be {self.bounds}, not {_kind(value)}"
        number = Decimal(value)
        if not number.is_finite() or not self.least <= number <= self.most:
            return f"must be {self.bounds}, not {number}"
        if self.whole and number != number.to_integral_value():
            return f"must be {self.bounds}, not {number}"
        return None


def _seconds(what: str, least: int, most: int, *, of_portfolio: bool) -> Key:
    return Key(what, "seconds", Decimal(least), Decimal(most), whole=True, of_portfolio=of_portfolio)


_DOLLARS_MAX = Decimal(10) ** 12

KEYS: Mapping[str, Key] = {
    "price_update_seconds": _seconds("between two price updates", 10, 86_400, of_portfolio=False),
    "data_age_max_seconds": _seconds("at which collected data stop buying", 1, 604_800, of_portfolio=False),
    "book_age_max_seconds": _seconds("of the oldest book that is traded on", 1, 3_600, of_portfolio=True),
    "signal_age_max_seconds": _seconds("at which a signal expires", 1, 604_800, of_portfolio=True),
    "max_positions": Key("open at one time", "positions", Decimal(0), Decimal(10_000), whole=True),
    "max_exposure": Key("of the equity that may be invested", "share", Decimal(0), Decimal(1)),
    "max_position_size": Key("cost in one position", "dollars", Decimal(0), _DOLLARS_MAX),
    "daily_loss_limit": Key("lost since 00:00 UTC at which buying stops", "dollars", Decimal("0.01"), _DOLLARS_MAX),
    "api_failures_max": Key(
        "failed calls in a row at which buying stops",
        "calls",
        Decimal(1),
        Decimal(1_000),
        whole=True,
        of_portfolio=False,
    ),
}


def _kind(value: Any) -> str:
    words = {str: "text", bool: "true or false", list: "a list", dict: "an object", type(None): "null"}
    return words.get(type(value), type(value).__name__)
