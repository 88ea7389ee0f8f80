"""G8: a whole trading cycle without the network, and what it costs to have twice as many portfolios in it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from services.orchestrator.storage.snapshots import take_snapshots
from services.paper_trading.domain.offers import NoOffer, Offer, offer_of
from services.paper_trading.execution import act_on
from services.paper_trading.storage import marks, pending
from services.paper_trading.storage.marks import FreshQuote
from services.paper_trading.storage.portfolios import create_portfolio
from services.strategy.generation import Asked, generate
from services.strategy.resources import Resources
from services.strategy.resources import Settings as StrategySettings
from shared.database import Database
from tests.bench.durable import POLICY
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.floor import copy_raw
from tests.bench.listing import Listing
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.syncs import sync_apart
from tests.bench.venues import running_venues

PORTFOLIOS = 100
A_CYCLE = 5  # fills a portfolio, on average: half of them make ten, half none
POSITIONS = 10_000

_MOVE = """
UPDATE markets SET yes_bid = CASE WHEN yes_bid < 0.5 THEN yes_bid + 0.01 ELSE yes_bid - 0.01 END,
    yes_ask = CASE WHEN yes_bid < 0.5 THEN yes_ask + 0.01 ELSE yes_ask - 0.01 END, quoted_at = :now, updated_at = :now
