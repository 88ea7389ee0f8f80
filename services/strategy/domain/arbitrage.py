"""Arbitrage: sides of markets that together cost less than they pay, bought all or none and in equal numbers."""

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from typing import Annotated
from uuid import UUID, uuid5

import numpy as np
from pydantic import Field

from services.strategy.domain.bundles import Bundle, Bundles, bundles_of
from services.strategy.domain.columns import POLYMARKET, Flags
from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.entries import Room
from services.strategy.domain.exits import leave
from services.strategy.domain.filters import Screen, keep_free, screened
from services.strategy.domain.pool import Pool
from services.strategy.domain.prices import ask_of, exact, fee_of, grid_of, highest
from services.strategy.domain.signals import Opinion, Portfolio, Side, Signal
from shared.trading.books import Grid

GROUPS = UUID("6f2d1c0e-7a34-4c8b-9b53-0d4a1f2e8c11")  # the namespace of group ids
DOLLAR = Decimal(1)
HUNDREDTH = Decimal("0.01")


class ArbitrageConfig(StrategyConfig):
    """Keys of arbitrage."""

    accept_open_sets: bool = Field(
        default=False,
        description="Also buy every yes of a set of which, as far as the venue says, none may win (Kalshi).",
    )
    set_cost_min: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.8"),
        description="A set whose yes costs less than this, all legs together, is taken to lack a leg that may win.",
    )
    depth_share: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        default=Decimal("0.05"),
        description="Where a list does not say how much is offered, the share of a market's liquidity taken to be.",
    )
    max_group_cost: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="Dollars that all legs of one group may cost together; none: the cash and the limits."
    )


def signals(pool: Pool, portfolio: Portfolio, config: ArbitrageConfig, now: datetime) -> Opinion:
    opinion = Opinion(considered=len(pool))
    leave(pool, portfolio, config, opinion, now)
    screen = Screen(screened(pool, config, now, opinion), opinion)
    keep_free(pool, portfolio, screen)
    bundles = bundles_of(pool)
    wanted = acceptable(bundles, config, screen.alive)
    _count_the_rest(bundles, wanted, screen, opinion)
    room, used = Room.of(portfolio, config), set[int]()
    for place, bundle in enumerate(wanted):
        if (refusal := room.refusal()) is not None:
            opinion.abstain(refusal, len({row for left in wanted[place:] for row in left.rows} - used))
            break
        if used.isdisjoint(bundle.rows):
            used.update(bundle.rows)
            group = group_of(pool, portfolio, config, bundle, room, now)
            if isinstance(group, str):
                opinion.abstain(group, len(set(bundle.rows)))
            else:
                opinion.signals.extend(group)
    return opinion


def acceptable(bundles: Bundles, config: ArbitrageConfig, alive: Flags) -> list[Bundle]:
    return bundles.acceptable(float(config.min_edge), float(config.set_cost_min), config.accept_open_sets, alive)


def _count_the_rest(bundles: Bundles, wanted: list[Bundle], screen: Screen, opinion: Opinion) -> None:
    rest = screen.alive.copy()
    rest[[row for bundle in wanted for row in bundle.rows]] = False
    for reason, flags in (
        ("pair_not_proven", bundles.crossing_lookalikes),
        ("set_not_complete", bundles.incomplete),
    ):
        opinion.abstain(reason, int(np.count_nonzero(rest & flags)))
        rest &= ~flags
    opinion.abstain("edge_too_small_after_fees", int(np.count_nonzero(rest)))


def group_of(
    pool: Pool, portfolio: Portfolio, config: ArbitrageConfig, bundle: Bundle, room: Room, now: datetime
) -> list[Signal] | str:
    """All legs with one number of contracts and limits at which the group still earns; or why not."""
    legs = _legs(pool, bundle)
    if isinstance(legs, str):
        return legs
    cost = sum((leg.ask + leg.fee for leg in legs), Decimal(0))
    slack = (bundle.pays - cost - config.min_edge) / len(legs)
    limits = [leg.limit(max(slack, Decimal(0)), config.slippage_max) for leg in legs]
    if (refusal := room.refusal(count=len(legs))) is not None:
        return refusal
    dearest = sum((limit + leg.fee_at(limit) for leg, limit in zip(legs, limits, strict=True)), Decimal(0))
    quantity = _quantity(pool, config, legs, limits, dearest, room)
    if isinstance(quantity, str):
        return quantity
    room.spend(dearest * quantity, len(legs))
    name = f"{portfolio.portfolio_id} {now.isoformat()} {bundle.kind} {bundle.rows}"
    return [
        Signal(
            market_no=int(pool.columns.market_no[leg.row]),
            action="buy_yes" if leg.side == "yes" else "buy_no",
            limit_price=limit,
            reason=_reason(bundle, cost, quantity),
            quantity=quantity,
            order_kind="ioc",  # a leg that rests would leave the group open
            confidence=DOLLAR if bundle.proven else Decimal("0.9"),
            group_id=uuid5(GROUPS, name),
        )
        for leg, limit in zip(legs, limits, strict=True)
    ]


