"""Price histories with the venue's windows, minimum steps and refusals."""

import numpy as np
from starlette.datastructures import QueryParams

from services.sandbox.answers import VenueError
from services.sandbox.domain.chance import Floats
from services.sandbox.domain.history import market_over
from services.sandbox.domain.identity import Identity, MarketId, opened_at
from services.sandbox.domain.timeline import FINAL

DAY = 86_400
INTERVALS = {"1h": 3600, "6h": 6 * 3600, "1d": DAY, "1w": 7 * DAY, "1m": 30 * DAY, "max": 31 * DAY, "all": 31 * DAY}
FIDELITY_MIN = {"1w": 5, "1m": 10, "max": 10, "all": 10}
WINDOW_MAX = 1_296_000  # fifteen days
RESOLVED_FIDELITY_MIN = 720  # below it, `max` is empty for resolved markets

Point = tuple[int, float]


def refused(reason: str) -> VenueError:
    return VenueError(400, {"error": f"invalid filters: {reason}"})


def whole(text: str | None, name: str) -> int | None:
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError:
        raise refused(f"the '{name}' value is not a number") from None


class Window:
    """From when to when, and how many seconds between two points."""

    def __init__(self, params: QueryParams | dict[str, str], now: float, names: tuple[str, str]) -> None:
        self.interval = params.get("interval")
        start, end = whole(params.get(names[0]), names[0]), whole(params.get(names[1]), names[1])
        fidelity = whole(params.get("fidelity"), "fidelity")
        if self.interval is None and start is None:
            raise refused(f"either the 'interval' or the '{names[0]}' and '{names[1]}' are mandatory")
        if self.interval is not None and self.interval not in INTERVALS:
            known = "'1m', '1w', '1d', '6h', '1h'"
            raise refused(f"the 'interval' value is unknown. Known values: {known}")
        least = FIDELITY_MIN.get(self.interval or "", 1)
        if fidelity is not None and fidelity < least:
            raise refused(f"minimum 'fidelity' for '{self.interval}' range is {least}")
        self.fidelity = fidelity or least
        if self.interval is not None:
            self.start, self.end = now - INTERVALS[self.interval], now
        else:
            self.start, self.end = float(start or 0), float(end if end is not None else now)
            if end is not None and end - (start or 0) > WINDOW_MAX:
                raise refused(f"'{names[0]}' and '{names[1]}' interval is too long")


def points_of(
    identity: Identity, market: MarketId, side: int, window: Window, now: float, quantum: float
) -> list[Point]:
    """Midpoints on a grid that is a little irregular, and a point at "now" whatever the window was."""
    opened = opened_at(identity.world, market.event)
    ended = opened + int(identity.world.life[market.slot])
    resolved = stage_of(identity, market, now) == FINAL
    if resolved and window.interval in ("max", "all") and window.fidelity < RESOLVED_FIDELITY_MIN:
        return []
    step = window.fidelity * 60
    low, high = max(window.start, opened + 1.0), min(window.end, now, ended - 1.0)
    grid = np.arange(np.ceil(low / step) * step, high, step) + 3.0
    moments = grid[grid <= high]
    points = _middles(identity, market, side, moments, quantum)
    if not resolved and now > opened:
        points += _middles(identity, market, side, np.array([min(now, ended - 1.0)]), quantum, int(now))
    return points


def stage_of(identity: Identity, market: MarketId, now: float) -> int:
    return int(market_over(identity.world, market, np.array([now])).timeline.stage[0])


def _middles(
    identity: Identity, market: MarketId, side: int, moments: Floats, quantum: float, stamp: int | None = None
) -> list[Point]:
    if not len(moments):
        return []
    middle = market_over(identity.world, market, np.floor(moments / quantum) * quantum).mid
    values = middle if side == 0 else 1.0 - middle
    stamps = moments.astype(np.int64).tolist() if stamp is None else [stamp]
    return list(zip(stamps, values.round(5).tolist(), strict=True))
