"""Reads a model's decision from the end of its answer; nothing in it is guessed or made to fit."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.arena.domain.decisions import Decision, Position, Unreadable
from services.arena.domain.fences import line
from services.arena.domain.json_objects import Contradiction, objects_in

POSITION_NAMES = ("position", "decision", "final_position", "side")
PROBABILITY_NAMES = ("probability", "probability_yes", "p_yes", "prob_yes", "probability_of_yes")
CONFIDENCE_NAMES = ("confidence", "confidence_score")
REASON_NAMES = ("reason", "rationale", "reasoning_summary", "reasoning")
MAX_PRICE_NAMES = ("max_price", "limit_price")
REASON_LENGTH_MAX = 500
WINDOW = 16_000  # characters at the end in which the decision is looked for
BRACES_MAX = 400  # of which each may open an object, so that no answer takes long to read

_WORDS: Mapping[str, Position] = {
    "YES": "YES",
    "NO": "NO",
    "ABSTAIN": "ABSTAIN",
    "PASS": "ABSTAIN",
    "HOLD": "ABSTAIN",
    "SKIP": "ABSTAIN",
}
_PLACES = Decimal("0.000001")
_NUMBER = re.compile(r"\+?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE]-?\d{1,3})?", re.ASCII)
_PERCENT = re.compile(r"\s*\d+(?:\.\d*)?\s*%\s*", re.ASCII)
_BEGUN = re.compile(r"""["'](?:position|decision|final_position|side)["']\s*:""", re.IGNORECASE)


class _NotReadable(Exception):
    """Carries the sentence out of the depth."""


def read_decision(text: str) -> Decision | Unreadable:
    """The last JSON object of the answer that has a position decides, whatever was said before it."""
    text = "{".join(["", *text[-WINDOW:].rsplit("{", BRACES_MAX)[1:]])
    found: dict[str, Any] | None = None
    end = 0
    for value, after in objects_in(text):
        if (decision := _with_position(value)) is not None:
            found, end = decision, after
    begun = text.find("{", end)
    if begun >= 0 and _BEGUN.search(text, begun):
        return Unreadable("the last object with a position is no complete JSON")
    if found is None:
        return Unreadable("there is no JSON object with a position at the end of the answer")
    try:
        return _decision(found)
    except _NotReadable as unreadable:
        return Unreadable(str(unreadable))


def _with_position(value: dict[str, Any]) -> dict[str, Any] | None:
    """The object itself, or the one that it wraps as its decision."""
    for name in POSITION_NAMES:
        inner = value.get(name)
        if isinstance(inner, dict):
            return inner if any(key in inner for key in POSITION_NAMES) else None
        if name in value:
            return value
    return None


def _decision(said: dict[str, Any]) -> Decision:
    position = _position(said)
    probability = _share(said, PROBABILITY_NAMES, "probability")
    confidence = _share(said, CONFIDENCE_NAMES, "confidence")
    reason = _one_of(said, REASON_NAMES, "reason", first=True)
    text = line(reason, REASON_LENGTH_MAX) if isinstance(reason, str) else ""
    if position == "ABSTAIN":
        return Decision(position, probability, confidence, text)
    for name, value in (("probability", probability), ("confidence", confidence)):
        if value is None:
            raise _NotReadable(f"a position of {position} needs a {name} between 0 and 1")
    max_price = _share(said, MAX_PRICE_NAMES, "max_price")
    if max_price is not None and not 0 < max_price < 1:
        raise _NotReadable("max_price must lie between 0 and 1 dollars, the two excluded")
    return Decision(position, probability, confidence, text, max_price)


def _position(said: dict[str, Any]) -> Position:
    value = _one_of(said, POSITION_NAMES, "position")
    position = _WORDS.get(value.strip().upper()) if isinstance(value, str) else None
    if position is None:
        raise _NotReadable("the position must be one of the words YES, NO and ABSTAIN")
    return position


def _one_of(said: dict[str, Any], names: tuple[str, ...], meaning: str, *, first: bool = False) -> Any:
    values = [said[name] for name in names if said.get(name) is not None]
    if not values:
        return None
    if first:
        return values[0]
    if any(isinstance(value, Contradiction) or _plain(value) != _plain(values[0]) for value in values):
        raise _NotReadable(f"the {meaning} is said twice, and differently")
    return values[0]


def _plain(value: Any) -> Any:
    """As it is compared: 0.6 and "0.60" are one number, yes and YES one word."""
    if not isinstance(value, str):
        return value
    written = value.strip().upper()
    return Decimal(written) if _NUMBER.fullmatch(written) else _WORDS.get(written, written)


def _share(said: dict[str, Any], names: tuple[str, ...], meaning: str) -> Decimal | None:
    """A number from 0 to 1, to six places."""
    value = _one_of(said, names, meaning)
    if value is None:
        return None
    if not isinstance(value, str):  # numbers are kept as written, so what is no text is no number
        raise _NotReadable(f"the {meaning} must be a number between 0 and 1")
    written = value.strip()
    if _PERCENT.fullmatch(written):
        raise _NotReadable(f"the {meaning} must be a number between 0 and 1 without a percent sign, like 0.62")
    if not _NUMBER.fullmatch(written):
        raise _NotReadable(f"the {meaning} must be a number between 0 and 1")
    number = Decimal(written)
    if 1 < number <= 100:
        raise _NotReadable(f"the {meaning} must lie between 0 and 1: write 0.62, not 62")
    if not 0 <= number <= 1:
        raise _NotReadable(f"the {meaning} must be a number between 0 and 1")
    return number.quantize(_PLACES)
