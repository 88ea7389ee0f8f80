"""The figures of one entrant, each a number or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from services.arena.domain.evidence import Days, Entrant, Evidence, Floats, Forecasts, Whole
from shared.scoring.brier import squared_errors
from shared.scoring.calibration import calibration
from shared.scoring.columns import figure
from shared.scoring.log_score import log_score, winning_probabilities
from shared.scoring.sharpe import Moments, deflated_sharpe, moments, sharpe_variance
from shared.scoring.skill import Skill, paired_skill, skills

UNQUOTED = "the crowd had no quote at some of its forecasts; skill is over the events of both"
DAYS_MIN = 20  # daily returns below which a Sharpe ratio says nothing
DAYS_OF_YEAR = 365  # these markets trade every day
DIGITS = 8


@dataclass
class Figures:
    """What is known, and why the rest is not."""

    known: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: Any, reason: str) -> None:
        self.known[name] = rounded(value) if isinstance(value, float) else value
        if value is None:
            self.missing[name] = reason


@dataclass(frozen=True, slots=True)
class Walk:
    """The daily returns of a portfolio, and their ratio where there are enough of them."""

    returns: int
    ratio: Moments | None


def own_figures(evidence: Evidence) -> dict[int, Figures]:
    """Of each entrant, without regard to the others but for the deflated Sharpe ratio."""
    walks = _walks(evidence.entrants, evidence.days)
    found = {entrant.portfolio_id: Figures() for entrant in evidence.entrants}
    for entrant in evidence.entrants:
        figures = found[entrant.portfolio_id]
        _count(figures, entrant, evidence)
        _judge_forecasts(figures, evidence.forecasts.of(entrant.portfolio_id), entrant, evidence)
        _draw_down(figures, entrant, evidence)
    _sharpen(found, walks, evidence.tried)
    return found


def rounded(value: float | np.floating[Any] | None) -> float | None:
    """As it is stored; None where it is no number."""
    number = None if value is None else figure(value)
    return None if number is None else round(number, DIGITS) + 0.0


def event_means(units: Whole, values: Floats) -> Floats:
    """The mean of each event over the rows that are numbers, so that an event counts once; events without one are
    left out."""
    there = ~np.isnan(values)
    if not there.any():
        return np.empty(0)
    events, places = np.unique(units[there], return_inverse=True)
    sums = np.bincount(places, weights=values[there], minlength=events.size)
    return np.asarray(sums / np.bincount(places, minlength=events.size), dtype=np.float64)


def session_skills(forecasts: Forecasts) -> Floats:
    """Of each session: the crowd's squared error less its own."""
    crowd = squared_errors(forecasts.crowd, forecasts.outcome)
    return skills(crowd, squared_errors(forecasts.probability, forecasts.outcome))


def _count(figures: Figures, entrant: Entrant, evidence: Evidence) -> None:
    number, tally = entrant.portfolio_id, evidence.tally
    own = evidence.results.portfolio == number
    purchases = tally.purchases.get(number, 0)
    figures.known |= {
        "bets": purchases,
        "sales": entrant.trade_count - purchases,
        "wins": int(evidence.results.won[own].sum()),
        "losses": int(evidence.results.lost[own].sum()),
        "pushes": int(evidence.results.pushed[own].sum()),
        "abstentions": tally.abstentions.get(number, {}),
        "failures": tally.failures.get(number, {}),
        "sessions": tally.concluded.get(number, 0),
        "forecasts": tally.forecasts.get(number, 0),
        "settled_return": rounded(evidence.results.pnl[own].sum() / float(entrant.initial_balance)),
    }


