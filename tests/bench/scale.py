"""How much is measured: the full run, and the small one that fits in a minute."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    markets: int  # of the syncs that have a goal
    syncs: int  # of these the best one counts
    repeats: int  # of small things
    growth: tuple[int, ...]
    limited_markets: int  # of the sync with the limiter on
    sandbox_markets: int
    requests: int  # of each round against a hot list
    starts: bool  # whether `make run` is timed


FULL = Scale(60_000, 3, 5, (5_000, 20_000, 80_000), 10_000, 80_000, 6_000, True)
QUICK = Scale(5_000, 1, 3, (1_000, 5_000), 2_000, 5_000, 1_000, False)
TINY = Scale(1_000, 1, 1, (), 1_000, 1_000, 100, False)
