"""From ideas to signals: exact money, prices on the grid, and never more than the limits."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.entries import Ideas, enter
from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Opinion
from shared.trading.limits import Sizing
from tests.strategy import build


def ideas(pool: Pool, chance: float = 0.7, confidence: float = 0.6, *, yes: bool = True) -> Ideas:
    count = len(pool)
    return Ideas(
        rows=np.arange(count),
        yes=np.full(count, yes),
        score=np.arange(count, 0, -1.0),
        confidence=np.full(count, confidence),
        probability=np.full(count, chance),
        why=lambda place: f"Idea {place}.",
    )


def entered(pool: Pool, given_ideas: Ideas, cash: str = "10000", **config: Any) -> Opinion:
    opinion = Opinion(considered=len(pool))
    enter(pool, build.portfolio(cash=cash), StrategyConfig(**config), given_ideas, opinion, build.NOW)
    return opinion


def few(count: int = 3, **facts: Any) -> Pool:
    return build.pool(*(build.market(number, **facts) for number in range(1, count + 1)))


@pytest.mark.parametrize(
    ("config", "cash", "entries", "reason"),
    [
        ({"max_signals": 2}, "10000", 2, "max_signals"),
        ({"max_positions": 1}, "10000", 1, "max_positions"),
        ({"max_exposure": "0.02"}, "10000", 2, "max_exposure"),
        ({}, "250", 2, "insufficient_cash"),
        ({"max_position_size": "0.99"}, "10000", 0, "max_position_size"),
        ({"sizing": {"method": "fixed", "amount": "0.5"}}, "10000", 0, "below_minimum"),
        ({"sizing": {"method": "confidence"}}, "90", 0, "insufficient_cash"),
        ({"order": "limit", "sizing": {"method": "fixed", "amount": "2"}}, "10000", 0, "below_minimum"),
    ],
)
def test_each_limit_stops_what_is_too_much(config: dict[str, Any], cash: str, entries: int, reason: str) -> None:
    pool = few()

    opinion = entered(pool, ideas(pool), cash, **config)

    assert len(opinion.signals) == entries
    assert opinion.abstentions == {reason: 3 - entries}


def test_a_stake_without_confidence_or_without_an_edge_is_an_abstention() -> None:
    pool = few(1)

    zero = entered(pool, ideas(pool, confidence=0.0), sizing={"method": "confidence"})
    losing = entered(pool, ideas(pool, chance=0.5), sizing={"method": "kelly"})
    unsaid = entered(pool, ideas(pool, chance=np.nan), sizing={"method": "kelly"})

    assert zero.abstentions == {"confidence_zero": 1}
    assert losing.abstentions == unsaid.abstentions == {"kelly_not_positive": 1}


def test_the_best_idea_comes_first_and_of_equal_ones_the_older_market() -> None:
    pool = few()
    level = ideas(pool)
    level.score[:] = [1.0, 3.0, 1.0]

    opinion = entered(pool, level)

    assert [signal.market_no for signal in opinion.signals] == [2, 1, 3]


def test_a_limit_never_goes_beyond_what_the_rule_itself_thinks_the_side_is_worth() -> None:
    pool = few(1)

    [wide] = entered(pool, ideas(pool, chance=0.7), slippage_max="0.1").signals
    [tight] = entered(pool, ideas(pool, chance=0.57), slippage_max="0.1").signals

    assert wide.limit_price == Decimal("0.62")
    assert tight.limit_price == Decimal("0.55")  # 0.57 less a fee of 0.0099 and an edge of 0.01


def test_on_a_tapered_grid_limits_stand_on_the_step_of_their_band() -> None:
    pool = build.pool(
        build.kalshi(1, yes_bid=0.085, yes_ask=0.086, grid=build.TAPERED, tick=0.001),
        build.kalshi(2, yes_bid=0.50, yes_ask=0.51, grid=build.TAPERED, tick=0.001),
    )

    opinion = entered(pool, ideas(pool, chance=np.nan), slippage_max="0.0155")

    assert [signal.limit_price for signal in opinion.signals] == [Decimal("0.10"), Decimal("0.52")]


@settings(max_examples=120, deadline=None)
@given(
    quotes=st.lists(st.tuples(st.integers(1, 97), st.integers(1, 20)), min_size=1, max_size=8),
    yes=st.booleans(),
    chance=st.one_of(st.just(np.nan), st.floats(0.01, 0.99)),
    confidence=st.floats(0, 1),
    cash=st.decimals(0, 50_000, places=2),
    invested=st.integers(0, 3),
    sizing=st.sampled_from(["fixed", "confidence", "kelly"]),
    slippage=st.integers(0, 30).map(lambda mills: Decimal(mills) / 1000),
    exposure=st.integers(1, 100).map(lambda share: Decimal(share) / 100),
    most=st.one_of(st.none(), st.integers(1, 500).map(Decimal)),
    grid=st.sampled_from([build.CENT, 10, build.TAPERED]),
)
def test_signals_are_exact_on_the_grid_and_within_every_limit(
    quotes: list[tuple[int, int]],
    yes: bool,
    chance: float,
    confidence: float,
    cash: Decimal,
    invested: int,
    sizing: str,
    slippage: Decimal,
    exposure: Decimal,
    most: Decimal | None,
    grid: int,
) -> None:
    rows = [
        build.market(100 + place, yes_bid=bid / 100, yes_ask=min(bid + width, 99) / 100, grid=grid)
        for place, (bid, width) in enumerate(quotes)
    ]
    pool = build.pool(*rows)
    portfolio = build.portfolio(*(build.held(number) for number in range(1, invested + 1)), cash=str(cash))
    limits: dict[str, Any] = {"max_exposure": exposure, "max_position_size": most, "max_positions": 5}
    config = StrategyConfig(**limits, sizing=Sizing.model_validate({"method": sizing}), slippage_max=slippage)
    opinion = Opinion(considered=len(pool))

    enter(pool, portfolio, config, ideas(pool, chance, confidence, yes=yes), opinion, build.NOW)

    amounts = [signal.amount for signal in opinion.signals if signal.amount is not None]
    assert len(amounts) == len(opinion.signals) <= 5 - invested
    assert len(amounts) + sum(opinion.abstentions.values()) == len(rows)
    assert sum(amounts) <= cash
    assert portfolio.invested + sum(amounts) <= max(exposure * portfolio.equity, portfolio.invested)
    for signal in opinion.signals:
        assert signal.amount is not None
        assert signal.amount == signal.amount.quantize(Decimal("0.01")) >= 1
        assert most is None or signal.amount <= most
        row = int(pool.rows([signal.market_no])[0])
        ask = pool.columns.yes_ask[row] if yes else 1 - pool.columns.yes_bid[row]
        best = Decimal(str(round(ask, 6)))
        assert best <= signal.limit_price <= max(best, best + slippage)
        assert (
            build.GRIDS[grid].holds(signal.limit_price if yes else 1 - signal.limit_price) or signal.limit_price == best
        )
        assert signal.confidence is not None
        assert 0 <= signal.confidence <= 1
