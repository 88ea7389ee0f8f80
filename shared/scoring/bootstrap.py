"""The joint bootstrap: events are drawn again, the same draw for every entrant, and each mean is looked at again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.scoring.columns import Floats, Integers

Present = NDArray[np.bool_]

DRAWS = 10_000
CHUNK_CELLS = 250_000  # counts that are made and used at once, so that memory does not grow with draws × events
CHUNK_ROWS_MIN = 32  # fewer would read all scores for next to nothing
SHARED_FROM = 512  # events from which one row of counts serves several draws
SHARED_BY = 8
ORDERED_BYTES_MAX = 64 << 20  # of scores in several orders


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two entrants: the first less the second."""

    mean: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Means of entrants over their events, as they are and as they come out when the events are drawn again."""

    observed: Floats  # an entrant; nan: it has no event
    events: Integers  # that each entrant has
    means: Floats  # entrants × draws; nan where a draw holds none of the entrant's events
    tolerance: float  # means that are closer than this are equal: floats that were summed in another order


def resampled(scores: Floats, *, seed: int, draws: int = DRAWS) -> Resampled:
    """From a matrix of events × entrants, nan where an entrant has none of an event; the seed settles every draw."""
    there = ~np.isnan(scores)
    counts = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.where(there, scores, 0.0).sum(axis=0) / counts
    centred = np.where(there, scores - observed, 0.0)
    means = _resampled_means(centred, there, seed, draws)
    means += observed[:, np.newaxis]
    largest = float(np.abs(scores[there]).max()) if there.any() else 0.0
    return Resampled(observed, counts, means, 1e-12 * largest)


def intervals(sample: Resampled, level: float = 0.95) -> list[Interval | None]:
    """The percentile interval of each entrant's mean; None with fewer than two events."""
    return [
        interval(means, level) if events >= 2 else None
        for means, events in zip(sample.means, sample.events, strict=True)
    ]


def interval(means: Floats, level: float = 0.95) -> Interval | None:
    """The middle share of drawn means, interpolated between neighbours, nan left out; None where nothing is left."""
    drawn = np.sort(means)  # nan last
    last = drawn.size - int(np.isnan(means).sum()) - 1
    if last < 0:
        return None
    return Interval(_between(drawn, last * (0.5 - level / 2)), _between(drawn, last * (0.5 + level / 2)))


def _between(ordered: Floats, place: float) -> float:
    before = int(place)
    after = min(before + 1, ordered.size - 1)
    if place == before:
        return float(ordered[before])
    return float(ordered[before] + (place - before) * (ordered[after] - ordered[before]))


def best_probabilities(sample: Resampled, *, higher_is_better: bool = True) -> list[float | None]:
    """The share of draws in which an entrant is best, ties shared alike; None with fewer than two events."""
    ranked = sample.means if higher_is_better else -sample.means
    competing = np.where(np.isnan(ranked), -np.inf, ranked)[sample.events >= 2]
    if not competing.size:
        return [None] * len(sample.events)
    top = competing.max(axis=0)
    best = competing >= top - sample.tolerance
    best &= top > -np.inf
    shares = (best / np.maximum(best.sum(axis=0), 1)).sum(axis=1) / max(1, int((top > -np.inf).sum()))
    found = iter(shares)
    return [float(next(found)) if events >= 2 else None for events in sample.events]


def difference(sample: Resampled, first: int, second: int, level: float = 0.95) -> Difference | None:
    """The paired difference of two columns with its interval; None where either has fewer than two events."""
    if min(sample.events[first], sample.events[second]) < 2:
        return None
    drawn = sample.means[first] - sample.means[second]
    drawn[np.abs(drawn) <= sample.tolerance] = 0.0
    found = interval(drawn, level)
    if found is None:
        return None
    return Difference(float(sample.observed[first] - sample.observed[second]), found.low, found.high)


def multinomial_counts(events: int, draws: int, generator: np.random.Generator) -> Iterator[Floats]:
    """How often each event comes up when as many events as there are get drawn with return: rows of counts."""
    rows = max(CHUNK_ROWS_MIN, CHUNK_CELLS // max(1, events))
    kind = np.uint16 if events < 2**16 else np.uint32
    starts = (np.arange(rows) * events)[:, np.newaxis]
    for done in range(0, draws, rows):
        now = min(rows, draws - done)
        drawn = generator.integers(0, events, (now, events), dtype=kind) + starts[:now]
        yield np.bincount(drawn.ravel(), minlength=now * events).reshape(now, events).astype(np.float64)


def _resampled_means(centred: Floats, there: Present, seed: int, draws: int) -> Floats:
    """Drawn means of centred columns, entrants × draws.

    From some hundreds of events on, one row of counts serves several draws, each with the events in another order that
    is fixed by the seed. A row of counts in any order is a draw like any other; and that draws share their counts
    leaves them as good as independent, since the orders have nothing in common.
    """
    events, entrants = centred.shape
    generator = np.random.Generator(np.random.SFC64(seed))
    patterns, pattern_of = _patterns(there)
    columns = np.vstack([centred.T, patterns])
    most = ORDERED_BYTES_MAX // max(1, columns.nbytes)
    shared = max(1, min(SHARED_BY, most)) if events >= SHARED_FROM else 1
    orders = [np.arange(events), *(generator.permutation(events) for _ in range(shared - 1))]
    wide = np.concatenate([columns[:, order] for order in orders])
    rows = -(-draws // shared)
    sums = np.empty((len(wide), rows))
    done = 0
    for counts in multinomial_counts(events, rows, generator):
        np.matmul(wide, counts.T, out=sums[:, done : done + len(counts)])
        done += len(counts)
    sums = sums.reshape(shared, len(columns), rows).swapaxes(0, 1).reshape(len(columns), shared * rows)[:, :draws]
    means = sums[:entrants]
    means /= max(1, events)
    for entrant, pattern in pattern_of.items():
        with np.errstate(invalid="ignore"):
            means[entrant] *= events / np.where(sums[pattern] > 0, sums[pattern], np.nan)
    return means


def _patterns(there: Present) -> tuple[Floats, dict[int, int]]:
    """The different patterns of presence that have gaps, and which row of the sums holds that of an entrant."""
    entrants = there.shape[1]
    numbers: dict[bytes, int] = {}
    patterns: list[Floats] = []
    pattern_of: dict[int, int] = {}
    for entrant in np.flatnonzero(~there.all(axis=0)):
        pattern = there[:, entrant]
        key = np.packbits(pattern).tobytes()
        if key not in numbers:
            numbers[key] = entrants + len(patterns)
            patterns.append(pattern.astype(np.float64))
        pattern_of[int(entrant)] = numbers[key]
    return np.array(patterns, np.float64).reshape(len(patterns), there.shape[0]), pattern_of
