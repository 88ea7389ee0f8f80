"""The markets service."""

from fastapi import FastAPI

from services.markets.resources import Resources, Settings
from services.markets.routes import router
from shared.application import create_app
from shared.settings import settings_of


def markets_app(settings: Settings) -> FastAPI:
    return create_app(
        "markets",
        router,
        settings,
        resources=Resources,
        health=Resources.health,
        prepared=frozenset({"/markets"}),
        generation=lambda: Resources.generation.number,
    )


app = markets_app(settings_of(Settings))
