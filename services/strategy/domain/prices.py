"""From the pool's columns to what a signal says: exact prices on the venue's grid, and the fee of a contract."""

from decimal import ROUND_DOWN, Decimal

import numpy as np

from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Side
from shared.trading.books import Grid

MICRO = Decimal("0.000001")
CENT = Decimal("0.01")
ONE = Decimal(1)


def exact(value: float) -> Decimal:
    """A price, share or rate of a column with the six decimals that the database keeps."""
    return (Decimal(round(value * 1_000_000)) * MICRO).normalize()


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_DOWN)


def ask_of(pool: Pool, row: int, side: Side) -> Decimal:
    """What the best offer of that side costs."""
    if side == "yes":
        return exact(pool.columns.yes_ask[row])
    return ONE - exact(pool.columns.yes_bid[row])


def bid_of(pool: Pool, row: int, side: Side) -> Decimal | None:
    """What the best bidder for that side pays."""
    found = pool.columns.yes_bid[row] if side == "yes" else pool.columns.yes_ask[row]
    if np.isnan(found):
        return None
    return exact(found) if side == "yes" else ONE - exact(found)


def fee_of(pool: Pool, row: int, price: Decimal) -> Decimal | None:
    """Of one contract; None where the venue's terms are not known."""
    rate, exponent = pool.fee_rate[row], pool.columns.fee_exponent[row]
    if np.isnan(rate):
        return None
    variance = price * (1 - price)
    return exact(rate) * (variance if exponent == 1 else variance ** exact(exponent))


def grid_of(pool: Pool, row: int) -> Grid | None:
    return pool.grids.get(int(pool.columns.grid[row]))


def highest(grid: Grid, side: Side, wanted: Decimal, least: Decimal) -> Decimal:
    """The limit of a purchase: on the grid, not above what is wanted, not below the best offer."""
    wanted = min(wanted, ONE - MICRO)
    return max(grid.down(wanted) if side == "yes" else ONE - grid.up(ONE - wanted), least)


def lowest(grid: Grid, side: Side, wanted: Decimal, most: Decimal) -> Decimal:
    """The limit of a sale: on the grid, not below what is wanted, not above the best bid."""
    wanted = max(wanted, MICRO)
    return min(grid.up(wanted) if side == "yes" else ONE - grid.down(ONE - wanted), most)
