"""The strategy controllers: one code base, five apps, one rule each."""

from functools import partial

from fastapi import FastAPI

from services.strategy.domain.rules import RULES, Strategy
from services.strategy.resources import Resources, Settings
from services.strategy.routes import pair_router, router
from shared.application import create_app
from shared.commands import together
from shared.settings import settings_of
from shared.topology import STRATEGIES


def strategy_app(name: Strategy, settings: Settings) -> FastAPI:
    routes = together(router, pair_router) if RULES[name].sets else router
    return create_app(
        STRATEGIES[name].name,
        routes,
        settings,
        resources=partial(Resources, name),
        health=Resources.health,
    )


_settings = settings_of(Settings)

momentum = strategy_app("momentum", _settings)
mean_reversion = strategy_app("mean_reversion", _settings)
arbitrage = strategy_app("arbitrage", _settings)
hybrid = strategy_app("hybrid", _settings)
baseline = strategy_app("baseline", _settings)

app = arbitrage  # it has all endpoints, the others all but those of pairs
