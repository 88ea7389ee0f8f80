"""A long table in leaves, so that a phone need not scroll through all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Row = TypeVar("Row")

LEAF = 50  # rows


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of them; its rows are counted from 1."""

    number: int
    count: int
    first: int
    last: int
    total: int

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows[self.first - 1 : self.last]


def leaf_number(asked: str) -> int:
    """As an address says it; what is no number is the first one."""
    return int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) <= 6 and int(asked) else 1


def leaf_of(number: int, total: int) -> Leaf:
    """Beyond the last one is the last one, because tables grow shorter while people read."""
    count = max(1, -(-total // LEAF))
    number = min(number, count)
    first = (number - 1) * LEAF + 1
    return Leaf(number, count, first, min(first + LEAF - 1, total), total)
