"""What was traded lately: total volumes as earlier collections said them, a few of the last hour."""

from dataclasses import dataclass, field

import numpy as np

from services.strategy.domain.columns import Ints, Singles

SPACING_SECONDS = 240.0
KEPT = 16  # about an hour


@dataclass(frozen=True, slots=True)
class Volumes:
    """Oldest first. nan: the market was not there, or its venue did not say."""

    moments: tuple[float, ...] = ()  # Unix seconds
    totals: tuple[Singles, ...] = field(default=(), repr=False)

    def moved_to(self, rows: Ints) -> "Volumes":
        """With the markets of these columns (-1: new)."""
        known = rows >= 0
        return Volumes(self.moments, tuple([_moved(total, rows, known) for total in self.totals]))

    def with_total(self, moment: float, total: Singles) -> "Volumes":
        """The last one is replaced while it stands close to the one before it, so that a few suffice for an hour."""
        moments, totals = self.moments, self.totals
        if len(moments) > 1 and moments[-1] - moments[-2] < SPACING_SECONDS:
            moments, totals = moments[:-1], totals[:-1]
        return Volumes((*moments, moment)[-KEPT:], (*totals, total)[-KEPT:])

    def since(self, moment: float) -> tuple[float, Singles] | None:
        """The last total from before that moment, else the first one there is."""
        earlier = [place for place, at in enumerate(self.moments) if at <= moment]
        place = earlier[-1] if earlier else 0
        return (self.moments[place], self.totals[place]) if self.moments else None


def _moved(total: Singles, rows: Ints, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Singles:
    moved = np.full(len(rows), np.nan, dtype=np.float32)
    moved[known] = total[rows[known]]
    return moved
