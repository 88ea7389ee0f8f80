"""G7: the pool of the strategies in memory: its size, its loads, and the decisions of a hundred portfolios over it."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg2
from sqlalchemy import text

from services.strategy.domain.pool import Pool
from services.strategy.domain.rules import RULES
from services.strategy.generation import Asked, generate
from services.strategy.resources import Resources, Settings
from services.strategy.storage import portfolios
from shared.database import Database
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.memory import peak_bytes, resident_bytes
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.venues import CHECKOUT

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
PORTFOLIOS = 100  # of each strategy that is measured
MIX: tuple[str, ...] = ("momentum", "mean_reversion", "arbitrage", "hybrid", "baseline")
REPEATS = 5
POOL_MAX_MB = 60
MARGINAL_MAX_MS = 1.0

# Events of five markets; every second event has one winner. Prices of a set sum to about one.
_FILL = """
INSERT INTO series (series_id, platform, external_id, title, category, tags, fee_type, fee_multiplier,
    settlement_sources, content_hash, created_at, updated_at)
VALUES ('kalshi:S', 'kalshi', 'S', 'Series', 'Sports', '{{}}', 'quadratic', 1, '[]', '', '{now}', '{now}');
INSERT INTO events (event_id, platform, external_id, series_id, title, category, tags, mutually_exclusive, status,
    volume, content_hash, created_at, updated_at)
SELECT 'e:' || e, CASE WHEN e % 5 < 2 THEN 'kalshi' ELSE 'polymarket' END, e, 'kalshi:S', 'Event ' || e,
    (ARRAY['politics', 'crypto', 'sports', 'economy', 'culture'])[e % 5 + 1], '{{}}', e % 2 = 0, 'open', 0, '',
    '{now}'::timestamptz - interval '9 days', '{now}'::timestamptz - interval '9 days'
FROM generate_series(0, {events} - 1) e;
INSERT INTO markets (market_id, platform, external_id, event_id, question, market_type, status, accepting_orders,
    placeholder, tick_size, min_size, fee, strike, opens_at, closes_at, facts_hash, valid_from, yes_bid, yes_ask,
    yes_bid_size, yes_ask_size, last_price, quoted_at, quote_source, volume, volume_24h, volume_unit, liquidity,
    content_hash, created_at, updated_at)
SELECT venue || ':' || m, venue, m, 'e:' || m / 5, 'Will thing ' || m || ' happen before the end of the year?',
    'binary', 'open', true, false, 0.01, 5,
    CASE WHEN venue = 'polymarket' THEN '{{"rate": 0.04, "exponent": 1, "taker_only": true}}'::jsonb END, '{{}}',
    '{now}'::timestamptz - interval '5 days', '{now}'::timestamptz + (m % 700 + 1) * interval '1 hour', '',
    '{now}', price - 0.01, CASE WHEN m % 12 > 0 THEN price + 0.01 END,
    CASE WHEN venue = 'kalshi' THEN 300 END, CASE WHEN venue = 'kalshi' THEN 300 END, price,
    '{now}', 'listing', (m::bigint * 7919) % 1000000, (m::bigint * 7919) % 40000, 'dollars',
    CASE WHEN venue = 'polymarket' THEN (m::bigint * 104729) % 90000 END, '', '{now}'::timestamptz - interval '5 days',
    '{now}'::timestamptz - interval '10 minutes'
FROM (
    SELECT m, CASE WHEN (m / 5) % 5 < 2 THEN 'kalshi' ELSE 'polymarket' END AS venue,
        CASE WHEN (m / 5) % 2 = 0 THEN 0.20 ELSE (m * 31 % 90 + 5) / 100.0 END AS price
    FROM generate_series(0, {markets} - 1) m
) priced;
INSERT INTO market_ticks (market_no, period, opened_at, open, high, low, close, source)
SELECT market_no, 1, date_trunc('minute', '{now}'::timestamptz) - (10 * t + market_no % 10 + 1) * interval '1 minute',
    close, close, close, close, 'snapshots'
FROM (SELECT market_no, t, round(last_price + ((market_no * 37 + t * 11) % 7 - 3) / 400.0, 4) AS close
    FROM markets, generate_series(0, 11) t) moved;
