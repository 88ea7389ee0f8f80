"""Whether one entrant is better than another: paired over events, with the board's own draws and rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from services.arena.domain.board import DRAWS, SEED, Contest, contests
from services.arena.domain.evidence import Evidence, Floats, Whole
from shared.board.rows import By
from shared.scoring.bootstrap import difference, interval, resampled
from shared.scoring.power import events_to_detect

EVENTS_MIN = 2  # below which no interval can be drawn
PAIRS_KEPT = 512


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first less the second: in shares of the deposit by return, in Brier points by skill."""

    by: By
    events: int  # by return those in which either took part, by skill those that both forecast
    shared: int  # in which both took part
    needed: int  # settled events that are still missing before the board says anything of the two
    mean: float  # by return of everything that is settled, by skill of an event
    low: float | None  # None: too little is known, so nothing is said
    high: float | None
    significant: bool | None
    better: float | None  # the probability that the first is better
    more_events: int | None  # until a true difference of this size would most likely show; None: none is seen
    differences: Sequence[float]  # of single events, the best for the first one first

    @property
    def told_apart(self) -> bool:
        return bool(self.significant)


@dataclass(frozen=True, slots=True)
class Verdicts:
    by_return: Comparison | None  # None: neither has a settled event
    by_skill: Comparison | None  # None: there is no event that both have forecast


class Comparer:
    """All comparisons of one board, each made once: on the rows that the board was computed from, so that the two never
    contradict each other."""

    def __init__(self, computed_at: datetime | None, evidence: Evidence, settled_min: int) -> None:
        self.computed_at = computed_at  # the board; None: there was none yet
        self.evidence, self.settled_min = evidence, settled_min
        self._known: dict[tuple[int, int], Verdicts] = {}

    @cached_property
    def contests(self) -> tuple[Contest, Contest]:
        return contests(self.evidence, self.settled_min)

    def verdicts(self, one: int, other: int) -> Verdicts:
        """For any thread; two that ask for the same at once both compute it."""
        found = self._known.get((one, other))
        if found is None:
            found = Verdicts(
                *(compared(contest, self.evidence, one, other, self.settled_min) for contest in self.contests)
            )
            self._known[one, other] = found
            if len(self._known) > PAIRS_KEPT:
                self._known.clear()
        return found


def compared(contest: Contest, evidence: Evidence, one: int, other: int, settled_min: int) -> Comparison | None:
    """Of two portfolios; None where there is no event to compare them on."""
    places = {entrant.portfolio_id: place for place, entrant in enumerate(contest.entrants)}
    if one not in places or other not in places:
        return None
    if contest.by == "return":
        return _by_return(contest, evidence, places[one], places[other], settled_min)
    return _by_skill(contest, places[one], places[other], settled_min)


def _by_return(contest: Contest, evidence: Evidence, one: int, other: int, settled_min: int) -> Comparison | None:
    """Over all settled events, 0 where a portfolio took no part, as on the board."""
    first, second = (_units(evidence, contest.entrants[place].portfolio_id) for place in (one, other))
    either, both = np.union1d(first, second), np.intersect1d(first, second)
    if not either.size:
        return None
    sample = resampled(contest.scores[:, [one, other]], seed=SEED, draws=DRAWS)
    apart = difference(sample, 0, 1)
    differences = contest.scores[:, one] - contest.scores[:, other]
    needed = max(_still_needed(contest, place, settled_min) for place in (one, other))
    known = None if needed else apart
    return Comparison(
        by="return",
        events=int(either.size),
        shared=int(both.size),
        needed=needed,
        mean=float(differences.sum()),
        low=None if known is None else known.low * contest.whole,
        high=None if known is None else known.high * contest.whole,
        significant=None if known is None else known.significant,
        better=None if known is None else _share_above(sample.means[0] - sample.means[1], sample.tolerance),
        more_events=_more(differences),
        differences=_ordered(differences[either]),
    )


def _by_skill(contest: Contest, one: int, other: int, settled_min: int) -> Comparison | None:
    """Over the events that both have forecast."""
    column = contest.scores[:, [one]] - contest.scores[:, [other]]
    differences = column[~np.isnan(column)]
    if not differences.size:
        return None
    needed = max(max(settled_min, EVENTS_MIN) - differences.size, 0)
    sample = resampled(column, seed=SEED, draws=DRAWS)
    span = None if needed else interval(sample.means[0])
    tolerance = sample.tolerance
    return Comparison(
        by="skill",
        events=int(differences.size),
        shared=int(differences.size),
        needed=int(needed),
        mean=float(differences.mean()),
        low=None if span is None else span.low,
        high=None if span is None else span.high,
        significant=None if span is None else span.low > tolerance or span.high < -tolerance,
        better=None if span is None else _share_above(sample.means[0], tolerance),
        more_events=_more(differences),
        differences=_ordered(differences),
    )


def _units(evidence: Evidence, portfolio_id: int) -> Whole:
    own: Whole = evidence.results.unit[evidence.results.portfolio == portfolio_id]
    return own


def _still_needed(contest: Contest, place: int, settled_min: int) -> int:
    """A null entrant that never trades is known without any event."""
    entrant = contest.entrants[place]
    if entrant.is_null and not entrant.trade_count:
        return 0
    return max(settled_min - contest.settled[place], 0)


def _share_above(drawn: Floats, tolerance: float) -> float | None:
    """The share of draws above 0, equal ones by half."""
    known = drawn[~np.isnan(drawn)]
    if not known.size:
        return None
    return float((known > tolerance).mean() + (np.abs(known) <= tolerance).mean() / 2)


def _more(differences: Floats) -> int | None:
    if differences.size < EVENTS_MIN:
        return None
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    if deviation <= 1e-12 * float(np.abs(differences).max()) or not mean:
        return None
    total = events_to_detect(deviation, mean)
    return None if total is None else max(total - differences.size, 0)


def _ordered(differences: Floats) -> list[float]:
    return [float(each) for each in np.sort(differences)[::-1]]
