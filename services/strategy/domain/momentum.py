"""Momentum: what goes one way in many small steps, while people trade, is taken to go on for a part of its way."""

from decimal import Decimal
from typing import Annotated

import numpy as np
from pydantic import Field

from services.strategy.domain.columns import Floats
from services.strategy.domain.config import DirectedConfig, Ratio
from services.strategy.domain.entries import Ideas
from services.strategy.domain.filters import Screen, keep_convinced, keep_lasting
from services.strategy.domain.moves import Moves, moves_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import Lookback
from services.strategy.domain.sides import taking_sides
from services.strategy.domain.signals import Side


class MomentumConfig(DirectedConfig):
    """Keys of momentum."""

    lookback_minutes: Annotated[int, Field(ge=4, le=2_820)] = Field(
        default=15,
        description="Over how many minutes a move is measured; above 60 by the hour. At least four collections fit in.",
    )
    min_z: Annotated[Decimal, Field(ge=0, le=50)] = Field(
        default=Decimal("2.2"),
        description="Least move of the log-odds in units of its own volatility, which says how straight it went.",
    )
    min_move: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.02"), description="Least move of the price, in dollars."
    )
    max_roughness: Ratio = Field(
        default=Decimal("0.3"),
        description="Most that the mean square step may be of what it was in the time before: a trend goes in small "
        "steps, news in a large one; 1000 does not ask.",
    )
    min_volume_ratio: Ratio = Field(
        default=Decimal("0.3"),
        description="Least volume in the look-back against what is usual in as much time; 0 does not ask.",
    )
    continuation: Annotated[Decimal, Field(gt=0, le=5)] = Field(
        default=Decimal("0.6"), description="Share of its way that a move is expected to go on."
    )


def lookbacks(config: MomentumConfig) -> tuple[Lookback, ...]:
    return (Lookback(config.lookback_minutes),)


def candidates(pool: Pool, config: MomentumConfig, screen: Screen) -> Ideas:
    """Markets that went straight enough and far enough, with enough volume."""
    moves = moves_over(pool, config.lookback_minutes)
    keep_convinced(pool, float(config.min_conviction), screen)
    keep_lasting(pool, float(config.min_lookbacks_left) * config.lookback_minutes, screen)
    screen.keep(~np.isnan(moves.z), "no_history")
    straight = np.abs(moves.z) >= np.float32(config.min_z)
    screen.keep(straight & (np.abs(moves.points) >= np.float32(config.min_move) - 1e-6), "move_too_small")
    screen.keep(moves.roughness <= np.float32(config.max_roughness), "move_too_rough")
    if config.min_volume_ratio > 0:
        ratio = pool.volume_ratio(config.lookback_minutes)
        screen.keep(ratio >= float(config.min_volume_ratio), "not_confirmed_by_volume")
    return _ideas(pool, moves, config, screen)


def _ideas(pool: Pool, moves: Moves, config: MomentumConfig, screen: Screen) -> Ideas:
    rows = screen.rows()
    move, z = moves.move[rows].astype(np.float64), moves.z[rows].astype(np.float64)
    log_odds = pool.logit[rows].astype(np.float64) + float(config.continuation) * move
    probability: Floats = 1 / (1 + np.exp(-log_odds))
    ratio = pool.volume_ratio(config.lookback_minutes)

    def why(place: int) -> str:
        row = int(rows[place])
        points = float(moves.points[row]) * 100
        return (
            f"{'Rose' if points > 0 else 'Fell'} {abs(points):.1f} points in {config.lookback_minutes} minutes, "
            f"{abs(z[place]):.1f} times its own volatility{_volume_words(float(ratio[row]))}."
        )

    confidence = 1 - 1 / (1 + np.abs(z) / 3)
    return Ideas(rows, move > 0, np.abs(z), confidence, probability, why)


def _volume_words(ratio: float) -> str:
    return "" if np.isnan(ratio) else f", on {ratio:.1f} times the usual volume"


def _against(pool: Pool, config: MomentumConfig, row: int, side: Side) -> str | None:
    if not config.exit_on_reversal:
        return None
    moves = moves_over(pool, config.lookback_minutes)
    z, points = float(moves.z[row]), float(moves.points[row])
    opposed = z < 0 if side == "yes" else z > 0
    if opposed and abs(z) >= float(config.min_z) and abs(points) >= float(config.min_move):
        return f"it moved {abs(points) * 100:.1f} points the other way, {abs(z):.1f} times its own volatility"
    return None


signals = taking_sides(candidates, _against)
