"""The board: who stands where by return or by skill, and which differences are real."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from services.arena.domain.evidence import Entrant, Evidence, Floats
from services.arena.domain.standings import own_figures, rounded, session_skills
from shared.board.rows import By
from shared.scoring.bootstrap import Interval, Resampled, best_probabilities, difference, intervals, resampled
from shared.scoring.matrix import score_matrix
from shared.scoring.tiers import paired_tiers, tiers

BOARDS: tuple[By, ...] = ("return", "skill")

SEED = 1_950  # of the draws, so that the same rows always make the same board
DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class Contest:
    """What a board is decided by: a column of event scores for each entrant."""

    by: By
    entrants: Sequence[Entrant]
    scores: Floats  # events × entrants
    settled: Sequence[int]  # events that each of them took part in
    order: Sequence[int]  # columns, the best first
    references: Sequence[int]  # columns of null entrants that the others are held against
    whole: float  # what a mean is multiplied by to be shown


def judged(evidence: Evidence, settled_min: int) -> dict[int, dict[str, Any]]:
    """By portfolio: its own figures, and its place on each board."""
    found = own_figures(evidence)
    boards = {contest.by: _decided(contest, settled_min) for contest in contests(evidence, settled_min)}
    answer = {}
    for entrant in evidence.entrants:
        number = entrant.portfolio_id
        figures, own = found[number], {by: boards[by][number] for by in BOARDS}
        answer[number] = {
            **figures.known,
            "missing": figures.missing,
            "rank": own["return"]["rank"],
            "boards": own,
        }
    return answer


def contests(evidence: Evidence, settled_min: int) -> tuple[Contest, Contest]:
    """By return and by skill."""
    return _by_return(evidence, settled_min), _by_skill(evidence)


def _by_return(evidence: Evidence, settled_min: int) -> Contest:
    """Profit of each event as a share of the first balance; 0 where a portfolio took no part."""
    entrants, results = evidence.entrants, evidence.results
    places = _places(entrants)
    units = int(results.unit.max()) + 1 if results.unit.size else 0
    scores = np.zeros((units, len(entrants)))
    columns = np.array([places[number] for number in results.portfolio.tolist()], dtype=np.int64)
    scores[results.unit, columns] = results.pnl
    scores /= np.array([float(entrant.initial_balance) for entrant in entrants] or [1.0])
    settled = np.bincount(columns, minlength=len(entrants)).tolist()
    order = sorted(
        range(len(entrants)),
        key=lambda place: (-scores[:, place].sum(), -entrants[place].total_return, entrants[place].portfolio_id),
    )
    references = [
        place
        for place, entrant in enumerate(entrants)
        if entrant.is_null and (settled[place] >= settled_min or not entrant.trade_count)
    ]
    return Contest("return", entrants, scores, settled, order, references, float(units))


def _by_skill(evidence: Evidence) -> Contest:
    """Mean skill of each event against the crowd; nan where an entrant gave no forecast of it."""
    entrants, forecasts = evidence.entrants, evidence.forecasts
    numbers = [entrant.portfolio_id for entrant in entrants]
    made = score_matrix(forecasts.portfolio.tolist(), forecasts.unit.tolist(), session_skills(forecasts), order=numbers)
    scores = made.scores if made.scores.size else np.zeros((0, len(entrants)))
    settled = (~np.isnan(scores)).sum(axis=0).tolist()
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.nansum(scores, axis=0) / np.array(settled)
    order = sorted(
        range(len(entrants)),
        key=lambda place: (-means[place] if settled[place] else np.inf, entrants[place].portfolio_id),
    )
    return Contest("skill", entrants, scores, settled, order, (), 1.0)


def _places(entrants: Sequence[Entrant]) -> dict[int, int]:
    return {entrant.portfolio_id: place for place, entrant in enumerate(entrants)}


def _decided(contest: Contest, settled_min: int) -> dict[int, dict[str, Any]]:
    """Each entrant's place. Those with too few settled events stand aside: nothing is said of differences to them."""
    ranked = [place for place in contest.order if contest.settled[place] >= settled_min]
    compared = ranked + [place for place in contest.references if place not in ranked]
    column = {place: number for number, place in enumerate(compared)}
    sample = resampled(contest.scores[:, compared], seed=SEED, draws=DRAWS) if compared else None
    own: dict[int, dict[str, Any]] = {}
    if sample is not None and ranked:
        field = _part(sample, len(ranked))
        best, spans = best_probabilities(field), intervals(field)
        steps = _tiers(contest, field, ranked, settled_min)
        null = _best_null(contest, sample, column)
        for number, place in enumerate(ranked):
            span = spans[number]
            own[place] = {
                "rank": number + 1,
                "tier": steps[number],
                "probability_best": rounded(best[number]),
                "interval": None
                if span is None
                else {"low": rounded(span.low * contest.whole), "high": rounded(span.high * contest.whole)},
                **_against_null(contest, sample, column, place, null, span),
            }
    return {
        entrant.portfolio_id: _place_shown(contest, place, own.get(place), len(ranked), settled_min)
        for place, entrant in enumerate(contest.entrants)
    }