def _judge_forecasts(figures: Figures, forecasts: Forecasts, entrant: Entrant, evidence: Evidence) -> None:
    reason = "no forecast of it has been settled by yes or no yet" if entrant.model else "it states no forecasts"
    scores = event_means(forecasts.unit, squared_errors(forecasts.probability, forecasts.outcome))
    crowd, unquoted = _crowd(forecasts), int(np.isnan(forecasts.crowd).sum())
    calibrated = calibration(forecasts.probability, forecasts.outcome)
    skill = paired_skill(event_means(forecasts.unit, session_skills(forecasts)))
    figures.put("brier", float(scores.mean()) if scores.size else None, reason)
    figures.put("crowd_brier", float(crowd.mean()) if crowd.size else None, reason if not unquoted else UNQUOTED)
    figures.put("log_score", log_score(winning_probabilities(forecasts.probability, forecasts.outcome)), reason)
    figures.put("skill", None if skill is None else _skill_shown(skill), reason)
    shown = None
    if calibrated is not None:
        bins = [
            {
                "low": each.low,
                "high": each.high,
                "forecasts": each.forecasts,
                "stated": rounded(each.stated),
                "happened": rounded(each.happened),
            }
            for each in calibrated.bins
        ]
        shown = {"ece": rounded(calibrated.ece), "mce": rounded(calibrated.mce), "bins": bins}
    figures.put("calibration", shown, reason)
    sessions = evidence.tally.concluded.get(entrant.portfolio_id, 0)
    coverage = evidence.tally.forecasts.get(entrant.portfolio_id, 0) / sessions if sessions else None
    figures.put("coverage", coverage, "it has had no session yet" if entrant.model else "it states no forecasts")
    _cost(figures, skill, sessions, entrant, evidence)


def _crowd(forecasts: Forecasts) -> Floats:
    """Over the same events as the forecaster's own score, or none."""
    if np.isnan(forecasts.crowd).any():
        return np.empty(0)
    return event_means(forecasts.unit, squared_errors(forecasts.crowd, forecasts.outcome))


def _cost(figures: Figures, skill: Skill | None, sessions: int, entrant: Entrant, evidence: Evidence) -> None:
    """Skill per dollar is the mean skill of an event over what a session costs on average."""
    cost = evidence.tally.costs.get(entrant.portfolio_id)
    figures.put("model_cost", cost, "it has called no model")
    per_dollar = skill.mean * sessions / float(cost) if skill is not None and cost and sessions else None
    reason = "its calls cost nothing" if cost is not None and not cost else "there is no skill or no cost to divide by"
    figures.put("skill_per_dollar", per_dollar, reason)


def _skill_shown(skill: Skill) -> dict[str, Any]:
    return {
        "mean": rounded(skill.mean),
        "low": rounded(skill.low),
        "high": rounded(skill.high),
        "events": skill.events,
        "t": rounded(skill.t),
        "p": rounded(skill.p_two_sided),
    }


def _draw_down(figures: Figures, entrant: Entrant, evidence: Evidence) -> None:
    points, fall = evidence.falls.get(entrant.portfolio_id, (0, None))
    figures.known["snapshots"] = points
    figures.put("max_drawdown", None if fall is None else float(fall), "no cycle has taken a snapshot yet")


def _walks(entrants: Sequence[Entrant], days: Days) -> dict[int, Walk]:
    """Only neighbouring days make a return."""
    before, after = days.equity[:-1], days.equity[1:]
    neighbours = (days.portfolio[1:] == days.portfolio[:-1]) & (days.day[1:] - days.day[:-1] == 1) & (before > 0)
    owners, returns = days.portfolio[1:][neighbours], (after[neighbours] - before[neighbours]) / before[neighbours]
    walks: dict[int, Walk] = {}
    for entrant in entrants:
        own = returns[owners == entrant.portfolio_id]
        walks[entrant.portfolio_id] = Walk(own.size, moments(own) if own.size >= DAYS_MIN else None)
    return walks


def _sharpen(found: dict[int, Figures], walks: dict[int, Walk], tried: int) -> None:
    """All portfolios count as tried, those too that have no ratio yet or are closed."""
    variance = sharpe_variance([walk.ratio.sharpe for walk in walks.values() if walk.ratio is not None])
    for number, figures in found.items():
        ratio, returns = walks[number].ratio, walks[number].returns
        few = f"needs {DAYS_MIN} daily returns and has {returns}"
        reason = few if returns < DAYS_MIN else "the equity has not moved"
        figures.put("sharpe", None if ratio is None else ratio.sharpe * sqrt(DAYS_OF_YEAR), reason)
        deflated = None if ratio is None or variance is None else deflated_sharpe(ratio, variance, tried)
        alone = "no other portfolio has a Sharpe ratio to compare it with"
        figures.put("deflated_sharpe", deflated, reason if ratio is None else alone)
