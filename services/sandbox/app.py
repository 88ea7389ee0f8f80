"""The sandbox: plays the outside world over the venues' own protocols."""

from collections.abc import Callable
from time import time

from fastapi import FastAPI, Request, Response

from services.sandbox.answers import VenueError, said
from services.sandbox.limits import Limits
from services.sandbox.misbehaviour import Misbehaviour
from services.sandbox.resources import Sandbox
from services.sandbox.routes import router
from services.sandbox.settings import Settings
from shared.application import create_app
from shared.settings import settings_of


def build_app(settings: Settings, clock: Callable[[], float] = time) -> FastAPI:
    app = create_app(
        "sandbox", router, settings, resources=lambda own, _: Sandbox(own, clock), health=world_facts, guarded=False
    )

    app.add_middleware(Misbehaviour, limits=Limits() if settings.sandbox_rate_limits else None)

    @app.exception_handler(VenueError)
    async def refused(_: Request, error: VenueError) -> Response:
        return said(error.body, error.status)

    return app


def world_facts(sandbox: Sandbox) -> dict[str, object]:
    world = sandbox.world
    return {"simulated": True, "seed": world.seed, "markets": world.markets, "events": world.slots}


app = build_app(settings_of(Settings))
