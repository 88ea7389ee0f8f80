"""What a strategy controller holds while it serves: its rule, the database and the pool that all portfolios share."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from pydantic import Field

from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.lookalikes import Lookalike, lookalikes
from services.strategy.domain.pool import Pool
from services.strategy.domain.rules import Rule, rule_of
from services.strategy.storage import pairs, pool
from services.strategy.storage.stamps import stamp
from shared.database import Database
from shared.settings import DatabaseSettings

log = structlog.get_logger()

POOL_AGE_MAX = timedelta(seconds=60)  # prices that are refreshed between two collections come in so late at most
LOOKALIKES_AGE_MAX = timedelta(minutes=10)
CONFIGS_KEPT = 5_000

MARKETS = Gauge("coliseum_strategy_pool_markets", "Open markets in the pool.", ["strategy"])
LOADED = Gauge("coliseum_strategy_pool_loaded_seconds", "When the pool was loaded last, as Unix time.", ["strategy"])
LOADING = Gauge("coliseum_strategy_pool_load_seconds", "How long the last load of the pool took.", ["strategy"])
SIGNALS = Counter("coliseum_strategy_signals_total", "Signals written.", ["strategy", "action"])
ABSTENTIONS = Counter("coliseum_strategy_abstentions_total", "Markets left alone, by reason.", ["strategy", "reason"])
FAILURES = Counter(
    "coliseum_strategy_failures_total", "Portfolios that got no answer, by error.", ["strategy", "error"]
)


class Settings(DatabaseSettings):
    signal_age_max: int = Field(default=600, ge=1, le=86_400)  # seconds


@dataclass(slots=True)
class Kept:
    """The pool and how it was loaded."""

    loaded: pool.Loaded
    seconds: float


class Resources:
    def __init__(self, strategy: str, settings: Settings, database: Database) -> None:
        self.strategy = strategy
        self.rule: Rule = rule_of(strategy)
        self.settings = settings
        self.database = database
        self.kept: Kept | None = None
        self.lookalikes: tuple[datetime, list[Lookalike]] | None = None
        self._loading = Lock()
        self._configs: OrderedDict[str, StrategyConfig] = OrderedDict()

    def pool(self, now: datetime) -> Pool:
        """The pool as of the last collection; whoever comes first loads it, the others wait for that."""
        with self._loading:
            with self.database.connection() as connection:
                here = stamp(connection)
            kept = self.kept
            if kept is not None and not self._outdated(kept, here.tells(), now):
                return kept.loaded.pool
            began = perf_counter()
            with self.database.transaction() as connection:
                loaded = pool.load(connection, self.rule, here, now, kept.loaded if kept else None)
            if self.rule.sets:
                alike = self.look_alike(now)
                found = tuple([(each.polymarket_no, each.kalshi_no) for each in alike])
                loaded = replace(loaded, pool=replace(loaded.pool, lookalikes=found))
            self.kept = Kept(loaded, perf_counter() - began)
            self._tell(self.kept)
            return loaded.pool

    def look_alike(self, now: datetime) -> list[Lookalike]:
        """Contracts of both venues that read alike; looked for anew every few minutes."""
        if self.lookalikes is None or abs(now - self.lookalikes[0]) > LOOKALIKES_AGE_MAX:
            with self.database.connection() as connection:
                self.lookalikes = now, lookalikes(pairs.open_questions(connection))
        return self.lookalikes[1]

    def config(self, written: str, read: Callable[[str], StrategyConfig]) -> StrategyConfig:
        """A configuration that was read before is not read again."""
        config = self._configs.get(written)
        if config is None:
            config = self._configs[written] = read(written)
            if len(self._configs) > CONFIGS_KEPT:
                self._configs.popitem(last=False)
        return config

    def health(self) -> dict[str, Any]:
        kept = self.kept
        return {
            "strategy": self.strategy,
            "pool_markets": len(kept.loaded.pool) if kept else None,
            "pool_loaded_at": kept.loaded.pool.loaded_at if kept else None,
        }

    def _outdated(self, kept: Kept, tells: tuple[Any, ...], now: datetime) -> bool:
        aged = abs(now - kept.loaded.pool.loaded_at) > POOL_AGE_MAX
        return aged or kept.loaded.stamp.tells() != tells

    def _tell(self, kept: Kept) -> None:
        loaded = kept.loaded
        MARKETS.labels(self.strategy).set(len(loaded.pool))
        LOADED.labels(self.strategy).set(loaded.pool.now)
        LOADING.labels(self.strategy).set(kept.seconds)
        log.info("pool_loaded", markets=len(loaded.pool), changed=loaded.changed, seconds=round(kept.seconds, 3))
