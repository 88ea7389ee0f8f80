"""The sample portfolios, made through the public endpoint: `python -m shared.launcher.samples`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared import topology
from shared.calls import Calls, ServiceRefused
from shared.errors import Problem
from shared.launcher.settings import LaunchSettings, seconds_between_cycles
from shared.settings import SettingsError, settings_of

PORTFOLIOS = "/paper-trading/portfolios"
BALANCE = 10_000
PAGE = 1_000

# A look-back holds so many cycles at least. Strategies need four; a cycle may come late, or fail.
CYCLES_SEEN = 6
BY_MINUTE_MAX = 60  # minutes; strategies measure longer look-backs by the hour, of which they need as many
LOOKBACK_KEYS = ("lookback_minutes", "momentum_lookback_minutes", "mean_reversion_lookback_minutes")

# Kalshi does not say how liquid its markets are; without this a limit on liquidity leaves all of them out.
ANYWHERE = {"accept_unknown_liquidity": True}


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    strategy_type: str
    strategy_config: Mapping[str, Any] = field(default_factory=dict)


# The arena's own entrants: what chance, habit and doing nothing are worth. Who is not better than these is not good.
ENTRANTS = tuple(
    Sample(f"Null: {name}", "baseline", {**ANYWHERE, "entrant": entrant, "max_positions": 50, **more})
    for name, entrant, more in (
        ("cash", "cash", {}),
        ("random", "random", {"seed": 1}),
        ("follow the market", "follow", {"lookback_minutes": 15}),
        ("always no", "always_no", {}),
        ("favourite", "favourite", {}),
    )
)
SAMPLES = (
    Sample(
        "Aggressive Momentum",
        "momentum",
        {
            **ANYWHERE,
            "categories": ["politics", "crypto"],
            "min_liquidity": 500,
            "min_volume": 500,
            "lookback_minutes": 10,
            "min_z": 2.2,
            "max_positions": 20,
            "sizing": {"method": "fixed", "amount": 250},
            "stop_loss": 0.4,
            "take_profit": 0.6,
            "max_holding_days": 3,
        },
    ),
    Sample(
        "Conservative Momentum",
        "momentum",
        {
            **ANYWHERE,
            "min_liquidity": 5_000,
            "min_volume": 10_000,
            "lookback_minutes": 15,
            "min_conviction": 0.15,
            "max_spread": 0.03,
            "max_positions": 10,
            "max_exposure": 0.5,
            "sizing": {"method": "fixed", "amount": 100},
            "stop_loss": 0.25,
            "take_profit": 0.4,
            "daily_loss_limit": 500,
        },
    ),
    Sample(
        "Conservative Mean Reversion",
        "mean_reversion",
        {
            **ANYWHERE,
            "categories": ["sports"],
            "min_liquidity": 1_000,
            "min_volume": 2_000,
            "lookback_minutes": 20,
            "extreme_price_threshold": 0.85,
            "max_positions": 10,
            "max_exposure": 0.5,
            "sizing": {"method": "fixed", "amount": 100},
            "stop_loss": 0.3,
            "take_profit": 0.3,
            "max_holding_days": 2,
        },
    ),
    Sample(
        "Conservative Arbitrage",
        "arbitrage",
        {
            **ANYWHERE,
            "categories": ["sports", "crypto"],
            "min_edge": 0.02,
            "max_positions": 20,
            "max_exposure": 0.5,
            "max_group_cost": 500,
        },
    ),
    Sample(
        "Arbitrage Hunter",
        "arbitrage",
        {**ANYWHERE, "min_edge": 0.005, "max_positions": 100, "max_group_cost": 1_000, "max_signals": 50},
    ),
    Sample(
        "Hybrid",
        "hybrid",
        {
            **ANYWHERE,
            "min_liquidity": 1_000,
            "momentum_lookback_minutes": 15,
            "mean_reversion_lookback_minutes": 20,
            "max_positions": 20,
            "sizing": {"method": "kelly", "fraction": 0.25},
            "stop_loss": 0.3,
            "daily_loss_limit": 1_000,
        },
    ),
    *ENTRANTS,
)


def samples_for(cycle_seconds: int) -> tuple[Sample, ...]:
    """With look-backs that see something where all markets are collected once a cycle."""
    return tuple([replace(each, strategy_config=_stretched(each.strategy_config, cycle_seconds)) for each in SAMPLES])


def _stretched(config: Mapping[str, Any], cycle_seconds: int) -> dict[str, Any]:
    least = -(-CYCLES_SEEN * cycle_seconds // 60)
    if least > BY_MINUTE_MAX:
        least = CYCLES_SEEN * 60
    return {name: max(value, least) if name in LOOKBACK_KEYS else value for name, value in config.items()}


def make_samples(paper_trading: Calls, cycle_seconds: int) -> list[str]:
    """The names of those it made. Where somebody has made or renamed a portfolio, nobody needs samples any more; a
    sample that was closed stays closed. So a start that was interrupted is gone on with, and nothing comes back."""
    there = set(_names(paper_trading))
    if there - {sample.name for sample in SAMPLES}:
        return []
    samples = samples_for(cycle_seconds)
    return [sample.name for sample in samples if sample.name not in there and _made(paper_trading, sample)]


def _names(paper_trading: Calls) -> Iterator[str]:
    cursor: str | None = None
    while True:
        after = {"cursor": cursor} if cursor else {}
        answer = paper_trading.get(PORTFOLIOS, {"limit": PAGE, **after})
        # Those of models make themselves, before or after the samples.
        yield from (each["name"] for each in answer["portfolios"] if each["strategy_type"] != "ai_model")
        cursor = answer["cursor"]
        if cursor is None:
            return


def _made(paper_trading: Calls, sample: Sample) -> bool:
    body = {
        "name": sample.name,
        "strategy_type": sample.strategy_type,
        "initial_balance": BALANCE,
        "strategy_config": sample.strategy_config,
        "frequency": "every_cycle",
    }
    try:
        paper_trading.post(PORTFOLIOS, body)
    except ServiceRefused as refusal:
        if refusal.facts.get("error") == "NameTaken":  # somebody else is at it, too
            return False
        raise
    return True


def say_samples(address: str, token: str | None, cycle_seconds: int) -> bool:
    """Whether there are samples now, or no need of them."""
    paper_trading = Calls(topology.PAPER_TRADING.name, address, token)
    try:
        made = make_samples(paper_trading, cycle_seconds)
    except Problem as problem:
        print(f"The sample portfolios could not be made: {problem.detail}", flush=True)
        return False
    finally:
        paper_trading.close()
    if made:
        print(f"made {len(made)} sample portfolios of {BALANCE:,} each: {', '.join(made)}", flush=True)
    return True


def main() -> int:
    try:
        settings = settings_of(LaunchSettings)
    except SettingsError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return 2
    token = settings.coliseum_token.get_secret_value() if settings.coliseum_token else None
    address = topology.url_of(topology.PAPER_TRADING)
    return 0 if say_samples(address, token, seconds_between_cycles(settings)) else 1


if __name__ == "__main__":
    sys.exit(main())
