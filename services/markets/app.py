"""The markets service."""

from services.markets.resources import Resources, Settings, generation
from services.markets.routes import router
from shared.application import create_app
from shared.settings import settings_of

app = create_app(
    "markets",
    router,
    settings_of(Settings),
    resources=Resources,
    health=Resources.health,
    prepared=frozenset({"/markets"}),
    generation=lambda: generation.number,
)
