"""In the simulated world each strategy finds what is planted for it, and gains by it what chance cannot explain."""

# A gain is of one contract: what the side bought was worth at that moment (known to the world alone) less the ask and
# the fee of a taker. Worth is the expected payout, so this is the gain on average, without the noise of single ends.
# Markets of one path move together: their gains are summed before the z-statistic is taken over paths.

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import sqrt
from statistics import fmean, stdev
from typing import Any

import pytest

from services.sandbox.domain.world import build_world
from services.strategy.domain.pool import Pool
from services.strategy.domain.rules import RULES, Rule, Strategy
from services.strategy.domain.signals import Opinion, Portfolio, Signal
from tests.strategy.simulated import DAY, NOON, Simulation, Truth

SEEDS = range(101, 109)
MARKETS = 3_000
WARM, MINUTES = 62, 300  # minutes of history before the first decision, and of the whole run
WITHOUT_LIMITS: dict[str, Any] = {"max_positions": 10_000, "max_signals": 1_000}
RICH = Decimal(10) ** 9


@dataclass
class Ledger:
    """What a strategy bought in all worlds."""

    gains: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))  # by path, as the world knows them
    paid: list[float] = field(default_factory=list)  # as the markets ended
    planted: Counter[str] = field(default_factory=Counter)

    def book(self, seed: int, pool: Pool, truth: Truth, signal: Signal) -> float:
        row = int(pool.rows([signal.market_no])[0])
        yes = signal.action == "buy_yes"
        ask = float(pool.columns.yes_ask[row] if yes else 1 - pool.columns.yes_bid[row])
        cost = ask + float(pool.fee_rate[row]) * ask * (1 - ask)
        worth, payout = (value if yes else 1 - value for value in (truth.fair[row], truth.payout[row]))
        self.gains[int(truth.path[row]) * 1_000 + seed].append(float(worth) - cost)
        self.paid.append(float(payout) - cost)
        self.planted[truth.planted(row)] += 1
        return float(payout) - cost

    @property
    def mean(self) -> float:
        return fmean(gain for gains in self.gains.values() for gain in gains)

    @property
    def z(self) -> float:
        sums = [sum(gains) for gains in self.gains.values()]
        return fmean(sums) / (stdev(sums) / sqrt(len(sums)))

    def share(self, *kinds: str) -> float:
        return sum(self.planted[kind] for kind in kinds) / self.planted.total()

    def __str__(self) -> str:
        return f"{self.planted.total()} bought, {self.mean:+.4f} a contract, z {self.z:.1f}, {dict(self.planted)}"


def decided(rule: Rule, config: Any, pool: Pool, bought: set[int], now: datetime) -> Opinion:
    """Of a portfolio without limits that buys each market once."""
    return rule.decide(pool, Portfolio(1, RICH, RICH, Decimal(0), (), frozenset(bought)), config, now)


def played(strategy: Strategy, **config: Any) -> Ledger:
    """Every minute of some hours in several worlds."""
    rule, ledger = RULES[strategy], Ledger()
    read = rule.config(**WITHOUT_LIMITS, **config)
    for seed in SEEDS:
        bought: set[int] = set()
        world = Simulation(build_world(seed, MARKETS))
        for turn, (pool, truth) in enumerate(world.minutes(NOON + seed * DAY, MINUTES)):
            if turn >= WARM:
                for signal in decided(rule, read, pool, bought, pool.loaded_at).signals:
                    ledger.book(seed, pool, truth, signal)
                    bought.add(signal.market_no)
    return ledger


def test_momentum_finds_the_trends_and_gains() -> None:
    ledger = played("momentum")

    assert ledger.planted.total() > 80, ledger
    assert ledger.share("trend") > 0.6, ledger  # four in a hundred markets trend at a moment
    assert ledger.mean > 0.01, ledger
    assert ledger.z > 3, ledger


def test_mean_reversion_finds_the_overshoots_and_gains() -> None:
    ledger = played("mean_reversion")

    assert ledger.planted.total() > 60, ledger
    assert ledger.share("overshoot", "mispriced_set") > 0.5, ledger  # a set jumps too when its discount begins
    assert ledger.mean > 0.02, ledger
    assert ledger.z > 3, ledger


def test_hybrid_gains_by_what_all_of_them_find() -> None:
    ledger = played("hybrid")

    assert {"trend", "overshoot", "mispriced_set"} <= set(ledger.planted), ledger
    assert ledger.mean > 0.01, ledger
    assert ledger.z > 4, ledger


@pytest.mark.parametrize("entrant", ["random", "follow", "always_no", "favourite"])
def test_those_who_know_nothing_lose_spread_and_fees(entrant: str) -> None:
    share = "0.05" if entrant != "follow" else "0.2"
    ledger = played("baseline", entrant=entrant, pick_share=share, lookback_minutes=30)

    assert ledger.planted.total() > 1_000, ledger
    assert ledger.mean < -0.005, ledger
    assert ledger.z < -5, ledger


def groups_of(config: dict[str, Any], *, pairs: bool = False) -> Iterator[tuple[float, float, set[str]]]:
    """The sure gain, what it came to in the end, and what was planted, of each group over many days."""
    rule = RULES["arbitrage"]
    read = rule.config(**WITHOUT_LIMITS, **config)
    for seed in (101, 102):
        world, bought = Simulation(build_world(seed, MARKETS), pairs_proven=pairs), set[int]()
        for day in range(120):
            pool, truth = world.collected(NOON + (seed + 5 * day) * DAY + 77)
            ledger, ended, kinds = Ledger(), defaultdict(float), defaultdict(set)
            for signal in decided(rule, read, pool, bought, pool.loaded_at).signals:
                ended[signal.group_id] += ledger.book(seed, pool, truth, signal)
                kinds[signal.group_id].add(truth.planted(int(pool.rows([signal.market_no])[0])))
                bought.add(signal.market_no)
            yield from ((0.0, ended[group], kinds[group]) for group in ended)


def test_arbitrage_finds_the_mispriced_sets_and_never_loses() -> None:
    found = list(groups_of({}))
    gains = [gain for _, gain, _ in found]

    assert len(found) > 40
    assert sum("mispriced_set" in kinds for _, _, kinds in found) > 0.95 * len(found)
    assert min(gains) > 0
    assert fmean(gains) / (stdev(gains) / sqrt(len(gains))) > 10


def test_sets_that_may_end_without_a_winner_gain_on_average_for_who_accepts_that() -> None:
    found = list(groups_of({"accept_open_sets": True, "platforms": ["kalshi"]}))
    gains = [gain for _, gain, _ in found]

    assert len(found) > 40
    assert fmean(gains) / (stdev(gains) / sqrt(len(gains))) > 3


def test_proven_pairs_are_bought_while_they_cross_and_never_lose() -> None:
    proven = [each for each in groups_of({}, pairs=True) if each[2] & {"crossed_pair"}]
    gains = [gain for _, gain, _ in proven]

    assert len(proven) > 40
    assert min(gains) > 0
    assert not [each for each in groups_of({}) if each[2] & {"crossed_pair"}]
