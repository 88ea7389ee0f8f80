"""The paper trading service."""

from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from services.paper_trading.breakers import note_call, trip_and_resolve
from services.paper_trading.measuring import measure
from services.paper_trading.resources import Resources, Settings
from services.paper_trading.resting import watch_orders
from services.paper_trading.routes import router
from services.paper_trading.updater import PriceUpdater
from shared.application import create_app
from shared.database import Database
from shared.settings import settings_of


def paper_trading_app(settings: Settings) -> FastAPI:
    return create_app("paper_trading", router, settings, resources=at_work, measure=measure)


def at_work(settings: Settings, database: Database) -> Resources:
    """The resources, and the thread that keeps prices, breakers and waiting orders up to date."""
    here = Resources(settings, database)

    def look_at_breakers(now: datetime) -> None:
        trip_and_resolve(database, timedelta(seconds=settings.data_age_max), now)

    def look_at_waiting_orders(_: datetime) -> None:
        watch_orders(database, here.markets, _clock)

    def heard(succeeded: bool, now: datetime) -> None:
        note_call(database, succeeded, now)

    updater = PriceUpdater(
        database,
        here.markets,
        settings.price_update_seconds,
        _clock,
        (look_at_breakers, look_at_waiting_orders),
        heard,
    )
    updater.start()
    here.at_work.append(updater)
    return here


def _clock() -> datetime:
    return datetime.now(UTC)


app = paper_trading_app(settings_of(Settings))
