"""Rules that take a side of one market: exits, filters, what the rule wants, what pays for its costs, entries."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from services.strategy.domain.columns import Floats
from services.strategy.domain.entries import Ideas, enter, worthwhile
from services.strategy.domain.exits import leave
from services.strategy.domain.filters import Screen, keep_free, screened
from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Opinion, Portfolio, Side

Decide = Callable[[Pool, Portfolio, Any, datetime], Opinion]
Candidates = Callable[[Pool, Any, Screen], Ideas]  # the configuration is the rule's own
Against = Callable[[Pool, Any, int, Side], str | None]  # why the rule would now leave that side of the market in a row


def content(pool: Pool, config: Any, row: int, side: Side) -> None:
    """Of rules that do not change their mind."""


def taking_sides(candidates: Candidates, against: Against = content) -> Decide:
    """A whole rule, out of what it would enter and what it would leave again."""

    def decide(pool: Pool, portfolio: Portfolio, config: Any, now: datetime) -> Opinion:
        opinion = Opinion(considered=len(pool))
        leave(pool, portfolio, config, opinion, now, lambda row, side: against(pool, config, row, side))
        screen = Screen(screened(pool, config, now, opinion), opinion)
        keep_free(pool, portfolio, screen)
        ideas = worthwhile(pool, candidates(pool, config, screen), config, opinion)
        enter(pool, portfolio, config, ideas, opinion, now)
        return opinion

    return decide


def beliefs(pool: Pool, screen: Screen, probability: Floats, why: Callable[[int], str]) -> Ideas:
    """What follows from a probability of yes for each market of the pool: the side that is cheaper than it is likely,
    the greatest difference first. nan is no opinion. `why` says of a row what the reason is."""
    if np.shape(probability) != (len(pool),):
        raise ValueError(f"beliefs need one probability for each of the {len(pool)} markets of the pool, nan for none")
    if len(beyond := np.flatnonzero((probability < 0) | (probability > 1))):
        raise ValueError(
            f"a probability of {probability[beyond[0]]:g} was said of row {beyond[0]}; they go from 0 to 1"
        )
    screen.keep(~np.isnan(probability), "no_opinion")
    rows = screen.rows()
    believed, mid = probability[rows], pool.mid[rows]
    yes = believed > mid
    confidence = np.where(yes, believed, 1 - believed)
    return Ideas(rows, yes, np.abs(believed - mid), confidence, believed, lambda place: why(int(rows[place])))
