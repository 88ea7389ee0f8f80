"""What a strategy of your own is written with, in one place; docs/guides/writing-a-strategy.md shows how."""

from services.strategy.domain.columns import KALSHI, POLYMARKET, Flags, Floats
from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.entries import Ideas
from services.strategy.domain.filters import Screen
from services.strategy.domain.moves import jumps_over, moves_over
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import Lookback
from services.strategy.domain.rules import Rule
from services.strategy.domain.sides import beliefs, taking_sides
from services.strategy.domain.signals import Opinion, Portfolio, Side, Signal

__all__ = [
    "KALSHI",
    "POLYMARKET",
    "Flags",
    "Floats",
    "Ideas",
    "Lookback",
    "Opinion",
    "Pool",
    "Portfolio",
    "Rule",
    "Screen",
    "Side",
    "Signal",
    "StrategyConfig",
    "beliefs",
    "jumps_over",
    "moves_over",
    "taking_sides",
]
