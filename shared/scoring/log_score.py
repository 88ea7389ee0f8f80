"""Logarithmic scores, in natural units."""

import numpy as np

from shared.scoring.columns import Floats, Numbers, column, figure

CLIP = 0.01  # a certainty that fails costs 4.6 and not everything


def winning_probabilities(probabilities: Numbers, outcomes: Numbers) -> Floats:
    """What was stated for the side that won, a row of a yes/no market; nan for a void outcome."""
    stated, happened = column(probabilities), column(outcomes)
    return np.where(np.isnan(happened), np.nan, np.where(happened == 1, stated, 1 - stated))


def log_scores(won: Numbers, clip: float = CLIP) -> Floats:
    """ln max(p_win, clip) a row, at most 0, higher is better; nan stays nan."""
    return np.asarray(np.log(np.maximum(column(won), clip)), dtype=np.float64)


def log_score(won: Numbers, clip: float = CLIP) -> float | None:
    """Mean of ln max(p_win, clip) over rows that are graded, higher is better; None without one."""
    scores = log_scores(won, clip)
    graded = scores[~np.isnan(scores)]
    return figure(graded.mean()) if graded.size else None


def log_loss(probabilities: Numbers, outcomes: Numbers, clip: float = CLIP) -> float | None:
    """The mean log score of yes/no forecasts with its sign turned, lower is better; None without a graded row."""
    score = log_score(winning_probabilities(probabilities, outcomes), clip)
    return None if score is None else -score
