"""The strategy controllers: one code base, an app for each rule, made when somebody asks for it by its name."""

from functools import cache, partial

from fastapi import FastAPI

from services.strategy.domain.rules import rule_of
from services.strategy.resources import Resources, Settings
from services.strategy.routes import pair_router, router
from shared.application import create_app
from shared.commands import together
from shared.settings import settings_of
from shared.topology import STRATEGIES


def strategy_app(name: str, settings: Settings) -> FastAPI:
    routes = together(router, pair_router) if rule_of(name).sets else router
    return create_app(
        STRATEGIES[name].name,
        routes,
        settings,
        resources=partial(Resources, name),
        health=Resources.health,
    )


@cache
def _app_of(name: str) -> FastAPI:
    return strategy_app(name, settings_of(Settings))


def __getattr__(name: str) -> FastAPI:
    """`services.strategy.app:momentum` and so on: a rule that cannot be used spoils no other one's controller."""
    if name.startswith("_") or name not in STRATEGIES:
        raise AttributeError(name)
    return _app_of(name)


app = _app_of("arbitrage")  # it has all endpoints, the others all but those of pairs
