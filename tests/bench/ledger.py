"""G6, G14 and G15: what it costs to mark and to settle positions, and how often anybody is asked for it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from services.paper_trading import audit, marking, settlement
from shared.calls import Calls
from shared.database import Database
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.floor import CopyRaw, copy_raw
from tests.bench.listing import Listing
from tests.bench.postgres import Postgres, rows_written
from tests.bench.scale import Scale
from tests.bench.sql_clock import SqlClock
from tests.bench.syncs import sync_apart
from tests.bench.venues import running_venues

_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_A_PORTFOLIO = 100  # positions
_A_MARKET = 10  # positions, in different portfolios
_FLOOR_TABLES = ("settlements", "cash_entries", "portfolio_positions", "portfolios", "market_settlements")


@dataclass
class Answers:
    """A markets service that has just stored its quotes: it answers every market, and counts how often it is asked."""

    url: str = ""
    database_url: str = ""
    asked: list[int] = field(default_factory=list)  # markets a call

    def answer(self, body: Any) -> bytes:
        ids = body["market_ids"]
        self.asked.append(len(ids))
        with closing(psycopg2.connect(self.database_url)) as session, session.cursor() as cursor:
            cursor.execute(_QUOTES, (ids,))
            [prices] = cursor.fetchone() or ("[]",)
        return f'{{"prices": {prices}, "failures": []}}'.encode()


def ledger_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    positions = _positions(scale)
    url = _listed(postgres, scale.markets)
    few_url = _copied(postgres, url, "few")
    _fill(url, positions)
    _fill(few_url, positions // 10)
    with answering() as answers:
        raw = copy_raw(url)
        yield from _marking(postgres, url, few_url, raw, answers, scale, positions)
        yield from _calls(url, answers)
        yield _audit(url, positions)
        yield from _settling(postgres, url, answers, scale, positions)


def _positions(scale: Scale) -> int:
    """100,000 in the full run; a portfolio holds a hundred."""
    return max(scale.markets * 5 // 3 // 1_000 * 1_000, 1_000)


def _marking(
    postgres: Postgres, url: str, few_url: str, raw: CopyRaw, answers: Answers, scale: Scale, positions: int
) -> Iterator[Figure]:
    _pass(url, answers)  # takes over the first marks
    raws: list[float] = []
    spent: dict[str, list[float]] = {"all": [], "a tenth": [], "none": []}
    statements: list[int] = []
    for step in range(scale.repeats):
        postgres.checkpoint()
        raws.append(raw.seconds())
        for place, (name, which) in enumerate((("all", "true"), ("a tenth", "market_no % 10 = 5"), ("none", "false"))):
            _move(url, which, 3 * step + place)
            _settle_down(url)
            postgres.checkpoint()
            seconds, asked, marked = _pass(url, answers)
            expected = _expected(url, which)
            if marked != expected:
                raise ValueError(f"{marked} positions were marked instead of {expected}")
            spent[name].append(seconds)
            statements.append(asked)
    floor = Floor("copy_raw", min(raws))
    note = "inside SQL, with COMMIT; a position in ten shares its market"
    for name, bound in (("all", 1.7), ("a tenth", 0.3), ("none", 0.1)):
        what = f"mark {positions:,} positions, {name} of the prices moved"
        yield Figure("G6", what, min(spent[name]), floor=floor, goal=Goal(bound), note=note if name == "all" else "")
    few = _pass(few_url, answers)[1]
    yield Figure("G6", "statements of a pass", max(statements), "requests", goal=Goal(10, unit="requests"))
    yield Figure("G6", f"the same over {positions // 10:,} positions", few, "requests")


def _calls(url: str, answers: Answers) -> Iterator[Figure]:
    answers.asked.clear()
    _pass(url, answers)
    markets, calls = sum(answers.asked), len(answers.asked)
    floor = -(-markets // marking.MARKETS_A_CALL)
    name = f"network calls to value positions in {markets:,} markets"
    yield Figure("G15", name, calls, "requests", Floor("markets / batch", floor), Goal(1.0))


def _audit(url: str, positions: int) -> Figure:
    database = Database(url)
    began = perf_counter()
    found = audit.audited(database)
    seconds = perf_counter() - began
    database.dispose()
    if found["status"] != "clean":
        raise ValueError(found["disagreements"][:5])
    return Figure("audit", f"recompute {positions:,} trades and name what disagrees", seconds)


def _settling(postgres: Postgres, url: str, answers: Answers, scale: Scale, positions: int) -> Iterator[Figure]:
    _run(url, _END_ALL)
    _settle_down(url)
    ours: list[float] = []
    floors: list[float] = []
    repeated = 0
    for _ in range(min(scale.repeats, 3)):
        copy = _copied(postgres, url, "copy")
        postgres.checkpoint()
        began = perf_counter()
        _run(copy, _SETTLE_BARELY)
        floors.append(perf_counter() - began)
        copy = _copied(postgres, url, "copy")
        postgres.checkpoint()
        database = Database(copy)
        began = perf_counter()
        done = settlement.pay_due(database, _NOON)
        ours.append(perf_counter() - began)
        if done.positions != positions or done.failures:
            raise ValueError(f"{done.positions} of {positions} positions were settled: {done.failures[:3]}")
        database.dispose()
        before = rows_written(copy)
        database = Database(copy)
        settlement.pay_due(database, _NOON)
        found = audit.audited(database)
        database.dispose()
        repeated = sum(rows_written(copy).values()) - sum(before.values())
        if found["status"] != "clean":
            raise ValueError(found["disagreements"][:5])
    floor = Floor("set-based", positions / min(floors))
    rate = positions / min(ours)
    note = f"one INSERT … SELECT or UPDATE a table, all in one transaction: {', '.join(_FLOOR_TABLES)}"
    yield Figure("G14", f"settle {positions:,} positions", rate, "/s", floor, Goal(0.6, at_least=True), note)
    yield Figure("G14", "rows written by settling again", repeated, "rows", goal=Goal(0, unit="rows"))


def _pass(url: str, answers: Answers) -> tuple[float, int, int]:
    """Seconds inside SQL, requests to Postgres, and positions marked."""
    answers.database_url = url
    database, clock, markets = Database(url), SqlClock(), Calls("markets", answers.url)
    clock.watch(database.engine)
    with database.connection() as connection:
        connection.exec_driver_sql("SELECT 1")
    clock.seconds.clear()
    clock.requests.clear()
    answer = marking.update_prices(database, markets, lambda: datetime.now(UTC))
    database.dispose()
    markets.close()
    own = [kind for kind in clock.requests if not kind.startswith(("ROLLBACK", "COMMIT"))]
    return clock.total_seconds, sum(clock.requests[kind] for kind in own), int(answer["updated"])


def _expected(url: str, which: str) -> int:
    query = f"SELECT count(*) FROM portfolio_positions WHERE status = 'open' AND {which}"
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        cursor.execute(query)
        [count] = cursor.fetchone() or (0,)
        return int(count)


def _move(url: str, which: str, step: int) -> None:
    """Every quote to another place from step to step, within 5 to 95 cents."""
    bid = f"(5 + (market_no * 7 + {step} * 11) % 88) / 100.0"
    _run(url, f"UPDATE markets SET yes_bid = {bid}, yes_ask = {bid} + 0.02, quoted_at = now() WHERE {which}")


def _settle_down(url: str) -> None:
    """As autovacuum would have, so that no pass pays for the rows that the last one left behind."""
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        session.autocommit = True
        cursor.execute("VACUUM ANALYZE")


def _listed(postgres: Postgres, markets: int) -> str:
    url = postgres.create("ledger")
    with running_venues() as venues:
        venues.show(Listing(markets))
        sync_apart(venues.settings(url))
    return url


def _fill(url: str, positions: int) -> None:
    """Portfolios that have bought, with every row that belongs to a purchase."""
    held = max(positions // _A_MARKET, _A_PORTFOLIO)
    facts = {"positions": positions, "a_portfolio": _A_PORTFOLIO, "held": held, "step": held // _A_PORTFOLIO}
    _run(url, _FILL.format(now=_NOON, **facts))
    _settle_down(url)


def _copied(postgres: Postgres, url: str, name: str) -> str:
    source = urlsplit(url).path.removeprefix("/")
    copy = f"{source}_{name}"
    for statement in (f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)", f"CREATE DATABASE {copy} TEMPLATE {source}"):
        with closing(psycopg2.connect(postgres.url)) as session:
            session.autocommit = True
            session.cursor().execute(statement)
    return urlsplit(url)._replace(path=f"/{copy}").geturl()


def _run(url: str, statements: str) -> None:
    with closing(psycopg2.connect(url)) as session, session.cursor() as cursor:
        cursor.execute(statements)
        session.commit()


@contextmanager
def answering() -> Iterator[Answers]:
    answers = Answers()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers.answer))
    answers.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield answers
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(answer: Callable[[Any], bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = answer(asked)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler


_QUOTES = """
SELECT json_agg(json_build_object('market_id', market_id, 'yes_bid', yes_bid, 'yes_ask', yes_ask))::text
FROM markets WHERE market_id = ANY(%s)
"""
_FILL = """
CREATE TEMP TABLE bought AS
SELECT n AS id, (n - 1) / {a_portfolio} + 1 AS portfolio_id, m.market_no, s.side, 10 + n % 90 AS quantity, s.price,
    (10 + n % 90) * s.price AS cost, round(0.02 * (10 + n % 90) * s.price * (1 - s.price), 5) AS fee,
    m.yes_bid, m.yes_ask
