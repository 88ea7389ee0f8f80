"""Mean reversion: a price that jumped far without the volume of news is taken to come back a part of its way."""

from decimal import Decimal
from typing import Annotated

import numpy as np
from pydantic import Field

from services.strategy.domain.columns import Flags, Floats
from services.strategy.domain.config import DirectedConfig, Ratio
from services.strategy.domain.entries import Ideas
from services.strategy.domain.filters import Screen, keep_convinced, keep_lasting
from services.strategy.domain.moves import JUMP_STEPS_MIN, Jumps, jumps_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import Lookback
from services.strategy.domain.sides import taking_sides
from services.strategy.domain.signals import Side


class MeanReversionConfig(DirectedConfig):
    """Keys of mean reversion."""

    lookback_minutes: Annotated[int, Field(ge=4, le=2_820)] = Field(
        default=20,
        description="Within how many minutes the jump must have happened; above 60 by the hour. At least four "
        "collections fit in.",
    )
    min_z: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        default=Decimal(7), description="Least jump of the price, in units of the other steps around it."
    )
    min_lead: Ratio = Field(
        default=Decimal(2), description="Least jump of the price, against the second largest step around it."
    )
    min_lookbacks_left: Ratio = Field(
        default=Decimal(3), description="Time to the close, in look-backs, below which a market is not entered."
    )
    min_move: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.05"), description="Least distance of the price from where it jumped off, in dollars."
    )
    extreme_price_threshold: Annotated[Decimal, Field(gt=Decimal("0.5"), lt=1)] | None = Field(
        default=None,
        description="A price that went beyond it (or below 1 less it) within the look-back has overshot at any z.",
    )
    max_volume_ratio: Ratio = Field(
        default=Decimal(5),
        description="Volume in the look-back, against what is usual, above which a jump is taken for news.",
    )
    reversion: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        default=Decimal("0.6"), description="Share of the jump's way that a price is expected to come back."
    )


def lookbacks(config: MeanReversionConfig) -> tuple[Lookback, ...]:
    return (Lookback(config.lookback_minutes, JUMP_STEPS_MIN),)


def candidates(pool: Pool, config: MeanReversionConfig, screen: Screen) -> Ideas:
    """Markets that jumped, have not come back yet, and where nobody trades as if there were news."""
    jumps = jumps_over(pool, config.lookback_minutes)
    keep_convinced(pool, float(config.min_conviction), screen)
    keep_lasting(pool, float(config.min_lookbacks_left) * config.lookback_minutes, screen)
    screen.keep(~np.isnan(jumps.z), "no_history")
    overshot = _overshot(pool, jumps, config)
    screen.keep(overshot, "no_overshoot" if config.extreme_price_threshold is None else "price_not_extreme")
    ratio = pool.volume_ratio(config.lookback_minutes)
    screen.keep(~(ratio > float(config.max_volume_ratio)), "news_like_volume")
    return _ideas(pool, jumps, config, screen)


def _overshot(pool: Pool, jumps: Jumps, config: MeanReversionConfig) -> Flags:
    """Still at least `min_move` away, in the jump's direction, from where it jumped off."""
    far: Flags = (np.abs(jumps.z) >= np.float32(config.min_z)) & (jumps.lead >= np.float32(config.min_lead))
    if config.extreme_price_threshold is not None:
        far |= _went_beyond(pool, jumps, float(config.extreme_price_threshold))
    far &= jumps.away >= np.float32(config.min_move) - np.float32(1e-6)
    return far


def _went_beyond(pool: Pool, jumps: Jumps, threshold: float) -> Flags:
    """Into the outer prices within the look-back."""
    high = (pool.price >= threshold) & (jumps.before < threshold)
    result: Flags = high | ((pool.price <= 1 - threshold) & (jumps.before > 1 - threshold))
    return result


def _ideas(pool: Pool, jumps: Jumps, config: MeanReversionConfig, screen: Screen) -> Ideas:
    rows = screen.rows()
    here, origin = pool.mid[rows], jumps.before[rows].astype(np.float64)
    probability: Floats = here + float(config.reversion) * (origin - here)
    z = np.abs(jumps.z[rows].astype(np.float64))
    ratio = pool.volume_ratio(config.lookback_minutes)

    def why(place: int) -> str:
        row = int(rows[place])
        words = "" if np.isnan(ratio[row]) else f", on {ratio[row]:.1f} times the usual volume"
        return (
            f"Jumped from {100 * origin[place]:.1f} to {100 * here[place]:.1f} points, "
            f"{int(jumps.since[row])} minutes ago, {z[place]:.1f} times its other steps{words}."
        )

    confidence = 1 - 1 / (1 + z / 5)
    return Ideas(rows, origin > here, z, confidence, probability, why)


def _against(pool: Pool, config: MeanReversionConfig, row: int, side: Side) -> str | None:
    """It jumped to our side's favour: the rule would now sell what we hold."""
    if not config.exit_on_reversal:
        return None
    jumps = jumps_over(pool, config.lookback_minutes)
    z = float(jumps.z[row])
    rose = float(jumps.step[row]) > 0
    if abs(z) >= float(config.min_z) and rose == (side == "yes") and bool(_overshot(pool, jumps, config)[row]):
        return f"it jumped in its favour, {abs(z):.1f} times its other steps"
    return None


signals = taking_sides(candidates, _against)
