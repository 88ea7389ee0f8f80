"""Scores as a matrix, events down and entrants across, with nan where an entrant has none of an event."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shared.scoring.columns import Floats, Numbers, column


@dataclass(frozen=True, slots=True)
class ScoreMatrix:
    events: tuple[Hashable, ...]
    entrants: tuple[Hashable, ...]
    scores: Floats  # events × entrants


def score_matrix(
    entrants: Sequence[Hashable],
    events: Sequence[Hashable],
    scores: Numbers,
    *,
    order: Iterable[Hashable] | None = None,
    several: Literal["mean", "sum"] = "mean",
) -> ScoreMatrix:
    """From rows of (entrant, event, score); several rows of a cell become their mean or sum, nan rows leave it.

    Columns stand in `order`, by default as they first appear; without rows the matrix has none.
    """
    values = column(scores)
    of_event, event_names = _numbered(events, ())
    of_entrant, entrant_names = _numbered(entrants, order or ())
    shape = (len(event_names), len(entrant_names))
    there = ~np.isnan(values)
    cells = (of_event * shape[1] + of_entrant)[there]
    sums = np.bincount(cells, weights=values[there], minlength=shape[0] * shape[1])
    counts = np.bincount(cells, minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        filled = sums / counts if several == "mean" else np.where(counts > 0, sums, np.nan)
    return ScoreMatrix(event_names, entrant_names, filled.reshape(shape))


def _numbered(
    names: Sequence[Hashable], known: Iterable[Hashable]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], tuple[Hashable, ...]]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(known))}
    places = np.fromiter((numbers.setdefault(name, len(numbers)) for name in names), np.int64, len(names))
    return places, tuple(numbers)
