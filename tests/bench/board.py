"""The board: what it takes to compute it from rows, to read it, and to answer it from prepared bytes."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import perf_counter

import psycopg2

from services.arena.domain.board import judged
from services.arena.resources import Settings
from services.arena.storage import judging, standings
from shared.database import Database
from tests.bench.apps import running_app, running_bare_app
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.venues import NOBODY

PORTFOLIOS = 200
MODELS = 40
PAGE = "/leaderboard?limit=1000"
REQUESTS = 20
CONNECTIONS = 8
READ_SECONDS = 0.1
JUDGE_SECONDS = 2.0
IDLE_SECONDS = 0.01  # every five seconds
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def board_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    bets = scale.markets * 5 // 3 // PORTFOLIOS * PORTFOLIOS
    url = postgres.create("board")
    _fill(url, bets)
    yield from _judging(url, bets, scale)
    variables = {"DATABASE_URL": url, "ARENA_ENABLED": "false", "PAPER_TRADING_URL": NOBODY, "MARKETS_URL": NOBODY}
    with running_app("services.arena.app:app", variables) as app:
        with app.connected() as line:
            line.connection.request("POST", "/leaderboard/refresh")
            line.connection.getresponse().read()
            shown = json.loads(line.get(PAGE))["leaderboard"]
            if len(shown) != PORTFOLIOS or shown[0]["rank"] != 1:
                raise ValueError(f"the board has {len(shown)} rows and begins with {shown[0]}")
            seconds = min(line.seconds(PAGE, REQUESTS) for _ in range(scale.repeats))
            body = line.get(PAGE)
        note = f"{PORTFOLIOS} portfolios, {bets:,} bets, over HTTP, a query of its own each time"
        yield Figure(
            "board", "GET /leaderboard from stored rows", seconds, goal=Goal(READ_SECONDS, unit="s"), note=note
        )
        hot, bare = [], []
        with running_bare_app(len(body)) as floor_app:
            for _ in range(scale.repeats):
                bare.append(floor_app.requests_per_second("/", scale.requests // 4, CONNECTIONS))
                hot.append(app.requests_per_second(PAGE, scale.requests // 4, CONNECTIONS))
        floor = Floor("prebuilt bytes", max(bare))
        note = f"{CONNECTIONS} connections, {len(body) / 1000:.0f} kB an answer"
        yield Figure("board", "hot board, requests a second", max(hot), "/s", floor, Goal(0.7, at_least=True), note)


def _judging(url: str, bets: int, scale: Scale) -> Iterator[Figure]:
    """Reading what it is made from, and the figures with their ten thousand draws."""
    settings, database = Settings(database_url=url), Database(url)
    reads, wholes = [], []
    for _ in range(scale.repeats):
        began = perf_counter()
        with database.connection() as connection:
            evidence = judging.evidence(connection)
        reads.append(perf_counter() - began)
        found = judged(evidence, settings.arena_settled_min)
        wholes.append(perf_counter() - began)
        if len(found) != PORTFOLIOS:
            raise ValueError(f"{len(found)} portfolios were judged")
        if not evidence.forecasts.unit.size:
            raise ValueError("no forecast was graded")
    with database.connection() as connection:
        standings.replace_standings(connection, found, NOON + timedelta(hours=1))
        idle = min(_seconds(lambda: judging.judging_due(connection, NOON + timedelta(days=1))) for _ in range(REQUESTS))
        if judging.judging_due(connection, NOON + timedelta(days=1)):
            raise ValueError("nothing has ended, and yet the board is to be computed")
        connection.rollback()
    database.dispose()
    events = int(evidence.results.unit.max()) + 1
    note = f"{bets:,} bets in {events:,} events, {len(evidence.forecasts.unit):,} forecasts, 10,000 draws"
    yield Figure("board", "compute the board", min(wholes), goal=Goal(JUDGE_SECONDS, unit="s"), note=note)
    yield Figure("board", "of this: read the rows", min(reads))
    yield Figure("board", "see that there is nothing to compute", idle, goal=Goal(IDLE_SECONDS, unit="s"))


def _seconds(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def _fill(url: str, bets: int) -> None:
    facts = {"portfolios": PORTFOLIOS, "models": MODELS, "bets": bets, "events": max(bets // 50, 40), "now": NOON}
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        cursor.execute(_FILL.format(**facts))
        session.commit()
        session.autocommit = True
        cursor.execute("VACUUM ANALYZE")


# Every portfolio meets a quarter of the events; two of five bets win.
_FILL = """
SELECT setseed(0.5);
INSERT INTO markets (market_id, platform, external_id, event_id, question, market_type, status, placeholder, outcome,
    payout_yes, settled_at, facts_hash, content_hash, volume_unit, valid_from, created_at, updated_at)
SELECT 'polymarket:' || n, 'polymarket', n, 'polymarket:event-' || n, 'Will it freeze?', 'binary', 'final', false,
    CASE WHEN n % 2 = 0 THEN 'yes' ELSE 'no' END, (n + 1) % 2, '{now}', '', '', 'usd', '{now}', '{now}', '{now}'
FROM generate_series(1, {events}) n;
INSERT INTO portfolios (portfolio_id, name, strategy_type, strategy_config, frequency, status, initial_balance,
    current_balance, reserved_balance, owed, total_invested, liquidation_value, realized_pnl, unrealized_pnl, fees_paid,
    execution_cost, open_positions, trade_count, created_at, updated_at)
SELECT n, 'Number ' || n, CASE WHEN n <= {models} THEN 'ai_model' WHEN n > {portfolios} - 5 THEN 'baseline'
    ELSE 'momentum' END, '{{}}', 'every_cycle', 'active', 100000, 100000 + n, 0, 0, 0, 0, n, 0, 0, 0, 0,
    {bets} / {portfolios}, '{now}', '{now}'