FROM generate_series(1, {positions}) n
JOIN (SELECT market_no, yes_bid, yes_ask, row_number() OVER (ORDER BY market_no) - 1 AS place FROM markets
    WHERE yes_bid IS NOT NULL AND yes_ask IS NOT NULL) m
    ON m.place = ((n - 1) / {a_portfolio} * 7 + (n - 1) % {a_portfolio} * {step}) % {held}
CROSS JOIN LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 'yes' ELSE 'no' END AS side,
    CASE WHEN n % 2 = 0 THEN m.yes_ask ELSE 1 - m.yes_bid END AS price) s;
INSERT INTO portfolios (portfolio_id, name, strategy_type, strategy_config, frequency, status, initial_balance,
    current_balance, reserved_balance, owed, total_invested, liquidation_value, realized_pnl, unrealized_pnl, fees_paid,
    execution_cost, open_positions, trade_count, created_at, updated_at)
SELECT portfolio_id, 'Number ' || portfolio_id, 'baseline', '{{}}', 'every_cycle', 'active', 100000,
    100000 - sum(cost + fee), 0, 0, sum(cost), 0, -sum(fee), -sum(cost), sum(fee), 0, count(*), count(*), '{now}',
    '{now}'
FROM bought GROUP BY portfolio_id;
INSERT INTO signal_generations (generation_id, portfolio_id, strategy_type, markets_considered, markets_matched,
    signals_generated, abstentions, created_at)
