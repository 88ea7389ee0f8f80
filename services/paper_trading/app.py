"""The paper trading service."""

from fastapi import FastAPI

from services.paper_trading.resources import Resources, Settings
from services.paper_trading.routes import router
from shared.application import create_app
from shared.settings import settings_of


def paper_trading_app(settings: Settings) -> FastAPI:
    return create_app("paper_trading", router, settings, resources=Resources, health=Resources.health)


app = paper_trading_app(settings_of(Settings))