FROM generate_series(1, {portfolios}) n;
INSERT INTO ai_models (model_id, external_id, name, kind, openrouter_model, color, text_color, avatar, sighted, enabled,
    removed, portfolio_id, created_at, updated_at)
SELECT gen_random_uuid(), 'model-' || n, 'Model ' || n, 'model', 'test/' || n, 'bg', 'text', 'AA', true, true, false, n,
    '{now}', '{now}' FROM generate_series(1, {models}) n;
INSERT INTO arena_events (event_id, market_no, status, origin, selection_date, title, question, chosen_for, close_time,
    created_at, updated_at)
SELECT gen_random_uuid(), market_no, 'settled', 'selection', '2026-11-21', 'Ice', question, '{{}}', '{now}', '{now}',
    '{now}' FROM markets;
CREATE TEMP TABLE bought AS
SELECT n AS id, (n - 1) % {portfolios} + 1 AS portfolio_id,
    ((n - 1) / {portfolios} * 4 + n % 4) % {events} + 1 AS market_no, CASE WHEN random() < 0.4 THEN 1 ELSE -1 END * 50.0
    * random()::numeric(6, 4) AS pnl
FROM generate_series(1, {bets}) n;
INSERT INTO signal_generations (portfolio_id, strategy_type, markets_considered, markets_matched, signals_generated,
    abstentions, created_at)
SELECT p, 'momentum', 1000, 10, 1, '{{"move_too_small": 900, "spread_too_wide": 80, "no_quote": 10}}', '{now}'
FROM generate_series(1, 100) g, generate_series(1, {portfolios}) p;
INSERT INTO decisions (decision_id, signal_id, portfolio_id, market_no, outcome, decided_at)
SELECT id, id, portfolio_id, market_no, 'filled', '{now}' FROM bought;
INSERT INTO trades (trade_id, decision_id, portfolio_id, market_no, action, quantity, price, cost, fee, merged,
    realized_pnl, levels, mid_price, execution_cost, fee_schedule, book, book_at, executed_at)
SELECT id, id, portfolio_id, market_no, 'buy_yes', 100, 0.5, 50, 0, 0, 0, '[[0.5, 100, 0]]', 0.49, 1,
    '{{"platform": "polymarket", "rate": 0.02, "exponent": 1}}',
    jsonb_build_object('yes', (SELECT jsonb_agg(jsonb_build_array(k / 100.0, id % 977 + k)) FROM generate_series(1, 20)
        k)), '{now}', '{now}'
FROM bought;
INSERT INTO portfolio_positions (position_id, portfolio_id, market_no, outcome, quantity, entry_price, cost, fees,
    realized_pnl, mark_stale, liquidation_value, unrealized_pnl, status, opened_at, closed_at)
SELECT id, portfolio_id, market_no, 'yes', 0, 0.5, 0, 0, pnl, false, 0, 0, 'settled', '{now}', '{now}' FROM bought;
INSERT INTO settlements (portfolio_id, market_no, position_id, version, outcome, quantity, cost, gross, amount,
    standing, settled_at)
SELECT DISTINCT ON (portfolio_id, market_no) portfolio_id, market_no, id, 1, 'yes', 100, 50, 50 + pnl, 50 + pnl,
    CASE WHEN pnl > 0 THEN 'won' ELSE 'lost' END, '{now}'
FROM bought ORDER BY portfolio_id, market_no, id;
INSERT INTO betting_sessions (session_id, event_id, model_id, portfolio_id, market_no, status, prompt, answer,
    quoted_at, yes_bid, yes_ask, crowd_probability, final_position, probability, confidence_score, completed_at,
    created_at, updated_at)
SELECT gen_random_uuid(), e.event_id, a.model_id, a.portfolio_id, e.market_no, 'completed',
    jsonb_build_array(jsonb_build_object('role', 'user', 'content', repeat(md5(e.market_no::text), 100))),
    repeat(md5(e.market_no::text), 40), '{now}', 0.49, 0.51, 0.5, 'YES',
    round((0.3 + 0.4 * random())::numeric, 2), 0.7, timestamptz '{now}' - interval '1 day', '{now}', '{now}'
FROM ai_models a JOIN bought b USING (portfolio_id) JOIN arena_events e USING (market_no)
ON CONFLICT (event_id, model_id) DO NOTHING;
INSERT INTO model_calls (call_id, purpose, model_id, session_id, event_id, provider_model, status, reserved, cost,
    started_at, finished_at)
SELECT gen_random_uuid(), 'session', model_id, session_id, event_id, 'test', 'done', 0.1, 0.01, '{now}', '{now}'
FROM betting_sessions;
INSERT INTO portfolio_history (portfolio_id, snapshot_date, taken_at, current_balance, total_invested,
    liquidation_value, equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
SELECT p, date '2026-11-21' - d, '{now}', e, 0, 0, e, 0, 0, 0, 0, 0, 0
FROM generate_series(1, {portfolios}) p, generate_series(0, 364) d CROSS JOIN LATERAL (
    SELECT 100000 + round((1000 * random())::numeric, 2) + d * 0 AS e) x;
INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, current_balance, total_invested, liquidation_value,
    equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
SELECT p, timestamptz '{now}' - c * interval '1 hour', md5(p || ' ' || c)::uuid, true, e, 0, 0, e, 0, 0, 0, 0, 0, 0
FROM generate_series(1, {portfolios}) p, generate_series(0, 719) c CROSS JOIN LATERAL (
    SELECT 100000 + round((1000 * random())::numeric, 2) + c * 0 AS e) x;
"""