SELECT portfolio_id, portfolio_id, 'baseline', count(*), count(*), count(*), '{{}}', '{now}'
FROM bought GROUP BY portfolio_id;
INSERT INTO trading_signals (signal_id, generation_id, portfolio_id, market_no, action, quantity, limit_price,
    order_kind, reason, strategy_type, created_at, expires_at, executed)
SELECT id, portfolio_id, portfolio_id, market_no, 'buy_' || side, quantity, price, 'ioc', 'bench', 'baseline', '{now}',
    '{now}', true FROM bought;
INSERT INTO decisions (decision_id, signal_id, portfolio_id, market_no, outcome, decided_at)
SELECT id, id, portfolio_id, market_no, 'filled', '{now}' FROM bought;
INSERT INTO trades (trade_id, decision_id, portfolio_id, market_no, action, quantity, price, cost, fee, merged,
    realized_pnl, levels, fee_schedule, book, book_at, executed_at)
SELECT id, id, portfolio_id, market_no, 'buy_' || side, quantity, price, cost, fee, 0, -fee,
    jsonb_build_array(jsonb_build_array(price, quantity, fee)), '{{}}', '{{}}', '{now}', '{now}' FROM bought;
INSERT INTO cash_entries (portfolio_id, kind, amount, created_at)
SELECT portfolio_id, 'deposit', 100000, '{now}' FROM portfolios;
INSERT INTO cash_entries (portfolio_id, kind, amount, trade_id, created_at)
SELECT portfolio_id, 'trade', -cost - fee, id, '{now}' FROM bought ORDER BY id;
INSERT INTO portfolio_positions (portfolio_id, market_no, outcome, quantity, entry_price, cost, fees, realized_pnl,
    mark_stale, liquidation_value, unrealized_pnl, status, opened_at)