def _tiers(contest: Contest, field: Resampled, ranked: Sequence[int], settled_min: int) -> list[int | None]:
    """By return everybody has a result of every event; forecasts are compared on the events that both forecast."""
    if contest.by == "return":
        return tiers(field, range(len(ranked)))
    return paired_tiers(contest.scores, ranked, seed=SEED, events_min=settled_min, draws=DRAWS)


def _part(sample: Resampled, columns: int) -> Resampled:
    """The first columns of a sample: the same draws."""
    return replace(
        sample,
        observed=sample.observed[:columns],
        events=sample.events[:columns],
        means=sample.means[:columns],
    )


def _best_null(contest: Contest, sample: Resampled, column: dict[int, int]) -> int | None:
    if not contest.references:
        return None
    return max(contest.references, key=lambda place: (sample.observed[column[place]], -place))


def _against_null(
    contest: Contest, sample: Resampled, column: dict[int, int], place: int, null: int | None, span: Interval | None
) -> dict[str, Any]:
    """Whether it is significantly better than the best null entrant; by skill, than the crowd itself."""
    if contest.by == "skill":
        return {"better_than_null": None if span is None else span.low > 0, "best_null": {"name": "the crowd"}}
    if null is None or contest.entrants[place].is_null:
        return {"better_than_null": None, "best_null": None}
    named = {"portfolio_id": contest.entrants[null].portfolio_id, "name": contest.entrants[null].name}
    apart = difference(sample, column[place], column[null])
    return {"better_than_null": None if apart is None else apart.low > 0, "best_null": named}


def _place_shown(
    contest: Contest, place: int, own: dict[str, Any] | None, ranked: int, settled_min: int
) -> dict[str, Any]:
    entrant, settled = contest.entrants[place], contest.settled[place]
    figures = ("rank", "tier", "probability_best", "interval", "better_than_null")
    shown: dict[str, Any] = {"settled_events": settled, "still_needed": max(settled_min - settled, 0)}
    if own is None:
        why = f"not enough settled events yet ({settled} of {settled_min})"
        if contest.by == "skill" and entrant.model is None:
            why = "it states no forecasts"
        nothing = {**dict.fromkeys(figures), "best_null": None}
        return {**shown, **nothing, "standing": why, "missing": dict.fromkeys(figures, why)}
    missing = {name: "two settled events are needed" for name in figures if own[name] is None}
    if contest.by == "return" and own["best_null"] is None:
        missing["better_than_null"] = "it is a null entrant" if entrant.is_null else "no null entrant takes part"
    return {**shown, **own, "standing": _sentence(own, ranked), "missing": missing}


def _sentence(own: dict[str, Any], ranked: int) -> str:
    said = f"place {own['rank']} of {ranked}" + ("" if own["tier"] is None else f", tier {own['tier']}")
    if own["better_than_null"] is None:
        return said
    name = own["best_null"]["name"]
    return f"{said}; {'significantly' if own['better_than_null'] else 'not significantly'} better than {name}"
