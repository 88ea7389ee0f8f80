"""Tiers of a board: who is not significantly different from whom."""

from collections.abc import Sequence

from shared.scoring.bootstrap import Resampled, difference


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
