"""Getting out: stop-loss, take-profit, time limit, reversal, market about to close. Exits come before entries."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import numpy as np

from services.strategy.domain.pool import Pool
from services.strategy.domain.prices import bid_of, grid_of, lowest
from services.strategy.domain.signals import Held, Opinion, Portfolio, Side, Signal, expiry
from shared.trading.limits import PortfolioConfig

Reversal = Callable[[int, Side], str | None]  # why the rule is against that side of the market in this row

MINUTE, DAY = 60, 86_400


def never(row: int, side: Side) -> str | None:
    """Of rules that do not change their mind."""
    return None


def leave(
    pool: Pool,
    portfolio: Portfolio,
    config: PortfolioConfig,
    opinion: Opinion,
    now: datetime,
    against: Reversal = never,
) -> None:
    """Adds a sale for each position that there is a reason to leave and a bid for."""
    rows = pool.rows([held.market_no for held in portfolio.positions]).tolist()
    for held, row in zip(portfolio.positions, rows, strict=True):
        if row < 0 or held.market_no in portfolio.waiting:
            continue  # not open: it is settled and not sold; or an order to sell waits already
        bid = bid_of(pool, row, held.outcome)
        why = _why(pool, held, row, bid, config, now) or against(row, held.outcome)
        if why is None:
            continue
        grid = grid_of(pool, row)
        if bid is None or grid is None:
            opinion.abstain("no_quote" if bid is None else "tick_unknown")
            continue
        opinion.signals.append(
            Signal(
                market_no=held.market_no,
                action="sell_yes" if held.outcome == "yes" else "sell_no",
                limit_price=lowest(grid, held.outcome, bid - config.slippage_max, bid),
                reason=f"Sells {held.outcome}: {why}.",
                quantity=held.quantity,
                order_kind=config.order,
                expires_at=expiry(config.order, config.order_minutes, now),
            )
        )


def _why(pool: Pool, held: Held, row: int, bid: Decimal | None, config: PortfolioConfig, now: datetime) -> str | None:
    closes = pool.columns.closes_at[row]
    if config.exit_minutes_before_close is not None and not np.isnan(closes):
        minutes = (closes - now.timestamp()) / MINUTE
        if minutes <= float(config.exit_minutes_before_close):
            return f"the market closes in {minutes:.0f} minutes" if minutes >= 0 else "the market is past its close"
    if bid is not None and held.cost > 0:
        gain = (bid * held.quantity - held.cost) / held.cost
        if config.stop_loss is not None and gain <= -config.stop_loss:
            return f"stop-loss, it could be sold for {-gain:.1%} less than it cost"
        if config.take_profit is not None and gain >= config.take_profit:
            return f"take-profit, it can be sold for {gain:.1%} more than it cost"
    if config.max_holding_days is not None:
        days = (now - held.opened_at).total_seconds() / DAY
        if days >= float(config.max_holding_days):
            return f"held for {days:.1f} days"
    return None
