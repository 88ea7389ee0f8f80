"""Tiers of a board: who is not significantly different from whom."""

from collections.abc import Sequence

import numpy as np

from shared.scoring.bootstrap import DRAWS, Resampled, difference, interval, resampled
from shared.scoring.columns import Floats


def tiers(sample: Resampled, order: Sequence[int], level: float = 0.95) -> list[int | None]:
    """The tier of each column in the order of the board, from 1; None for one with fewer than two events.

    The first opens tier 1. The next one belongs to the tier whose leader it is not significantly different from,
    otherwise it opens the next tier.
    """
    found: list[int | None] = []
    leader: int | None = None
    tier = 0
    for entrant in order:
        if sample.events[entrant] < 2:
            found.append(None)
            continue
        apart = None if leader is None else difference(sample, leader, entrant, level)
        if leader is None or (apart is not None and apart.significant):
            leader, tier = entrant, tier + 1
        found.append(tier)
    return found


def _apart(differences: Resampled, place: int, events_min: int) -> bool:
    if differences.events[place] < max(events_min, 2):
        return False
    span = interval(differences.means[place])
    return span is not None and (span.low > differences.tolerance or span.high < -differences.tolerance)


def paired_tiers(
    scores: Floats, order: Sequence[int], *, seed: int, events_min: int, draws: int = DRAWS
) -> list[int | None]:
    """Tiers of columns that have gaps (events × entrants, nan where there is none): each is compared with its leader on
    the events that both have. With fewer than `events_min` of them nothing is said against it, so it stays."""
    found: dict[int, int | None] = dict.fromkeys(order)
    left = [entrant for entrant in order if int((~np.isnan(scores[:, entrant])).sum()) >= 2]
    tier = 0
    while left:
        leader, rest = left[0], left[1:]
        tier += 1
        found[leader] = tier
        apart = resampled(scores[:, [leader]] - scores[:, rest], seed=seed, draws=draws) if rest else None
        other = next((place for place in range(len(rest)) if apart and _apart(apart, place, events_min)), len(rest))
        found.update(dict.fromkeys(rest[:other], tier))
        left = rest[other:]
    return [found[entrant] for entrant in order]
