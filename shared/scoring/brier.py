"""Brier scores: of an event, and of a forecaster over events, with how much of what was asked it covers."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from shared.scoring.columns import Floats, Numbers, column


@dataclass(frozen=True, slots=True)
class EventForecast:
    """One forecast of one event: a probability for each of its outcomes, and what each of them was."""

    event: Hashable
    probabilities: Numbers
    outcomes: Numbers  # 1, 0, or None for a void outcome


@dataclass(frozen=True, slots=True)
class ForecasterBrier:
    brier: float | None  # mean over scored events, 0 to 1, lower is better; None: nothing was gradable
    scored: int  # events with at least one gradable outcome
    covered: int  # events that were forecast, gradable or not
    asked: int | None  # events that were to be forecast; None: nobody says
    coverage: float | None  # covered / asked; None where nobody says or nothing was asked


def squared_errors(probabilities: Numbers, outcomes: Numbers) -> Floats:
    """(p − y)² a row, which is the Brier score of a yes/no market; nan where either is missing or the outcome void."""
    return np.asarray((column(probabilities) - column(outcomes)) ** 2, dtype=np.float64)


def event_brier(probabilities: Numbers, outcomes: Numbers) -> float | None:
    """Mean squared error over the outcomes of an event that are not void, marginals as stated; None if all are."""
    errors = squared_errors(probabilities, outcomes)
    graded = errors[~np.isnan(errors)]
    return float(graded.mean()) if graded.size else None


def forecaster_brier(forecasts: Sequence[EventForecast], asked: int | None = None) -> ForecasterBrier:
    """Mean over events of the mean of its forecasts of that event; None without a gradable event."""
    scores: dict[Hashable, list[float]] = {}
    for forecast in forecasts:
        of_event = scores.setdefault(forecast.event, [])
        score = event_brier(forecast.probabilities, forecast.outcomes)
        if score is not None:
            of_event.append(score)
    means = [float(np.mean(of_event)) for of_event in scores.values() if of_event]
    return ForecasterBrier(
        brier=float(np.mean(means)) if means else None,
        scored=len(means),
        covered=len(scores),
        asked=asked,
        coverage=len(scores) / asked if asked else None,
    )


def brier_skill(brier: float | None, reference: float | None) -> float | None:
    """1 − Brier / reference Brier, 0 for as good as the reference; None where either is missing or the reference 0."""
    if brier is None or not reference:
        return None
    return 1 - brier / reference
