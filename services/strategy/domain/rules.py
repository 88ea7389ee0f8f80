"""The rules, ours and those in the folder strategies: the configuration of each, its function, and what it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from services.strategy.domain import arbitrage, baseline, hybrid, mean_reversion, momentum
from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.rhythm import Lookback
from services.strategy.domain.sides import Decide

Lookbacks = Callable[[Any], Sequence[Lookback]]


def nowhere(_: Any) -> Sequence[Lookback]:
    """Of a rule that looks at the present alone."""
    return ()


@dataclass(frozen=True, slots=True)
class Rule:
    config: type[StrategyConfig]
    decide: Decide
    question: str  # that its page answers
    history: bool = False
    sets: bool = False  # of markets that belong together, and pairs of contracts
    lookbacks: Lookbacks = nowhere  # of a configuration

    def notes(self, config: StrategyConfig, every: int | None) -> list[str]:
        """What stands in the way of that configuration while markets are collected every so many minutes."""
        said = [lookback.note(every) for lookback in self.lookbacks(config)] if every is not None else []
        return [note for note in dict.fromkeys(said) if note is not None]


RULES: Mapping[str, Rule] = {
    "momentum": Rule(
        momentum.MomentumConfig,
        momentum.signals,
        "Which prices go straight?",
        history=True,
        lookbacks=momentum.lookbacks,
    ),
    "mean_reversion": Rule(
        mean_reversion.MeanReversionConfig,
        mean_reversion.signals,
        "Which prices went too far?",
        history=True,
        lookbacks=mean_reversion.lookbacks,
    ),
    "arbitrage": Rule(arbitrage.ArbitrageConfig, arbitrage.signals, "What costs less than it pays?", sets=True),
    "hybrid": Rule(
        hybrid.HybridConfig,
        hybrid.signals,
        "On what do the rules agree?",
        history=True,
        sets=True,
        lookbacks=hybrid.lookbacks,
    ),
    "baseline": Rule(
        baseline.BaselineConfig,
        baseline.signals,
        "What do those earn who know nothing?",
        history=True,
        lookbacks=baseline.lookbacks,
    ),
}


def rule_of(strategy: str) -> Rule:
    """One of ours, else the `RULE` of a file in the folder strategies."""
    if strategy in RULES:
        return RULES[strategy]
    rule = getattr(import_module(f"strategies.{strategy}"), "RULE", None)
    if not isinstance(rule, Rule):
        raise TypeError(f"it has no RULE = Rule(…), but {rule!r}")
    try:
        rule.config()
    except ValidationError as error:
        for wrong in error.errors():
            if wrong["type"] != "missing":  # a key that each portfolio has to say
                raise TypeError(f"the default of {wrong['loc'][0]} cannot be used: {wrong['msg']}") from error
    return rule