WHERE market_no % 10 = :step AND yes_bid BETWEEN 0.02 AND 0.97 AND yes_ask BETWEEN 0.03 AND 0.97
"""
# What was written seconds ago would be read again, as what a sync may have left half visible.
_AGE = "UPDATE markets SET updated_at = updated_at - interval '1 hour' WHERE updated_at > now() - interval '50 minutes'"
_COLLECTED = """
INSERT INTO market_syncs (sync_id, status, started_at, finished_at, reported_at, platforms)
VALUES (gen_random_uuid(), 'success', :now, :now, :now, '{}')
"""
_QUOTES = "SELECT market_no, market_id, platform, yes_bid, yes_ask FROM markets WHERE market_no = ANY(:numbers)"


class Stage:
    """A database with markets, portfolios that hold something, and the controllers that decide for them."""

    def __init__(self, url: str, portfolios: int) -> None:
        self.database = Database(url)
        self.now = datetime.now(UTC)
        self.chance, self.trend = self._portfolios("baseline", portfolios), self._portfolios("momentum", portfolios)
        settings = StrategySettings(database_url=url)
        self.baseline = Resources("baseline", settings, self.database)
        self.momentum = Resources("momentum", settings, self.database)

    def _portfolios(self, strategy_type: str, portfolios: int) -> list[int]:
        own: dict[str, Any] = {"entrant": "random"} if strategy_type == "baseline" else {}
        shared: dict[str, Any] = {"max_positions": 10_000, "sizing": {"method": "fixed", "amount": 20}}
        with self.database.transaction() as connection:
            return [
                create_portfolio(
                    connection,
                    f"{strategy_type} {portfolios} {n}",
                    strategy_type,
                    {**shared, **own, **({"seed": n} if own else {})},
                    "every_cycle",
                    Decimal(1_000_000),
                    self.now,
                )
                for n in range(portfolios // 2)
            ]

    def collected(self, step: int) -> None:
        """A tenth of the quotes has moved, and a collection has ended."""
        self.now = datetime.now(UTC)
        with self.database.transaction() as connection:
            connection.execute(text(_AGE))
            connection.execute(text(_MOVE), {"now": self.now, "step": step % 10})
            connection.execute(text(_COLLECTED), {"now": self.now})

    def cycle(self) -> tuple[int, float]:
        """Fills, and the seconds from the collection to the last equity row. Books are at hand."""
        cycle_id, now = uuid4(), datetime.now(UTC)
        began = perf_counter()
        generate(self.momentum, Asked(self.trend, cycle_id), now)
        generate(self.baseline, Asked(self.chance, cycle_id), now)
        decided = perf_counter() - began
        everybody = [*self.chance, *self.trend]
        with self.database.connection() as connection:
            signals = pending.undecided_signals(connection, everybody)
        offers = self._offers(sorted({signal.market_no for signal in signals}), now)
        began = perf_counter()
        answers = act_on(self.database, signals, offers, POLICY, lambda: now) if signals else {}
        self._mark(now)
        with self.database.transaction() as connection:
            take_snapshots(connection, cycle_id, everybody, everybody, now)
        return sum(len(answer.trades) for answer in answers.values()), decided + perf_counter() - began

    def _mark(self, now: datetime) -> None:
        with self.database.connection() as connection:
            held = marks.held_markets(connection)
            rows = connection.execute(text(_QUOTES), {"numbers": [market.market_no for market in held]})
            fresh = {row.market_no: FreshQuote(row.yes_bid, row.yes_ask) for row in rows}
        with self.database.transaction() as connection:
            marks.write_marks(connection, held, fresh, now)

    def _offers(self, numbers: list[int], now: datetime) -> dict[int, Offer | NoOffer]:
        with self.database.connection() as connection:
            rows = connection.execute(text(_QUOTES), {"numbers": numbers}).all()
        return {row.market_no: offer_of(row.market_no, _book(row, now), now) for row in rows}

    def hold(self, positions: int) -> None:
        """Cycles that are not timed, until so much is held."""
        held = 0
        while held < positions:
            self.collected(0)
            filled, _ = self.cycle()
            if not filled:
                raise ValueError(f"{held} positions, and nothing more is bought")
            held += filled
            # The choice by chance is one of the hour: new seeds choose anew.
            with self.database.transaction() as connection:
                seeds = "UPDATE portfolios SET strategy_config = strategy_config || jsonb_build_object('seed', :seed)"
                ids = " WHERE portfolio_id = :id"
                for place, number in enumerate(self.chance):
                    connection.execute(text(seeds + ids), {"seed": held * 1_000 + place, "id": number})


def cycle_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    seconds: dict[int, list[float]] = {PORTFOLIOS: [], 2 * PORTFOLIOS: []}
    raws: list[float] = []
    fills: dict[int, int] = {}
    positions = min(POSITIONS, scale.markets // 6)
    for portfolios in seconds:
        url = postgres.create(f"cycles_{portfolios}")
        with running_venues() as venues:
            venues.show(Listing(scale.markets))
            sync_apart(venues.settings(url))
        raw, stage = copy_raw(url), Stage(url, portfolios)
        stage.hold(positions)
        for step in range(scale.repeats):
            stage.hold(1)  # new seeds
            stage.collected(step)
            postgres.checkpoint()
            raws.append(raw.seconds())
            fills[portfolios], spent = stage.cycle()
            seconds[portfolios].append(spent)
        stage.database.dispose()
    one, two = min(seconds[PORTFOLIOS]), min(seconds[2 * PORTFOLIOS])
    name = f"a cycle of {PORTFOLIOS} portfolios over {scale.markets:,} markets, {fills[PORTFOLIOS]} fills"
    note = f"changes of a tenth read into two pools, decisions, fills, {positions:,} positions marked, equity rows"
    yield Figure("G8", name, one, floor=Floor("copy_raw", min(raws)), goal=Goal(2.0), note=note)
    twice = f"{2 * PORTFOLIOS} portfolios, {fills[2 * PORTFOLIOS]} fills"
    yield Figure("G8", twice, two, floor=Floor(f"{PORTFOLIOS} portfolios", one), goal=Goal(1.5))


def _book(row: Any, now: datetime) -> dict[str, Any]:
    bid, ask = row.yes_bid or Decimal("0.01"), row.yes_ask or Decimal("0.99")
    return {
        "market_id": row.market_id,
        "platform": row.platform,
        "status": "open",
        "accepting_orders": True,
        "tick_size": Decimal("0.001"),
        "price_bands": None,
        "min_size": 5,
        "fee": {"fee_type": "quadratic", "multiplier": Decimal(1)}
        if row.platform == "kalshi"
        else {"fee_type": "sports_fees_v3", "rate": Decimal("0.05"), "exponent": 1, "taker_only": True},
        "quoted_at": (now - timedelta(seconds=1)).isoformat(),
        "yes": {"bids": [[bid, Decimal(500)]], "asks": [[ask, Decimal(500)]]},
    }
