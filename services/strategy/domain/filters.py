"""Which markets a portfolio looks at: its filters over the whole pool at once, each failure under its reason."""

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from services.strategy.domain.columns import PLATFORMS, Flags, Ints
from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Opinion, Portfolio
from shared.trading.limits import PortfolioConfig

NEARLY = 1e-9  # what sums of binary fractions may be off


def screened(pool: Pool, config: PortfolioConfig, now: datetime, opinion: Opinion) -> Flags:
    """The markets that pass every filter; one that fails counts under the first filter that it fails."""
    columns = pool.columns
    screen = Screen(_wanted(pool, config, opinion).copy(), opinion)
    screen.keep(pool.tradable, "market_closed")
    screen.keep(pool.quoted, "no_quote")
    if config.min_liquidity > 0:
        known = ~np.isnan(columns.liquidity)
        enough = columns.liquidity >= float(config.min_liquidity)
        if config.accept_unknown_liquidity:
            enough |= ~known
        else:
            screen.keep(known, "liquidity_unknown")
        screen.keep(enough, "liquidity_too_low")
    if config.min_volume > 0:
        screen.keep(columns.volume >= float(config.min_volume), "volume_too_low")
    screen.keep(pool.spread <= float(config.max_spread) + NEARLY, "spread_too_wide")
    _keep_by_close(pool, config, now, screen)
    opinion.matched = int(np.count_nonzero(screen.alive))
    return screen.alive


class Screen:
    """Markets that are still looked at."""

    def __init__(self, alive: Flags, opinion: Opinion) -> None:
        self.alive = alive
        self.opinion = opinion
        self.left = int(np.count_nonzero(alive))

    def keep(self, passing: Flags, reason: str) -> None:
        if np.shape(passing) != self.alive.shape:
            raise ValueError(f"keep needs true or false for each of the {len(self.alive)} markets, then a reason")
        self.alive &= passing
        left = int(np.count_nonzero(self.alive))
        self.opinion.abstain(reason, self.left - left)
        self.left = left

    def leave_out(self, rows: Iterable[int]) -> None:
        """Rows that are dealt with."""
        self.alive[list(rows)] = False
        self.left = int(np.count_nonzero(self.alive))

    def rows(self) -> Ints:
        return np.flatnonzero(self.alive)


def _wanted(pool: Pool, config: PortfolioConfig, opinion: Opinion) -> Flags:
    """By venue and category: few portfolios differ in these, so each choice is made once a pool."""
    key = ("wanted", frozenset(config.platforms), frozenset(config.categories))
    wanted, by_platform, by_category = pool.once(key, lambda: _chosen(pool, config))
    opinion.abstain("platform_not_wanted", by_platform)
    opinion.abstain("category_not_wanted", by_category)
    return wanted


def _chosen(pool: Pool, config: PortfolioConfig) -> tuple[Flags, int, int]:
    columns, count = pool.columns, len(pool)
    wanted = np.ones(count, dtype=np.bool_)
    if config.platforms:
        wanted &= np.isin(columns.platform, [PLATFORMS.index(name) for name in config.platforms])
    of_platforms = int(np.count_nonzero(wanted))
    if config.categories:
        named = [pool.categories.get(name.lower(), 0) for name in config.categories]
        wanted &= np.isin(columns.category, [code for code in named if code])
    left = int(np.count_nonzero(wanted))
    return wanted, count - of_platforms, of_platforms - left


def _keep_by_close(pool: Pool, config: PortfolioConfig, now: datetime, screen: Screen) -> None:
    closes, moment = pool.columns.closes_at, now.timestamp()
    if config.min_hours_to_close > 0 or config.max_days_to_close is not None:
        screen.keep(~np.isnan(closes), "close_unknown")
    if config.min_hours_to_close > 0:
        screen.keep(closes >= moment + 3_600.0 * float(config.min_hours_to_close), "closes_too_soon")
    if config.max_days_to_close is not None:
        screen.keep(closes <= moment + 86_400.0 * float(config.max_days_to_close), "closes_too_late")


def keep_free(pool: Pool, portfolio: Portfolio, screen: Screen) -> None:
    """Without the markets in which the portfolio holds something or waits to."""
    taken = pool.rows(sorted(portfolio.taken))
    held = np.zeros(len(pool), dtype=np.bool_)
    held[taken[taken >= 0]] = True
    screen.keep(~held, "already_held")


def keep_lasting(pool: Pool, minutes: float, screen: Screen) -> None:
    """Without the markets whose trading is expected to end within so many minutes."""
    if minutes > 0:
        screen.keep(~(pool.ends < pool.now + 60.0 * minutes), "closes_too_soon")


def keep_convinced(pool: Pool, least: float, screen: Screen) -> None:
    """`least` is the distance of the price from 0.5."""
    if least > 0:
        screen.keep(pool.conviction >= least - NEARLY, "conviction_too_low")