SELECT portfolio_id, market_no, side, quantity, price, cost, fee, -fee, true, 0, -cost, 'open', '{now}'
FROM bought ORDER BY id;
"""
_END_ALL = """
UPDATE markets SET status = 'final', outcome = CASE market_no % 3 WHEN 0 THEN 'yes' WHEN 1 THEN 'no' ELSE 'split' END,
    payout_yes = CASE market_no % 3 WHEN 0 THEN 1 WHEN 1 THEN 0 ELSE 0.5 END, resolution_source = 'bench',
    resolution_evidence = '{"said": "bench"}', settled_at = now()
WHERE market_no IN (SELECT market_no FROM portfolio_positions)
"""
# The same rows without any rule: nobody is locked, no version compared, nothing looked for a second time.
_SETTLE_BARELY = """
CREATE TEMP TABLE paid AS
SELECT nextval('settlements_settlement_id_seq') AS settlement_id, p.portfolio_id, p.market_no, p.position_id, p.outcome,
    p.quantity, p.cost, p.quantity * CASE p.outcome WHEN 'yes' THEN m.payout_yes ELSE 1 - m.payout_yes END AS gross,
    p.liquidation_value, p.unrealized_pnl
FROM portfolio_positions p JOIN markets m USING (market_no) WHERE p.status = 'open';
INSERT INTO market_settlements (market_no, version, result, payout_yes, source, evidence, venue_settled_at, recorded_at)
SELECT market_no, 1, outcome, payout_yes, resolution_source, resolution_evidence, settled_at, now() FROM markets
WHERE market_no IN (SELECT market_no FROM paid);
INSERT INTO settlements (settlement_id, portfolio_id, market_no, position_id, version, outcome, quantity, cost, gross,
    amount, standing, settled_at)
SELECT settlement_id, portfolio_id, market_no, position_id, 1, outcome, quantity, cost, gross, gross, 'push', now()
FROM paid;
INSERT INTO cash_entries (portfolio_id, kind, amount, settlement_id, created_at)
SELECT portfolio_id, 'settlement', gross, settlement_id, now() FROM paid WHERE gross > 0;
UPDATE portfolio_positions p SET status = 'settled', quantity = 0, cost = 0, liquidation_value = 0, unrealized_pnl = 0,
    realized_pnl = p.realized_pnl + q.gross - q.cost, closed_at = now()
FROM paid q WHERE p.position_id = q.position_id;
UPDATE portfolios p SET current_balance = p.current_balance + s.gross, total_invested = p.total_invested - s.cost,
    liquidation_value = 0, unrealized_pnl = 0, realized_pnl = p.realized_pnl + s.gross - s.cost, open_positions = 0
FROM (SELECT portfolio_id, sum(gross) AS gross, sum(cost) AS cost FROM paid GROUP BY portfolio_id) s
WHERE p.portfolio_id = s.portfolio_id;
"""
