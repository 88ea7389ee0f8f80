"""From ideas to signals: the best ones first, each with a size, a limit on the grid, and within the limits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from services.strategy.domain.columns import Flags, Floats, Ints
from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.filters import NEARLY
from services.strategy.domain.pool import Pool
from services.strategy.domain.prices import ask_of, cents, exact, fee_of, grid_of, highest
from services.strategy.domain.signals import Opinion, Portfolio, Side, Signal, expiry
from shared.trading.sizing import stake

DOLLAR = Decimal(1)  # the smallest order that the venues take at once


@dataclass(frozen=True, slots=True)
class Ideas:
    """Sides of markets that a rule would take, one entry each."""

    rows: Ints
    yes: Flags
    score: Floats  # the highest first
    confidence: Floats  # 0 to 1
    probability: Floats  # of yes, nan where the rule has none
    why: Callable[[int], str]  # of an entry

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Ints) -> "Ideas":
        return Ideas(
            self.rows[places],
            self.yes[places],
            self.score[places],
            self.confidence[places],
            self.probability[places],
            lambda place: self.why(int(places[place])),
        )


@dataclass(slots=True)
class Room:
    """What the limits of a portfolio still allow in this answer."""

    cash: Decimal
    exposure: Decimal
    positions: int
    signals: int

    @classmethod
    def of(cls, portfolio: Portfolio, config: StrategyConfig) -> "Room":
        return cls(
            portfolio.cash,
            config.max_exposure * portfolio.equity - portfolio.invested,
            config.max_positions - len(portfolio.taken),
            config.max_signals,
        )

    def refusal(self, amount: Decimal = DOLLAR, count: int = 1) -> str | None:
        """Why nothing of that size can be entered any more."""
        if self.signals < count:
            return "max_signals"
        if self.positions < count:
            return "max_positions"
        if self.cash < amount:
            return "insufficient_cash"
        return "max_exposure" if self.exposure < amount else None

    def spend(self, amount: Decimal, count: int = 1) -> None:
        self.cash -= amount
        self.exposure -= amount
        self.positions -= count
        self.signals -= count


def worthwhile(pool: Pool, ideas: Ideas, config: StrategyConfig, opinion: Opinion) -> Ideas:
    """Those whose probability pays for price, fee and the edge that is asked for."""
    bid, ask = pool.columns.yes_bid[ideas.rows], pool.columns.yes_ask[ideas.rows]
    price = np.where(ideas.yes, ask, 1 - bid)
    chance = np.where(ideas.yes, ideas.probability, 1 - ideas.probability)
    edge = chance - price - pool.fee(price, ideas.rows)
    known = ~np.isnan(edge)
    worth = edge >= float(config.min_edge) - NEARLY
    opinion.abstain("fees_unknown", int(np.count_nonzero(~known)))
    opinion.abstain("edge_too_small_after_fees", int(np.count_nonzero(known & ~worth)))
    return ideas.take(np.flatnonzero(worth))


def enter(
    pool: Pool,
    portfolio: Portfolio,
    config: StrategyConfig,
    ideas: Ideas,
    opinion: Opinion,
    now: datetime,
    room: Room | None = None,
) -> None:
    """Adds a signal for each idea that the limits have room for; the others count under the limit that stopped them."""
    room = room or Room.of(portfolio, config)
    order = np.lexsort((pool.columns.market_no[ideas.rows], -ideas.score))
    for turn, place in enumerate(order.tolist()):
        if (refusal := room.refusal()) is not None:
            opinion.abstain(refusal, len(order) - turn)
            return
        found = _signal(pool, portfolio, config, ideas, place, room, now)
        if isinstance(found, str):
            opinion.abstain(found)
        else:
            opinion.signals.append(found)
            room.spend(found.amount or Decimal(0))


def _signal(
    pool: Pool, portfolio: Portfolio, config: StrategyConfig, ideas: Ideas, place: int, room: Room, now: datetime
) -> Signal | str:
    row = int(ideas.rows[place])
    side: Side = "yes" if ideas.yes[place] else "no"
    grid, ask = grid_of(pool, row), ask_of(pool, row, side)
    if grid is None:
        return "tick_unknown"
    fee = fee_of(pool, row, ask)
    if fee is None:
        return "fees_unknown"
    confidence = exact(min(max(ideas.confidence[place], 0.0), 1.0))
    said = ideas.probability[place]
    probability = None if np.isnan(said) else exact(said)
    chance = None if probability is None else probability if side == "yes" else 1 - probability
    wanted = stake(config.sizing, portfolio.cash, confidence=confidence, probability=chance, price=ask, fee=fee)
    if isinstance(wanted, str):
        return wanted
    amount = _within(wanted, config, room)
    if isinstance(amount, str):
        return amount
    limit = ask + config.slippage_max
    if chance is not None:
        limit = min(limit, chance - fee - config.min_edge)
    limit = highest(grid, side, limit, ask)
    if config.order == "limit" and amount < limit * exact(np.nan_to_num(pool.columns.min_size[row])):
        return "below_minimum"
    return Signal(
        market_no=int(pool.columns.market_no[row]),
        action="buy_yes" if side == "yes" else "buy_no",
        limit_price=limit,
        reason=ideas.why(place),
        amount=amount,
        order_kind=config.order,
        confidence=confidence,
        probability=probability,
        expires_at=expiry(config.order, config.order_minutes, now),
    )


def _within(wanted: Decimal, config: StrategyConfig, room: Room) -> Decimal | str:
    """The stake as far as the limits of one position and of all together allow it; never more than the cash."""
    if wanted < DOLLAR:
        return "below_minimum"
    if wanted > room.cash:
        return "insufficient_cash"
    most = config.max_position_size
    if most is not None and most < DOLLAR:
        return "max_position_size"
    return cents(min(wanted, room.exposure, wanted if most is None else most))
