"""Every reason for which a strategy leaves a market alone can happen, and no other is ever given."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.entries import enter
from services.strategy.domain.rules import RULES
from services.strategy.domain.sides import beliefs, taking_sides
from services.strategy.domain.signals import Opinion
from shared.trading.reasons import ABSTENTIONS
from tests.strategy import build
from tests.strategy.build import exclusive_set, market
from tests.strategy.test_entries import ideas
from tests.strategy.test_mean_reversion import JUMP
from tests.strategy.test_momentum import RISE

ALL = {"entrant": "favourite", "pick_share": 1}
SOON = build.NOW.timestamp() + 60


def decided(
    strategy: str, *rows: build.Row, config: dict[str, Any] | None = None, cash: str = "10000", **world: Any
) -> Opinion:
    rule = RULES[strategy]
    held = [build.held(1)] if world.pop("held", False) else []
    pool = build.pool(*(rows or (market(1),)), **world)
    return rule.decide(pool, build.portfolio(*held, cash=cash), rule.config(**(config or {})), build.NOW)


def entrant(*rows: build.Row, cash: str = "10000", held: bool = False, **config: Any) -> Opinion:
    return decided("baseline", *rows, config=ALL | config, cash=cash, held=held)


def moving(strategy: str, past: list[float], traded: float | None = 300.0, **config: Any) -> Opinion:
    return decided(strategy, config=config, past={1: past}, traded=traded)


def without_confidence() -> Opinion:
    pool, opinion = build.pool(market(1)), Opinion(considered=1)
    config = StrategyConfig.model_validate({"sizing": {"method": "confidence"}})
    enter(pool, build.portfolio(), config, ideas(pool, confidence=0.0), opinion, build.NOW)
    return opinion


def without_opinion() -> Opinion:
    rule = taking_sides(lambda pool, config, screen: beliefs(pool, screen, pool.mid * np.nan, str))
    return rule(build.pool(market(1)), build.portfolio(), StrategyConfig(), build.NOW)


# Told by the activity, and not by a rule.
OF_THE_ACTIVITY = {"portfolio_paused"}
OF_MODELS = {"model_abstained", "session_failed"}

CASES: dict[str, Callable[[], Opinion]] = {
    "platform_not_wanted": lambda: entrant(platforms=["kalshi"]),
    "category_not_wanted": lambda: entrant(categories=["sports"]),
    "liquidity_too_low": lambda: entrant(min_liquidity=10**6),
    "liquidity_unknown": lambda: entrant(build.kalshi(1), min_liquidity=1),
    "volume_too_low": lambda: entrant(min_volume=10**9),
    "spread_too_wide": lambda: entrant(max_spread="0.01"),
    "no_quote": lambda: entrant(market(1, yes_bid=np.nan)),
    "closes_too_soon": lambda: entrant(market(1, closes_at=SOON), min_hours_to_close=1),
    "closes_too_late": lambda: entrant(max_days_to_close=1),
    "close_unknown": lambda: entrant(market(1, closes_at=np.nan), max_days_to_close=1),
    "market_closed": lambda: entrant(market(1, accepting=0)),
    "no_history": lambda: moving("momentum", [np.nan] * 120),
    "no_opinion": without_opinion,
    "conviction_too_low": lambda: moving("momentum", RISE, min_conviction="0.3"),
    "move_too_small": lambda: moving("momentum", build.rough(0.51, 120)),
    "move_too_rough": lambda: moving("momentum", [*build.rough(0.40, 105, 0.001), *build.straight(0.40, 0.51, 15)]),
    "not_confirmed_by_volume": lambda: moving("momentum", RISE, traded=None),
    "news_like_volume": lambda: moving("mean_reversion", JUMP, traded=50_000.0),
    "price_not_extreme": lambda: moving("mean_reversion", build.rough(0.51, 120), extreme_price_threshold="0.9"),
    "no_overshoot": lambda: moving("mean_reversion", build.rough(0.51, 120)),
    "set_not_complete": lambda: decided("arbitrage", *exclusive_set([0.3, 0.3]), untradable={77: 1}),
    "edge_too_small_after_fees": lambda: decided("arbitrage"),
    "pair_not_proven": lambda: decided(
        "arbitrage", market(1, yes_bid=0.1, yes_ask=0.11), build.kalshi(2), lookalikes=[(1, 2)]
    ),
    "votes_too_weak": lambda: decided("hybrid"),
    "already_held": lambda: entrant(held=True),
    "max_positions": lambda: entrant(market(1), market(2), max_positions=1),
    "max_exposure": lambda: entrant(market(1), market(2), max_exposure="0.01"),
    "max_position_size": lambda: entrant(max_position_size="0.5"),
    "max_signals": lambda: entrant(market(1), market(2), max_signals=1),
    "insufficient_cash": lambda: entrant(cash="50"),
    "below_minimum": lambda: entrant(sizing={"method": "fixed", "amount": "0.5"}),
    "kelly_not_positive": lambda: entrant(sizing={"method": "kelly"}),
    "confidence_zero": without_confidence,
    "fees_unknown": lambda: entrant(build.kalshi(1, fee_rate=np.nan)),
    "tick_unknown": lambda: entrant(market(1, grid=999)),
    "by_design": lambda: decided("baseline"),
}


@pytest.mark.parametrize("reason", sorted(CASES))
def test_each_reason_happens(reason: str) -> None:
    opinion = CASES[reason]()

    assert opinion.abstentions[reason] > 0
    assert opinion.signals == [] or reason.startswith("max_")


def test_the_reasons_are_all_there_are() -> None:
    assert CASES.keys() | OF_THE_ACTIVITY | OF_MODELS == ABSTENTIONS
