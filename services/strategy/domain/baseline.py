"""The null entrants: cash, chance, the last move, always no, the favourite. Whoever is skilled beats them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from services.strategy.domain.columns import Array, Flags, Floats, Ints
from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.entries import Ideas, enter
from services.strategy.domain.exits import leave
from services.strategy.domain.filters import Screen, keep_free, screened
from services.strategy.domain.moves import moves_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import Lookback
from services.strategy.domain.signals import Opinion, Portfolio

Entrant = Literal["cash", "random", "follow", "always_no", "favourite"]
Hashes = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

HOUR = 3_600


class BaselineConfig(StrategyConfig):
    """Keys of the null entrants."""

    entrant: Entrant = Field(
        default="cash",
        description="Cash never trades; random takes a side by chance; follow the side to which the price moved last; "
        "always_no buys no; favourite buys the side that is above 0.5.",
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        default=1, description="Of the random choices, which depend on it, on the hour and on the market alone."
    )
    pick_share: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        default=Decimal("0.05"), description="Share of the markets that come into question in one hour, by chance."
    )
    lookback_minutes: Annotated[int, Field(ge=4, le=2_820)] = Field(
        default=60, description="How far back follow looks for the last move."
    )


def lookbacks(config: BaselineConfig) -> tuple[Lookback, ...]:
    return (Lookback(config.lookback_minutes),) if config.entrant == "follow" else ()


def signals(pool: Pool, portfolio: Portfolio, config: BaselineConfig, now: datetime) -> Opinion:
    opinion = Opinion(considered=len(pool))
    leave(pool, portfolio, config, opinion, now)
    if config.entrant == "cash":
        opinion.abstain("by_design", len(pool))
        return opinion
    screen = Screen(screened(pool, config, now, opinion), opinion)
    keep_free(pool, portfolio, screen)
    chance = _drawn(pool, config, now)
    screen.keep(chance < float(config.pick_share), "by_design")
    rows, yes, word = _sides(pool, config, screen, chance)
    unknown = np.full(len(rows), np.nan)
    ideas = Ideas(rows, yes, -chance[rows], np.full(len(rows), 0.5), unknown, lambda place: word)
    enter(pool, portfolio, config, ideas, opinion, now)
    return opinion


def _sides(pool: Pool, config: BaselineConfig, screen: Screen, chance: Floats) -> tuple[Ints, Flags, str]:
    if config.entrant == "follow":
        moves = moves_over(pool, config.lookback_minutes)
        screen.keep(~np.isnan(moves.move), "no_history")
        screen.keep(moves.move != 0, "move_too_small")
        rows = screen.rows()
        return rows, moves.move[rows] > 0, "Follows the side to which the price moved last."
    rows = screen.rows()
    if config.entrant == "always_no":
        return rows, np.zeros(len(rows), dtype=np.bool_), "Buys no, whatever is asked."
    if config.entrant == "favourite":
        return rows, pool.mid[rows] > 0.5, "Buys the side that is quoted above 0.5."
    sides: Flags = (chance[rows] * 2**20) % 2 < 1
    return rows, sides, "Takes a side by chance."


def _drawn(pool: Pool, config: BaselineConfig, now: datetime) -> Floats:
    """A number from 0 to 1 for each market, the same for all who ask in the same hour with the same seed."""
    hour = int(now.timestamp()) // HOUR
    key = ("drawn", config.seed, hour)
    return pool.once(key, lambda: _uniform(pool.columns.market_no, config.seed, hour))


def _uniform(numbers: Array, seed: int, hour: int) -> Floats:
    state: Hashes = numbers.astype(np.uint64)
    for part in (seed, hour):
        state = _stirred(state + np.uint64((part * 0x9E3779B97F4A7C15) % 2**64))
    result: Floats = (state >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return result


def _stirred(state: Hashes) -> Hashes:
    """The finaliser of splitmix64."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
