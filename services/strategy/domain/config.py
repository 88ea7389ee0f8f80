"""What the configuration of every strategy holds besides its portfolio's limits."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from shared.trading.limits import PortfolioConfig, Sizing

Points = Annotated[Decimal, Field(ge=0, lt=1)]
Ratio = Annotated[Decimal, Field(ge=0, le=1_000)]


class StrategyConfig(PortfolioConfig):
    """Keys that all rules know."""

    sizing: Sizing = Field(default=Sizing(), description="How many dollars a signal asks for.")
    min_edge: Points = Field(
        default=Decimal("0.01"),
        description="Dollars a contract that must be left of the expected gain when price and fee are paid.",
    )


class DirectedConfig(StrategyConfig):
    """Keys of the rules that take a side of one market."""

    min_conviction: Annotated[Decimal, Field(ge=0, le=Decimal("0.5"))] = Field(
        default=Decimal(0), description="Distance of the price from 0.5 below which a market is left alone."
    )
    min_lookbacks_left: Ratio = Field(
        default=Decimal(2), description="Time to the close, in look-backs, below which a market is not entered."
    )
    exit_on_reversal: bool = Field(
        default=True, description="Sell when the rule would now take the other side of the market."
    )
