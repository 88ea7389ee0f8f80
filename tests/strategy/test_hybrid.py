"""The hybrid does what its voters agree on, as far as their weights carry it."""

from decimal import Decimal
from typing import Any

from services.strategy.domain.hybrid import HybridConfig, signals
from services.strategy.domain.pool import Pool
from services.strategy.domain.signals import Opinion
from tests.strategy import build
from tests.strategy.test_mean_reversion import JUMP
from tests.strategy.test_momentum import FALL, RISE


def asked(pool: Pool, *positions: Any, **config: Any) -> Opinion:
    return signals(pool, build.portfolio(*positions), HybridConfig(**config), build.NOW)


def rising() -> Pool:
    return build.pool(build.market(1), past={1: RISE}, traded=400.0)


def test_what_one_voter_says_clearly_is_done_and_its_words_are_kept() -> None:
    [signal] = asked(rising()).signals

    assert signal.action == "buy_yes"
    assert signal.reason.startswith("Votes +0.5")
    assert "Rose 11.0 points" in signal.reason


def test_a_voter_without_weight_is_not_heard() -> None:
    assert asked(rising(), weights={"momentum": 0}).abstentions == {"votes_too_weak": 1}


def test_a_vote_below_the_quorum_or_below_the_least_vote_is_too_weak() -> None:
    assert asked(rising(), quorum="0.5").abstentions == {"votes_too_weak": 1}
    assert asked(rising(), min_vote="0.9").abstentions == {"votes_too_weak": 1}


def test_mean_reversion_votes_too() -> None:
    [signal] = asked(build.pool(build.market(1), past={1: JUMP}, traded=200.0)).signals

    assert signal.action == "buy_no"
    assert "Jumped from" in signal.reason


def test_a_group_of_arbitrage_is_a_vote_for_all_its_legs_and_taken_whole() -> None:
    pool = build.pool(*build.exclusive_set([0.30, 0.40, 0.15]))

    opinion = asked(pool)
    without = asked(pool, weights={"arbitrage": 0})

    assert [signal.action for signal in opinion.signals] == ["buy_yes"] * 3
    assert len({signal.group_id for signal in opinion.signals}) == 1
    assert without.signals == []


def test_votes_against_a_leg_can_outweigh_a_group() -> None:
    falls = [price - 0.095 for price in FALL]
    pool = build.pool(*build.exclusive_set([0.42, 0.42]), past={1: falls, 2: falls}, traded=400.0)

    opinion = asked(pool, weights={"momentum": 50, "arbitrage": 30}, min_edge="0.005")

    assert all(signal.group_id is None for signal in opinion.signals)
    assert opinion.abstentions["votes_too_weak"] == 2


def test_what_is_held_is_sold_when_the_votes_turn() -> None:
    pool = build.pool(build.market(1), past={1: FALL}, traded=400.0)

    [sale] = asked(pool, build.held(outcome="yes")).signals

    assert (sale.action, sale.quantity) == ("sell_yes", Decimal(100))
    assert "for the other side" in sale.reason
