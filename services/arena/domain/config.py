"""What the configuration of an AI portfolio may hold: its model, and the limits and sizing of every portfolio."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from shared.trading.limits import PortfolioConfig, Sizing

CONFIDENCE = Sizing(method="confidence")


class ModelConfig(PortfolioConfig):
    """The model decides what and whether; the configuration decides how much and how far."""

    model: Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9._-]+$")] = Field(
        description="The external id of a model, as GET /models of the arena lists it."
    )
    sizing: Sizing = CONFIDENCE
    max_positions: Annotated[int, Field(ge=1, le=10_000)] = Field(default=50, description="Open at one time.")
    slippage_max: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.02"),
        description="Dollars beyond the best ask at the decision, where the model states no price of its own.",
    )
