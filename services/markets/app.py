"""The markets service."""

from fastapi import FastAPI

from services.markets import page_routes, routes
from services.markets.resources import Resources, Settings
from shared.application import create_app
from shared.commands import together
from shared.settings import settings_of


def markets_app(settings: Settings) -> FastAPI:
    return create_app(
        "markets",
        together(routes.router, page_routes.router),
        settings,
        resources=Resources,
        health=Resources.health,
        prepared=frozenset({"/markets"}),
        generation=lambda: Resources.generation.number,
    )


app = markets_app(settings_of(Settings))