class Leg:
    """One side of one market in a bundle."""

    __slots__ = ("ask", "fee", "grid", "pool", "row", "side")

    def __init__(self, pool: Pool, row: int, side: Side, grid: Grid, fee: Decimal) -> None:
        self.pool, self.row, self.side, self.grid, self.fee = pool, row, side, grid, fee
        self.ask = ask_of(pool, row, side)

    def fee_at(self, price: Decimal) -> Decimal:
        return max(fee_of(self.pool, self.row, price) or Decimal(0), self.fee)

    def limit(self, slack: Decimal, slippage_max: Decimal) -> Decimal:
        """As far above the best offer as this leg's part of the gain allows, with the fee that is due there."""
        wanted = highest(self.grid, self.side, self.ask + min(slack, slippage_max), self.ask)
        while wanted > self.ask and wanted + self.fee_at(wanted) > self.ask + self.fee + slack:
            wanted = highest(self.grid, self.side, wanted - HUNDREDTH / 100, self.ask)
        return wanted


def _legs(pool: Pool, bundle: Bundle) -> list[Leg] | str:
    legs = []
    for row, yes in zip(bundle.rows, bundle.yes, strict=True):
        side: Side = "yes" if yes else "no"
        grid, fee = grid_of(pool, row), fee_of(pool, row, ask_of(pool, row, side))
        if grid is None:
            return "tick_unknown"
        if fee is None:
            return "fees_unknown"
        legs.append(Leg(pool, row, side, grid, fee))
    return legs


def _quantity(
    pool: Pool, config: ArbitrageConfig, legs: list[Leg], limits: list[Decimal], cost: Decimal, room: Room
) -> Decimal | str:
    """Whole contracts: what the thinnest leg offers, and what the limits and the cash pay for."""
    depth = float(np.min([_offered(pool, config, leg) for leg in legs]))
    if np.isnan(depth):
        return "liquidity_unknown"
    bounds = {
        "liquidity_too_low": exact(depth),
        "insufficient_cash": room.cash / cost,
        "max_exposure": room.exposure / cost,
    }
    if config.max_group_cost is not None:
        bounds["max_position_size"] = config.max_group_cost / cost
    if config.max_position_size is not None:
        most = config.max_position_size / max(limits)
        bounds["max_position_size"] = min(most, bounds.get("max_position_size", most))
    tightest = min(bounds, key=lambda name: bounds[name])
    quantity = bounds[tightest].to_integral_value(ROUND_DOWN)
    least = max(_least(pool, leg, limit) for leg, limit in zip(legs, limits, strict=True))
    return tightest if quantity < least else quantity


def _offered(pool: Pool, config: ArbitrageConfig, leg: Leg) -> float:
    """Contracts at the best price of the side that is bought; nan where nobody can say."""
    columns = pool.columns
    size = columns.yes_ask_size[leg.row] if leg.side == "yes" else columns.yes_bid_size[leg.row]
    if np.isnan(size):
        size = float(config.depth_share) * columns.liquidity[leg.row]
    return float(size)


def _least(pool: Pool, leg: Leg, limit: Decimal) -> Decimal:
    """Contracts of the smallest order: Polymarket takes no purchase of less than a dollar at its limit."""
    if pool.columns.platform[leg.row] == POLYMARKET:
        return (DOLLAR / limit).to_integral_value(ROUND_CEILING)
    return DOLLAR


def _reason(bundle: Bundle, cost: Decimal, quantity: Decimal) -> str:
    what = {
        "market": "Yes and no of this market",
        "yes_set": f"Yes of all {len(bundle.rows)} markets of a set of which one wins",
        "no_set": f"No of {len(bundle.rows)} markets of which at most one wins",
        "pair": "The same contract on both venues, from both sides,",
    }[bundle.kind]
    return f"{what} cost {cost:.4f} with fees and pay {bundle.pays}: {quantity:f} of each."
