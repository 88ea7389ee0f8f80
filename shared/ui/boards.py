"""The board as readers see it: bands of rows that nobody can tell apart, one axis for all their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from shared.board.rows import By
from shared.ui.drawings import NULL_ENTRANTS, color_of, interval

ROWS = 40  # shown before somebody asks for all

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Band:
    """A tier, or those who have none yet."""

    tier: int | None
    words: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Board:
    by: By
    bands: Sequence[Band]
    total: int
    shown: int
    least: float  # the ends of the axis
    most: float
    needed: int | None  # settled events from which on there is a rank; none: the board was never computed

    @property
    def rows(self) -> list[Row]:
        return [row for band in self.bands for row in band.rows]

    @property
    def hidden(self) -> int:
        return self.total - self.shown

    def middle(self, row: Row) -> float | None:
        return middle_of(row, self.by)

    def drawn(self, row: Row) -> Markup:
        ends = row["interval"] or {}
        return interval(
            ends.get("low"),
            self.middle(row),
            ends.get("high"),
            self.least,
            self.most,
            reach_words(row, self.by),
            color_of(row["portfolio_id"], row["strategy_type"], row["color"]),
        )


def board_of(ordered: Sequence[Row], by: By, most: int | None = ROWS) -> Board:
    """`ordered` as shared/board/rows.py puts them; `most`: how many are shown, none: all."""
    shown = ordered if most is None else ordered[:most]
    if sum(1 for row in ordered if row["rank"] is not None) == 1:
        shown = [_without_rivals(row) for row in shown]
    ends = [end for row in shown for end in _reach(row, by) if end is not None]
    tiers = dict.fromkeys(row["tier"] if row["rank"] is not None else None for row in shown)
    bands = [_band(tier, [row for row in shown if _tier(row) == tier], ordered) for tier in tiers]
    computed = next((row for row in ordered if row["settled_events"] is not None), None)
    return Board(
        by,
        [band for band in bands if band.rows],
        len(ordered),
        len(shown),
        min([0.0, *ends]),
        max([0.0, *ends]),
        None if computed is None else _needed(ordered),
    )


def middle_of(row: Row, by: By) -> float | None:
    """What ranks rest on: the return of what is settled, or the mean skill."""
    if by == "return":
        return None if row["settled_return"] is None else float(row["settled_return"])
    return None if row["skill"] is None else float(row["skill"]["mean"])


def reach_words(row: Row, by: By) -> str:
    """The interval in words, for those who do not see it."""
    middle, ends = middle_of(row, by), row["interval"]
    if middle is None or ends is None:
        return "no interval yet"
    return f"{_written(middle, by)}, 95 % interval {_written(ends['low'], by)} to {_written(ends['high'], by)}"


def is_null(row: Row) -> bool:
    return bool(row["strategy_type"] == NULL_ENTRANTS)


def _tier(row: Row) -> int | None:
    return row["tier"] if row["rank"] is not None else None


def _reach(row: Row, by: By) -> tuple[float | None, ...]:
    ends = row["interval"]
    return () if ends is None else (ends["low"], ends["high"], middle_of(row, by))


def _without_rivals(row: Row) -> Row:
    """Whoever has nobody to beat is surely the best, which says nothing."""
    if row["probability_best"] is None:
        return row
    missing = {**row["missing"], "probability_best": "nobody else has a rank yet"}
    return {**row, "probability_best": None, "missing": missing}


def _needed(rows: Sequence[Row]) -> int | None:
    """Everybody's settled events and those that are missing come to the same, where any are missing."""
    waiting = [row for row in rows if row["still_needed"]]
    return waiting[0]["settled_events"] + waiting[0]["still_needed"] if waiting else None


def _band(tier: int | None, rows: Sequence[Row], all_rows: Sequence[Row]) -> Band:
    if tier is None:
        ranked = any(row["rank"] is not None for row in rows)
        return Band(None, "Ranked, not compared" if ranked else "No rank yet", rows)
    size = sum(1 for row in all_rows if _tier(row) == tier)
    if sum(1 for row in all_rows if _tier(row) is not None) == 1:
        return Band(tier, "The only one with a rank so far", rows)
    if size == 1:
        whom = "the best of the next" if tier == 1 else "the best of the one above"
        return Band(tier, f"Tier {tier}: one, told apart from {whom}", rows)
    return Band(tier, f"Tier {tier}: {size} that cannot be told from its first", rows)


def _written(value: float, by: By) -> str:
    figure = f"{abs(value) * 100:.1f} %" if by == "return" else f"{abs(value):.4f}"
    return f"{'−' if value < 0 else '+'}{figure}"
