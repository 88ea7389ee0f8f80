"""G13: fills from the signal to the committed rows, beside a COPY of the same rows into bare tables."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any

import psycopg2
from sqlalchemy import text

from services.paper_trading.domain.offers import NoOffer, Offer, offer_of
from services.paper_trading.execution import Policy, act_on
from services.paper_trading.storage import pending
from services.paper_trading.storage.portfolios import create_portfolio
from shared.database import Database
from shared.signals import Generation, NewSignal, write_generations
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale

PORTFOLIOS = 100
GROWTH_MARKETS = 60_000  # of a full run
KEYS = {
    "decisions": "decision_id",
    "trades": "trade_id",
    "cash_entries": "entry_id",
    "portfolio_positions": "position_id",
}
TABLES = tuple(KEYS)
POLICY = Policy(timedelta(minutes=1), timedelta(hours=1), timedelta(hours=1))

_MARKETS = """
INSERT INTO markets (market_id, platform, external_id, question, market_type, status, accepting_orders, placeholder,
    tick_size, facts_hash, content_hash, valid_from, volume_unit, yes_bid, yes_ask, created_at, updated_at)
SELECT 'polymarket:' || n, 'polymarket', n::text, 'Question ' || n, 'binary', 'open', true, false, 0.01, '', '', :now,
    'dollars', 0.48, 0.50, :now, :now FROM generate_series(1, :count) n
"""


def durable_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    for each in (5, 50):
        rates, floors, bare = [], [], []
        for _ in range(scale.repeats):
            url = postgres.create("durable")
            postgres.checkpoint()
            count, seconds = _acted(url, each)
            rates.append(count / seconds)
            bare.append(count / _copied(url, bare=True))
            floors.append(count / _copied(url, bare=False))
        name = f"durable fills, {PORTFOLIOS} portfolios with {each} signals each, in one batch"
        note = (
            "decision, trade with its book, cash entry, position, portfolio and feed entry, committed; "
            f"bare tables take {max(bare):,.0f} a second"
        )
        floor = Floor("COPY into the same tables", max(floors))
        yield Figure("G13", name, max(rates), "/s", floor, Goal(0.5, at_least=True), note)
    if scale.markets >= GROWTH_MARKETS:
        first, last = _growth(postgres.create("durable_growth"), 20)
        name = "a fill after 100,000 fills of the same portfolios"
        yield Figure("G13", name, last, floor=Floor("one of the first 10,000", first), goal=Goal(1.0))


def _growth(url: str, batches: int) -> tuple[float, float]:
    """Seconds a fill in the first and in the last tenth of so many batches of 5,000."""
    database, now = Database(url), datetime.now(UTC)
    numbers = open_floor(database, 1_000, PORTFOLIOS, now)
    spent = []
    for _ in range(batches):
        now = datetime.now(UTC)
        ask_for_fills(database, numbers, 50, now)
        offers = offers_for(set(range(1, 1_001)), now)
        began = perf_counter()
        with database.connection() as connection:
            signals = pending.undecided_signals(connection, numbers)
        answers = act_on(database, signals, offers, POLICY, lambda now=now: now)  # type: ignore[misc]
        count = sum(len(answer.trades) for answer in answers.values())
        spent.append((perf_counter() - began) / count)
    database.dispose()
    tenth = max(batches // 10, 1)
    return min(spent[:tenth]), min(spent[-tenth:])


def open_floor(database: Database, markets: int, portfolios: int, now: datetime) -> list[int]:
    """Markets that can be traded, and portfolios with cash."""
    with database.transaction() as connection:
        connection.execute(text(_MARKETS), {"now": now, "count": markets})
        return [
            create_portfolio(connection, f"P{n}", "momentum", {}, "every_cycle", Decimal(100_000), now)
            for n in range(portfolios)
        ]


def ask_for_fills(database: Database, portfolio_ids: list[int], each: int, now: datetime) -> None:
    """So many signals a portfolio, spread over the markets."""
    generations = [
        Generation(
            number,
            "momentum",
            None,
            0,
            0,
            [
                NewSignal(1 + (place * each + at) % 1_000, "buy_yes", Decimal("0.55"), "bench", Decimal(20))
                for at in range(each)
            ],
            {},
        )
        for place, number in enumerate(portfolio_ids)
    ]
    with database.transaction() as connection:
        write_generations(connection, generations, now, now + timedelta(hours=1))


def offers_for(market_nos: set[int], now: datetime) -> dict[int, Offer | NoOffer]:
    return {number: offer_of(number, _answered(number, now), now) for number in market_nos}


def _answered(number: int, now: datetime) -> dict[str, Any]:
    asks = [[Decimal(50 + level) / 100, Decimal(10 + number % 7)] for level in range(10)]
    bids = [[Decimal(48 - level) / 100, Decimal(10 + number % 5)] for level in range(10)]
    return {
        "market_id": f"polymarket:{number}",
        "platform": "polymarket",
        "status": "open",
        "accepting_orders": True,
        "tick_size": Decimal("0.01"),
        "price_bands": None,
        "min_size": 5,
        "fee": {"fee_type": "sports_fees_v3", "rate": Decimal("0.05"), "exponent": 1, "taker_only": True},
        "quoted_at": now.isoformat(),
        "yes": {"bids": bids, "asks": asks},
    }


def _acted(url: str, each: int) -> tuple[int, float]:
    """Fills, and the seconds from reading the signals to the end of the commit."""
    database, now = Database(url), datetime.now(UTC)
    numbers = open_floor(database, 1_000, PORTFOLIOS, now)
    ask_for_fills(database, numbers, each, now)
    offers = offers_for(set(range(1, 1_001)), now)
    began = perf_counter()
    with database.connection() as connection:
        signals = pending.undecided_signals(connection, numbers)
    answers = act_on(database, signals, offers, POLICY, lambda: now)
    seconds = perf_counter() - began
    database.dispose()
    count = sum(len(answer.trades) for answer in answers.values())
    if count != PORTFOLIOS * each:
        raise ValueError(f"{count} fills")
    return count, seconds


def _copied(url: str, *, bare: bool) -> float:
    """Seconds for the same rows in one transaction: into tables with only a primary key, or into the tables
    themselves with their indexes and foreign keys."""
    texts: dict[str, bytes] = {}
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        for table in TABLES:
            rows = io.StringIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", rows)
            texts[table] = rows.getvalue().encode()
            if bare:
                cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table})")
                cursor.execute(f"ALTER TABLE bare_{table} ADD PRIMARY KEY ({KEYS[table]})")
        if not bare:
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        session.commit()
        began = perf_counter()
        for table, rows_text in texts.items():
            target = f"bare_{table}" if bare else table
            cursor.copy_expert(f"COPY {target} FROM STDIN", io.BytesIO(rows_text), 1 << 20)
        session.commit()
        return perf_counter() - began
