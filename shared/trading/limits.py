"""What every portfolio's configuration may hold, whatever its strategy: limits, exits, sizing and orders."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Dollars = Annotated[Decimal, Field(gt=0, max_digits=24, decimal_places=8)]
Share = Annotated[Decimal, Field(gt=0, le=1)]
Price = Annotated[Decimal, Field(gt=0, lt=1)]


class Sizing(BaseModel):
    """How much a signal asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["fixed", "confidence", "kelly"] = "fixed"
    amount: Dollars = Field(default=Decimal(100), description="Dollars of a fixed stake, fees included.")
    fraction: Share = Field(default=Decimal("0.25"), description="Of the full Kelly stake.")


class PortfolioConfig(BaseModel):
    """Limits hold at the moment of the fill; filters hold when the strategy looks for markets."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    # which markets are looked at
    platforms: tuple[Literal["polymarket", "kalshi"], ...] = Field(
        default=(), description="Venues to trade on; none: both."
    )
    categories: tuple[Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")], ...] = Field(
        default=(), description="Categories to trade, as GET /markets shows them; none: all."
    )
    min_liquidity: Annotated[Decimal, Field(ge=0)] = Field(default=Decimal(0), description="Dollars.")
    accept_unknown_liquidity: bool = Field(
        default=False, description="Also look at markets whose venue does not say how liquid they are (Kalshi)."
    )
    min_volume: Annotated[Decimal, Field(ge=0)] = Field(
        default=Decimal(0), description="Traded so far, in the venue's unit: dollars, on Kalshi contracts."
    )
    max_spread: Annotated[Decimal, Field(gt=0, lt=1)] = Field(
        default=Decimal("0.10"), description="Between best ask and best bid."
    )
    min_hours_to_close: Annotated[Decimal, Field(ge=0)] = Field(
        default=Decimal(0), description="Markets that close sooner are not entered."
    )
    max_days_to_close: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="Markets that close later are not entered."
    )

    # how much may be held
    max_positions: Annotated[int, Field(ge=1, le=10_000)] = Field(default=20, description="Open at one time.")
    max_exposure: Share = Field(default=Decimal(1), description="Share of the equity that may be invested.")
    max_position_size: Dollars | None = Field(default=None, description="Dollars of cost in one position.")
    daily_loss_limit: Dollars | None = Field(
        default=None, description="Dollars of equity lost since 00:00 UTC at which buying stops for the day."
    )

    # how it is got out of
    stop_loss: Share | None = Field(default=None, description="Share of the cost whose loss closes a position.")
    take_profit: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="Share of the cost whose gain closes a position."
    )
    max_holding_days: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="A position that is older is closed."
    )
    exit_minutes_before_close: Annotated[Decimal, Field(ge=0)] | None = Field(
        default=None, description="Sell when the market closes within so many minutes; none: hold to the result."
    )

    # how it trades
    sizing: Sizing = Sizing()
    order: Literal["ioc", "limit"] = Field(
        default="ioc", description="Take what is offered at once, or let the rest wait as a limit order."
    )
    order_minutes: Annotated[Decimal, Field(gt=0)] = Field(default=Decimal(60), description="Life of a limit order.")
    slippage_max: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.02"), description="Dollars beyond the best price that a fill may reach."
    )
    max_signals: Annotated[int, Field(ge=1, le=1_000)] = Field(default=10, description="New entries in one cycle.")
