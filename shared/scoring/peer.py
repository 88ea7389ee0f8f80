"""Peer and baseline scores, as Metaculus keeps them: hundredths of a natural unit, and of the number of options."""

from math import log

import numpy as np

from shared.scoring.columns import Numbers, column

CLIP = 0.001  # the least that can be stated there


def peer_scores(probabilities: Numbers, clip: float = CLIP) -> list[float | None]:
    """100 · (ln p − mean of the others' ln p) of each forecaster, p being what it gave to the outcome that came.

    They sum to 0. None for who said nothing (nan), and for all with fewer than two forecasters.
    """
    stated = column(probabilities)
    logs = np.log(np.maximum(stated, clip))
    there = ~np.isnan(logs)
    n = int(there.sum())
    if n < 2:
        return [None] * stated.size
    others = (logs[there].sum() - logs) / (n - 1)
    scores = 100 * (logs - others)
    return [float(score) if present else None for score, present in zip(scores, there, strict=True)]


def baseline_score(probability: float | None, options: int, clip: float = CLIP) -> float | None:
    """100 · ln(p · N) / ln N of what was given to the outcome that came, of N: 0 for giving all the same, 100 at most.

    None without a forecast and with fewer than two options.
    """
    if probability is None or options < 2:
        return None
    return 100 * log(max(probability, clip) * options) / log(options)
