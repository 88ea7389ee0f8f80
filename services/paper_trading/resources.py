"""What the paper trading service holds while it serves: settings, the database, the services it calls, its updater."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import Field

from services.paper_trading.domain.keeping import Kept
from shared import topology
from shared.calls import Calls
from shared.database import Database
from shared.settings import DatabaseSettings

DRAWN_MAX = 48


class Settings(DatabaseSettings):
    price_update_seconds: int = Field(default=300, ge=0, le=86_400)  # 0: only when asked
    book_age_max: int = Field(default=60, ge=1, le=3_600)  # seconds
    signal_age_max: int = Field(default=600, ge=1, le=86_400)  # seconds
    data_age_max: int = Field(default=3_600, ge=1, le=7 * 86_400)  # seconds


class Closing(Protocol):
    def close(self) -> None: ...


class Resources:
    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        token = settings.coliseum_token.get_secret_value() if settings.coliseum_token else None
        self.markets = Calls("markets", topology.url_of(topology.MARKETS), token)
        self.strategies: Mapping[str, Calls] = {
            strategy_type: Calls(service.name, topology.url_of(service), token)
            for strategy_type, service in topology.STRATEGIES.items()
        }
        self.orchestrator = Calls("orchestrator", topology.url_of(topology.ORCHESTRATOR), token)
        self.kept = Kept()  # figures of pages that are dear to compute
        self.drawn = Kept(DRAWN_MAX)  # whole pieces of pages
        self.at_work: list[Closing] = []  # threads, which end before what they use is closed

    def close(self) -> None:
        for thread in self.at_work:
            thread.close()
        self.markets.close()
        self.orchestrator.close()
        for strategy in self.strategies.values():
            strategy.close()
