"""How many events it takes to see a difference, by the normal approximation."""

from math import ceil, sqrt
from statistics import NormalDist

NORMAL = NormalDist()


def events_to_detect(deviation: float | None, difference: float, level: float = 0.95, power: float = 0.8) -> int | None:
    """Events after which a true mean of that size shows as significant with that probability.

    `deviation` is of one event's score. None where it is not known or the difference is 0: no number is enough.
    """
    if deviation is None or difference == 0:
        return None
    return max(2, ceil((_reach(level, power) * deviation / abs(difference)) ** 2))


def smallest_detectable(deviation: float | None, events: int, level: float = 0.95, power: float = 0.8) -> float | None:
    """The true mean that so many events show as significant with that probability; None below two events."""
    if deviation is None or events < 2:
        return None
    return _reach(level, power) * deviation / sqrt(events)


def _reach(level: float, power: float) -> float:
    return NORMAL.inv_cdf(0.5 + level / 2) + NORMAL.inv_cdf(power)
