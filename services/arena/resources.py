"""What the arena holds while it serves: settings, the database, the services and providers it calls, its threads."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

from pydantic import Field, SecretStr, field_validator

from services.arena.clients.chat import Providers
from services.arena.domain.comparing import Comparer
from services.arena.domain.completions import Endpoint
from services.arena.models_file import SEEDS, ModelsFileUnusable, read_entries
from services.arena.streaming.hub import Hub
from shared import topology
from shared.calls import Calls
from shared.database import Database
from shared.settings import DatabaseSettings

PERPLEXITY = "https://api.perplexity.ai"


class Settings(DatabaseSettings):
    # providers
    openrouter_api_key: SecretStr | None = None
    openrouter_base_url: str = "https://openrouter.ai/api/v1"
    perplexity_api_key: SecretStr | None = None
    perplexity_base_url: str = PERPLEXITY
    perplexity_model: str = "sonar"
    arena_summary_model: str = "openai/gpt-4o"  # compiles summaries and looks at settlements
    ai_models_file: Path = SEEDS
    # events
    arena_enabled: bool = True  # false: nothing happens by itself
    arena_events: int = Field(default=5, ge=1, le=100)
    arena_select_seconds: int = Field(default=86_400, ge=30, le=7 * 86_400)
    arena_horizon_seconds: int = Field(default=86_400, ge=60, le=90 * 86_400)
    arena_close_min_seconds: int = Field(default=900, ge=0, le=7 * 86_400)
    arena_auto_approve: bool = True
    # sessions
    arena_parallel: int = Field(default=16, ge=1, le=200)
    arena_session_seconds: int = Field(default=120, ge=5, le=1_800)
    arena_tokens_max: int = Field(default=1_500, ge=100, le=32_000)
    # dollars
    arena_session_budget: Decimal = Field(default=Decimal("0.50"), ge=0)
    arena_model_day_budget: Decimal = Field(default=Decimal(5), ge=0)
    arena_day_budget: Decimal = Field(default=Decimal(25), ge=0)
    arena_price_assumed: Decimal = Field(default=Decimal(75), ge=0)  # per million tokens, where nobody tells
    # judging
    arena_settled_min: int = Field(default=20, ge=1, le=10_000)

    signal_age_max: int = Field(default=600, ge=1, le=86_400)  # seconds

    @field_validator("ai_models_file")
    @classmethod
    def holds_models(cls, file: Path) -> Path:
        """A model that is kept out by a slip of the pen is noticed at the start, not when it is missed."""
        try:
            read_entries(file)
        except ModelsFileUnusable as error:
            raise ValueError(str(error)) from error
        return file

    @field_validator("openrouter_base_url", "perplexity_base_url")
    @classmethod
    def is_address(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Verified:
    """The last answer to GET /verify."""

    done_at: datetime
    took: timedelta
    found: dict[str, Any]


class Closing(Protocol):
    def close(self) -> None: ...


class Resources:
    def __init__(self, settings: Settings, database: Database, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.replica: UUID = uuid4()  # of this process, as it signs what it has claimed
        self.stopping = threading.Event()
        token = settings.coliseum_token.get_secret_value() if settings.coliseum_token else None
        self.paper = Calls("paper_trading", topology.url_of(topology.PAPER_TRADING), token)
        self.markets = Calls("markets", topology.url_of(topology.MARKETS), token)
        self.providers = Providers()
        self.hub = Hub(database, self.replica, clock)
        self.verified: Verified | None = None
        self.comparer: Comparer | None = None  # of the last board
        self.at_work: list[Closing] = []  # threads, which end before what they use is closed

    @property
    def openrouter(self) -> Endpoint:
        return Endpoint(self.settings.openrouter_base_url, _secret(self.settings.openrouter_api_key))

    @property
    def perplexity(self) -> Endpoint | None:
        """None: there is neither a key nor an address of somebody who needs none, so nobody searches."""
        key, address = _secret(self.settings.perplexity_api_key), self.settings.perplexity_base_url
        return Endpoint(address, key) if key or address != PERPLEXITY else None

    def endpoint_at(self, base_url: str, api_key_variable: str | None) -> Endpoint:
        """A model's own address; a key never leaves for another one than its own."""
        return Endpoint(base_url, os.environ.get(api_key_variable) if api_key_variable else None)

    def told_to_stop(self) -> None:
        self.stopping.set()
        self.hub.told_to_stop()

    def close(self) -> None:
        self.told_to_stop()
        for thread in self.at_work:
            thread.close()
        self.hub.close()
        self.providers.close()
        self.paper.close()
        self.markets.close()


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