INSERT INTO tick_rolls (one, rolled_to) VALUES (1, date_trunc('minute', '{now}'::timestamptz));
INSERT INTO market_syncs
SELECT gen_random_uuid(), 'success', ended, ended, ended, '{{}}'
FROM (SELECT '{now}'::timestamptz - m * interval '1 minute' AS ended FROM generate_series(0, 120) m) every_minute;
ANALYZE;
"""
_PORTFOLIO = """
INSERT INTO portfolios (name, strategy_type, strategy_config, frequency, status, initial_balance, current_balance,
    reserved_balance, owed, total_invested, liquidation_value, realized_pnl, unrealized_pnl, fees_paid, execution_cost,
    open_positions, trade_count, created_at, updated_at)
SELECT 'P ' || gen_random_uuid(), %s, %s::jsonb, 'every_cycle', 'active', 10000, 10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    %s, %s
"""


def pool_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    url = postgres.create("pools")
    _fill(url, scale.markets)
    command = [sys.executable, "-m", "tests.bench.pools", url]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    note = f"{said['idle'] / 1e6:,.0f} MB before it; at most {said['peak'] / 1e6:,.0f} MB while it was loaded"
    markets = f"{scale.markets:,} markets"
    goal = Goal(POOL_MAX_MB, unit="MB")
    yield Figure("G7", f"memory of the pool with history, {markets}", said["held"] / 1e6, "MB", goal=goal, note=note)
    note = "with sets, pairs and contracts that read alike, in the same process after the one before"
    yield Figure("G7", "memory of the hybrid's pool", said["whole"] / 1e6, "MB", goal=goal, note=note)
    yield Figure(
        "G7", f"first load of the pool, {markets}", said["load"], floor=Floor("COPY of its rows", said["copy"])
    )
    yield Figure("G7", "reload, a tenth changed", said["reload"], floor=Floor("first load", said["load"]))
    floor = Floor("numpy filter", said["floor"])
    mixed = f"decisions of {PORTFOLIOS} portfolios of all rules, pool in memory"
    yield Figure("G7", mixed, said["mixed"], floor=floor, goal=Goal(8), note=f"{said['signals']:.1f} signals each")
    for strategy in MIX:
        yield Figure("G7", f"… of {strategy.replace('_', ' ')} alone", said[strategy], floor=floor)
    goal = Goal(MARGINAL_MAX_MS, unit="ms")
    name = "one more portfolio in a batch, CPU of the controller with its write"
    yield Figure("G7", name, said["marginal"] * 1_000, "ms", goal=goal)


def _fill(url: str, markets: int) -> None:
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        session.autocommit = True
        cursor.execute("SET timezone = 'UTC'")
        for statement in _FILL.format(now=NOW.isoformat(), markets=markets, events=markets // 5).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        for strategy in MIX:
            for number in range(2 * PORTFOLIOS):
                cursor.execute(_PORTFOLIO, (strategy, json.dumps(_config(strategy, number)), NOW, NOW))


def _config(strategy: str, number: int) -> dict[str, Any]:
    """Portfolios that differ from each other in their filters."""
    topics = ["politics", "crypto", "sports", "economy", "culture"]
    config: dict[str, Any] = {
        "min_liquidity": 1_000 * (number % 7),
        "min_volume": 2_000 * (number % 11),
        "max_spread": round(0.03 + number % 5 / 100, 2),
        "max_days_to_close": 5 + number % 23,
        "categories": [topics[number % 5], topics[(number + 1) % 5]] if number % 3 else [],
    }
    if strategy == "baseline":
        config |= {"entrant": ("random", "follow", "always_no", "favourite")[number % 4], "seed": number}
    return config


def main() -> None:
    """In a process of its own, so that its memory is that of a controller."""
    database = Database(sys.argv[1])
    here = Resources("momentum", Settings(database_url=sys.argv[1]), database)
    with database.connection() as connection:
        ids = {strategy: portfolios.active_ids(connection, strategy) for strategy in MIX}
    idle = _resident()
    began = perf_counter()
    here.pool(NOW)
    said: dict[str, float] = {"load": perf_counter() - began, "held": _resident() - idle, "idle": idle}
    said["peak"] = peak_bytes() - idle
    said["copy"] = _copied(database)
    whole = Resources("hybrid", Settings(database_url=sys.argv[1]), database)
    said["whole"] = -_resident()
    pool = whole.pool(NOW)
    said["whole"] += _resident()
    said |= _decided(database, pool, ids)
    said["reload"] = _reloaded(database, here)
    said["marginal"] = _marginal(database, ids)
    print(json.dumps(said))


def _resident() -> int:
    gc.collect()
    return resident_bytes(os.getpid()) or 0


def _copied(database: Database) -> float:
    """The floor of a load: the same rows out of Postgres, and nothing done with them."""
    with database.connection() as connection, Path(os.devnull).open("wb") as nowhere:
        cursor = connection.connection.cursor()
        began = perf_counter()
        for query in ("SELECT * FROM markets", "SELECT market_no, opened_at, close FROM market_ticks"):
            cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", nowhere)
        return perf_counter() - began


def _decided(database: Database, pool: Pool, ids: dict[str, list[int]]) -> dict[str, float]:
    jobs: dict[str, list[Callable[[], int]]] = {}
    filters: list[Callable[[], int]] = []
    with database.connection() as connection:
        for strategy in MIX:
            stored = portfolios.portfolios(connection, ids[strategy][:PORTFOLIOS], datetime.now(UTC)).values()
            rule = RULES[strategy]
            read = [(each.portfolio, rule.config.model_validate_json(each.config)) for each in stored]
            jobs[strategy] = [_job(pool, strategy, portfolio, config) for portfolio, config in read]
            filters += [_filter(pool, config) for _, config in read]
    mixed = [job for strategy in MIX for job in jobs[strategy][:: len(MIX)]]
    found: dict[str, float] = {"mixed": 1e9, "floor": 1e9, "signals": 0.0}
    found.update((strategy, 1e9) for strategy in MIX)
    for _ in range(REPEATS):
        found["floor"] = min(found["floor"], _seconds(filters[:: len(MIX)])[0])
        passed, signals = _seconds(mixed)
        found["mixed"], found["signals"] = min(found["mixed"], passed), signals / len(mixed)
        for strategy in MIX:
            found[strategy] = min(found[strategy], _seconds(jobs[strategy])[0])
    return found


def _seconds(jobs: list[Callable[[], int]]) -> tuple[float, int]:
    began = perf_counter()
    total = sum(job() for job in jobs)
    return perf_counter() - began, total


def _job(pool: Pool, strategy: str, portfolio: Any, config: Any) -> Callable[[], int]:
    decide = RULES[strategy].decide
    return lambda: len(decide(pool, portfolio, config, NOW).signals)


def _filter(pool: Pool, config: Any) -> Callable[[], int]:
    """The floor: one boolean filter over the same columns."""
    columns, spread = pool.columns, pool.spread
    liquidity, volume, widest = float(config.min_liquidity), float(config.min_volume), float(config.max_spread)
    latest = pool.now + 86_400 * float(config.max_days_to_close)
    wanted = np.array([pool.categories[name] for name in config.categories], dtype=np.int64)

    def passing() -> int:
        alive = (columns.liquidity >= liquidity) & (columns.volume >= volume) & (spread <= widest)
        alive &= (columns.closes_at <= latest) & (columns.accepting != 0) & (columns.placeholder != 1)
        if len(wanted):
            alive &= (columns.category == wanted[0]) | (columns.category == wanted[1])
        return len(np.flatnonzero(alive)) * 0

    return passing


def _reloaded(database: Database, here: Resources) -> float:
    later = NOW + timedelta(minutes=5)
    with database.transaction() as connection:
        query = "UPDATE markets SET yes_bid = yes_bid, updated_at = :at WHERE market_no % 10 = 0"
        connection.execute(text(query), {"at": later})
    began = perf_counter()
    here.pool(later)
    return perf_counter() - began


def _marginal(database: Database, ids: dict[str, list[int]]) -> float:
    """Seconds of CPU by which twice as many portfolios cost more, a portfolio; the mean of all rules."""
    costs = []
    for strategy in MIX:
        here = Resources(strategy, Settings(database_url=sys.argv[1]), database)
        generate(here, Asked(ids[strategy], uuid4()), NOW)
        single = min(_cpu(here, ids[strategy][:PORTFOLIOS]) for _ in range(REPEATS))
        double = min(_cpu(here, ids[strategy]) for _ in range(REPEATS))
        costs.append((double - single) / PORTFOLIOS)
    return sum(costs) / len(costs)


def _cpu(here: Resources, ids: list[int]) -> float:
    began = process_time()
    generate(here, Asked(ids, uuid4()), NOW)
    return process_time() - began


if __name__ == "__main__":
    main()
