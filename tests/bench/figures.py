"""Figures beside their floors and goals, and the ways in which they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NOISE = 1.3  # so far beyond a goal is noise on a shared machine
COUNTED = frozenset({"rows", "requests", "rows/s", "/s"})
HEADINGS = ("", "what", "figure", "floor", "ratio", "goal", "verdict")


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the ratio, or for the figure itself where there is no floor."""

    bound: float
    at_least: bool = False
    unit: str = "×"

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {_amount(self.bound, self.unit)}"


@dataclass(frozen=True, slots=True)
class Floor:
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    code: str
    name: str
    value: float | None  # None: not measured; then `note` says why
    unit: str = "s"
    floor: Floor | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if self.value is None or self.floor is None or self.floor.value == 0:
            return None
        return self.value / self.floor.value

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if self.goal is None:
            return "–"
        measured = self.value if self.ratio is None else self.ratio
        bound = self.goal.bound
        if self.goal.at_least:
            return "met" if measured >= bound else "within noise" if measured * NOISE >= bound else "missed"
        return "met" if measured <= bound else "within noise" if measured <= bound * NOISE else "missed"

    def cells(self) -> tuple[str, ...]:
        floor = "–" if self.floor is None else f"{_amount(self.floor.value, self.unit)} {self.floor.name}"
        ratio = "–" if self.ratio is None else _amount(self.ratio, "×")
        figure = self.note if self.value is None else _amount(self.value, self.unit)
        return self.code, self.name, figure, floor, ratio, str(self.goal or "–"), self.verdict

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "floor": None if self.floor is None else {"name": self.floor.name, "value": self.floor.value},
            "ratio": self.ratio,
            "goal": None if self.goal is None else str(self.goal),
            "verdict": self.verdict,
            "note": self.note,
        }


def aligned(figures: Sequence[Figure]) -> str:
    rows = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:], *_notes(figures)])


def markdown(figures: Sequence[Figure]) -> str:
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _notes(figures: Sequence[Figure]) -> list[str]:
    notes = [
        f"{figure.code}: {figure.name}: {figure.note}" for figure in figures if figure.note and figure.value is not None
    ]
    return ["", *notes] if notes else []


def _amount(value: float, unit: str) -> str:
    """About three digits that count, in a unit that needs no zeros before them."""
    if unit == "s" and 0 < value < 1:
        value, unit = value * 1_000, "ms"
    if unit == "B" and value >= 10_000_000:
        value, unit = value / 1_000_000, "MB"
    if unit in COUNTED:
        return f"{value:,.0f} {unit}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
