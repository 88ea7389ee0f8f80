"""The arena: models meet events, think aloud, bet and are judged."""

from fastapi import FastAPI

from services.arena import judging
from services.arena.measuring import measure
from services.arena.motor import Motor
from services.arena.resources import Resources, Settings
from services.arena.routes import router
from services.arena.storage import registry
from shared.application import create_app
from shared.database import Database
from shared.routes import clock
from shared.settings import settings_of

BOARDS = frozenset({"/leaderboard", "/leaderboard/daily", "/leaderboard/history"})  # read far more often than computed


def arena_app(settings: Settings) -> FastAPI:
    app = create_app(
        "arena",
        router,
        settings,
        resources=at_work,
        health=health_facts,
        measure=measure,
        prepared=BOARDS,
        generation=lambda: judging.JUDGED.number,
    )
    app.state.when_told_to_stop.append(lambda: _told_to_stop(app))
    return app


def at_work(settings: Settings, database: Database) -> Resources:
    """The resources, and the threads that keep the arena going."""
    here = Resources(settings, database, clock)
    if settings.arena_enabled:
        motor = Motor(here)
        motor.start()
        here.at_work.append(motor)
    return here


def health_facts(here: Resources) -> dict[str, object]:
    """A model that is disabled is no trouble of this service; it is told, and the others play."""
    with here.database.connection() as connection:
        entered = registry.registered(connection)
    return {
        "models": sum(model.enabled for model in entered),
        "models_disabled": [model.external_id for model in entered if not model.enabled],
        "readers": len(here.hub.readers),
    }


def _told_to_stop(app: FastAPI) -> None:
    resources: Resources | None = getattr(app.state, "resources", None)
    if resources is not None:
        resources.told_to_stop()


app = arena_app(settings_of(Settings))
