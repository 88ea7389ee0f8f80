"""The events service."""

from services.events.resources import Resources, Settings, generation
from services.events.routes import router
from shared.application import create_app
from shared.settings import settings_of

app = create_app(
    "events",
    router,
    settings_of(Settings),
    resources=Resources,
    health=Resources.health,
    prepared=frozenset({"/events", "/series"}),
    generation=lambda: generation.number,
)
