"""Hybrid: momentum, mean reversion and arbitrage vote with weights; what they agree on strongly enough is done."""

from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from services.strategy.domain import arbitrage, mean_reversion, momentum
from services.strategy.domain.bundles import Bundle, bundles_of
from services.strategy.domain.columns import Floats
from services.strategy.domain.config import DirectedConfig
from services.strategy.domain.entries import Ideas, Room, enter, worthwhile
from services.strategy.domain.exits import leave
from services.strategy.domain.filters import Screen, keep_convinced, keep_free, screened
from services.strategy.domain.pool import Pool
from services.strategy.domain.rhythm import Lookback
from services.strategy.domain.signals import Opinion, Portfolio, Side

CONFIGS_KEPT = 1_000

Weight = Annotated[Decimal, Field(ge=0, le=1_000)]


class Weights(BaseModel):
    """How much each rule's vote counts; 0 leaves it out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    momentum: Weight = Field(default=Decimal(1), description="Of momentum.")
    mean_reversion: Weight = Field(default=Decimal(1), description="Of mean reversion.")
    arbitrage: Weight = Field(default=Decimal(1), description="Of arbitrage, for all legs of a group.")


class HybridConfig(DirectedConfig):
    """Keys of the hybrid."""

    weights: Weights = Field(default=Weights(), description="Of the votes of the other rules.")
    min_vote: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        default=Decimal("0.5"),
        description="Least weighted mean of the votes (from -1 for no to 1 for yes) of the rules that have an opinion.",
    )
    quorum: Annotated[Decimal, Field(ge=0, le=1)] = Field(
        default=Decimal("0.3"), description="Least share of the weights whose rules have an opinion on the market."
    )
    momentum_lookback_minutes: Annotated[int, Field(ge=4, le=2_820)] = Field(
        default=15, description="The look-back of momentum's vote."
    )
    momentum_min_z: Annotated[Decimal, Field(ge=0, le=50)] = Field(
        default=Decimal("2.2"), description="The least z at which momentum votes."
    )
    mean_reversion_lookback_minutes: Annotated[int, Field(ge=4, le=2_820)] = Field(
        default=20, description="The look-back of mean reversion's vote."
    )
    mean_reversion_min_z: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        default=Decimal(7), description="The least z at which mean reversion votes."
    )


def lookbacks(config: HybridConfig) -> tuple[Lookback, ...]:
    """Of the rules that vote."""
    voters: list[Lookback] = []
    if config.weights.momentum > 0:
        voters += momentum.lookbacks(_momentum(config.momentum_lookback_minutes, config.momentum_min_z))
    if config.weights.mean_reversion > 0:
        reversion = _mean_reversion(config.mean_reversion_lookback_minutes, config.mean_reversion_min_z)
        voters += mean_reversion.lookbacks(reversion)
    return tuple(voters)


class Votes:
    """The weighted sum of what the rules say of each market, from -1 for no to 1 for yes."""

    def __init__(self, pool: Pool, config: HybridConfig) -> None:
        self.total, self.weight, self.log_odds = np.zeros(len(pool)), np.zeros(len(pool)), np.zeros(len(pool))
        self.words: dict[int, list[str]] = {}
        self.all_weights = config.weights.momentum + config.weights.mean_reversion + config.weights.arbitrage

    def add(self, ideas: Ideas, weight: Decimal) -> None:
        """A rule votes for a side with its confidence, of which half is the least."""
        vote = np.clip(ideas.confidence, 0.5, 1.0)
        self.total[ideas.rows] += float(weight) * np.where(ideas.yes, vote, -vote)
        self.weight[ideas.rows] += float(weight)
        self.log_odds[ideas.rows] += float(weight) * np.log(ideas.probability / (1 - ideas.probability))
        for place, row in enumerate(ideas.rows.tolist()):
            self.words.setdefault(row, []).append(ideas.why(place))

    @cached_property
    def mean(self) -> Floats:
        return np.divide(self.total, self.weight, out=np.zeros_like(self.total), where=self.weight > 0)

    def of_group(self, bundle: Bundle, weight: float) -> float:
        """What arbitrage's vote for these sides and the others' votes on them come to, on average over the legs."""
        rows, side = np.array(bundle.rows), np.where(bundle.yes, 1.0, -1.0)
        agreed = (weight + side * self.total[rows]) / (weight + self.weight[rows])
        return float(agreed.mean())


def signals(pool: Pool, portfolio: Portfolio, config: HybridConfig, now: datetime) -> Opinion:
    opinion = Opinion(considered=len(pool))
    alive = screened(pool, config, now, opinion)
    votes = _votes(pool, config)
    if config.exit_on_reversal:
        leave(pool, portfolio, config, opinion, now, lambda row, side: _against(votes, config, row, side))
    else:
        leave(pool, portfolio, config, opinion, now)
    screen = Screen(alive, opinion)
    keep_free(pool, portfolio, screen)
    room = _enter_groups(pool, portfolio, config, votes, screen, opinion, now)
    keep_convinced(pool, float(config.min_conviction), screen)
    strong = np.abs(votes.mean) >= float(config.min_vote) - 1e-9
    screen.keep(strong & (votes.weight >= float(config.quorum) * float(votes.all_weights) - 1e-9), "votes_too_weak")
    ideas = worthwhile(pool, _ideas(votes, screen), config, opinion)
    enter(pool, portfolio, config, ideas, opinion, now, room)
    return opinion


def _votes(pool: Pool, config: HybridConfig) -> Votes:
    """On all markets: who decides on which of them is no matter of the votes, so all portfolios share them."""
    key = (
        "votes",
        config.weights,
        (config.momentum_lookback_minutes, config.momentum_min_z),
        (config.mean_reversion_lookback_minutes, config.mean_reversion_min_z),
    )
    return pool.once(key, lambda: _counted(pool, config))


def _counted(pool: Pool, config: HybridConfig) -> Votes:
    votes, weights, aside = Votes(pool, config), config.weights, Opinion(considered=0)
    every = np.ones(len(pool), dtype=np.bool_)
    if weights.momentum > 0:
        momentum_config = _momentum(config.momentum_lookback_minutes, config.momentum_min_z)
        votes.add(momentum.candidates(pool, momentum_config, Screen(every.copy(), aside)), weights.momentum)
    if weights.mean_reversion > 0:
        reversion_config = _mean_reversion(config.mean_reversion_lookback_minutes, config.mean_reversion_min_z)
        votes.add(mean_reversion.candidates(pool, reversion_config, Screen(every, aside)), weights.mean_reversion)
    return votes


@lru_cache(maxsize=CONFIGS_KEPT)
def _momentum(minutes: int, z: Decimal) -> momentum.MomentumConfig:
    return momentum.MomentumConfig(lookback_minutes=minutes, min_z=z)


@lru_cache(maxsize=CONFIGS_KEPT)
def _mean_reversion(minutes: int, z: Decimal) -> mean_reversion.MeanReversionConfig:
    return mean_reversion.MeanReversionConfig(lookback_minutes=minutes, min_z=z)


def _enter_groups(
    pool: Pool,
    portfolio: Portfolio,
    config: HybridConfig,
    votes: Votes,
    screen: Screen,
    opinion: Opinion,
    now: datetime,
) -> Room:
    """A group is a vote of arbitrage for all its legs: it is taken whole, unless the others vote against it."""
    room = Room.of(portfolio, config)
    if config.weights.arbitrage == 0 or config.weights.arbitrage < config.quorum * votes.all_weights:
        return room
    own = arbitrage.ArbitrageConfig(
        min_edge=config.min_edge, slippage_max=config.slippage_max, max_position_size=config.max_position_size
    )
    used: set[int] = set()
    for bundle in arbitrage.acceptable(bundles_of(pool), own, screen.alive):
        if room.refusal() is not None:
            break  # the others have no more room either, and count it
        if not used.isdisjoint(bundle.rows):
            continue
        if votes.of_group(bundle, float(config.weights.arbitrage)) < float(config.min_vote):
            opinion.abstain("votes_too_weak", len(set(bundle.rows)))
        else:
            group = arbitrage.group_of(pool, portfolio, own, bundle, room, now)
            if isinstance(group, str):
                opinion.abstain(group, len(set(bundle.rows)))
            else:
                opinion.signals.extend(group)
        used.update(bundle.rows)
    screen.leave_out(used)
    return room


def _ideas(votes: Votes, screen: Screen) -> Ideas:
    rows = screen.rows()
    mean, weight = votes.mean[rows], np.maximum(votes.weight[rows], 1e-9)
    probability = 1 / (1 + np.exp(-votes.log_odds[rows] / weight))

    def why(place: int) -> str:
        return f"Votes {mean[place]:+.2f}: {' '.join(votes.words.get(int(rows[place]), []))}"

    return Ideas(rows, mean > 0, np.abs(mean), np.abs(mean), probability, why)


def _against(votes: Votes, config: HybridConfig, row: int, side: Side) -> str | None:
    mean = float(votes.mean[row])
    if (mean < 0 if side == "yes" else mean > 0) and abs(mean) >= float(config.min_vote):
        return f"the votes are {abs(mean):.2f} for the other side"
    return None
