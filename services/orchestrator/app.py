"""The orchestrator."""

from collections.abc import Callable
from datetime import datetime
from threading import Event

from fastapi import FastAPI

from services.orchestrator.measuring import measure
from services.orchestrator.resources import Resources, Settings
from services.orchestrator.routes import router
from services.orchestrator.scheduler import Scheduler
from shared.application import create_app
from shared.database import Database
from shared.routes import clock
from shared.settings import settings_of


def orchestrator_app(settings: Settings, now: Callable[[], datetime] = clock) -> FastAPI:
    leaving = Event()

    def resources(settings: Settings, database: Database) -> Resources:
        here = Resources(settings, database, now, leaving)
        if settings.schedule_enabled:
            scheduler = Scheduler(here)
            here.keep(scheduler)
            scheduler.start()
        return here

    app = create_app("orchestrator", router, settings, resources=resources, health=Resources.health, measure=measure)
    app.state.when_told_to_stop.append(leaving.set)
    return app


app = orchestrator_app(settings_of(Settings))
