"""The events service."""

from fastapi import FastAPI

from services.events.resources import Resources, Settings
from services.events.routes import router
from shared.application import create_app
from shared.settings import settings_of


def events_app(settings: Settings) -> FastAPI:
    return create_app(
        "events",
        router,
        settings,
        resources=Resources,
        health=Resources.health,
        prepared=frozenset({"/events", "/series"}),
        generation=lambda: Resources.generation.number,
    )


app = events_app(settings_of(Settings))
