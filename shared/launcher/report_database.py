"""What a report asks the database: how far it is migrated, how large it is, and what the last cycles came to."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine, text

from db.engine import engine_of
from db.revisions import revision_of, revisions

CONNECT_SECONDS = 5
STATEMENT_MS = 10_000
COUNTED_BYTES_MAX = 50_000_000  # larger tables are estimated

_TABLES = text("""
SELECT c.oid::regclass::text AS name, greatest(c.reltuples, 0)::bigint AS about, pg_total_relation_size(c.oid) AS bytes
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY bytes DESC, name
""")
_SERVER = text("""
SELECT current_setting('server_version') AS version, pg_size_pretty(pg_database_size(current_database())) AS size,
    pg_postmaster_start_time() AS started_at,
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS sessions,
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active') AS active,
    (SELECT max(now() - xact_start) FROM pg_stat_activity WHERE datname = current_database()) AS longest_transaction,
    (SELECT count(*) FROM pg_locks WHERE NOT granted) AS locks_waited_for
""")
_ROWS = "SELECT coalesce(jsonb_pretty(jsonb_agg(t)), '[]') FROM ({0}) t"
_CYCLES = """
SELECT cycle_id, kind, status, started_by, attempt, cardinality(portfolio_ids) AS portfolios, portfolios_done,
    portfolios_failed, signals_generated, trades_executed, started_at, finished_at, failed_step, error,
    (SELECT jsonb_agg(jsonb_build_object('step', s.step, 'portfolio_id', s.portfolio_id, 'status', s.status,
            'started_at', s.started_at, 'finished_at', s.finished_at, 'counts', s.counts, 'error', s.error)
        ORDER BY s.started_at)
    FROM (SELECT step, portfolio_id, status, started_at, finished_at, counts, error FROM cycle_steps k
        WHERE k.cycle_id = c.cycle_id AND (k.portfolio_id IS NULL OR k.error IS NOT NULL)
        ORDER BY k.started_at LIMIT 100) s) AS steps
FROM trading_cycles c ORDER BY started_at DESC LIMIT 20
"""
_SCHEDULE = "SELECT job, status, started_at, finished_at, runs, note, error FROM scheduled_jobs ORDER BY job"
_HEALTH = "SELECT component, status, last_check, since, details FROM system_health ORDER BY component"
_BREAKERS = """
SELECT breaker_id, portfolio_id, breaker_type, reason, trigger_value, triggered_at FROM circuit_breaker_events
WHERE resolved_at IS NULL ORDER BY triggered_at LIMIT 200
"""
_SYNCS = """
SELECT entity, status, started_at, finished_at, platforms FROM (
    (SELECT 'events' AS entity, status, started_at, finished_at, platforms FROM event_syncs
        ORDER BY started_at DESC LIMIT 3)
    UNION ALL
    (SELECT 'markets' AS entity, status, started_at, finished_at, platforms FROM market_syncs
        ORDER BY started_at DESC LIMIT 3)) s
"""
_SESSIONS = """
SELECT status, failure, count(*) AS sessions, max(updated_at) AS last_at FROM betting_sessions
WHERE created_at > now() - interval '1 day' GROUP BY status, failure ORDER BY sessions DESC LIMIT 100
"""

Read = Callable[[Connection], str]


def engine_for_report(url: str) -> Engine:
    """Reads only, and never for long."""
    options = f"-c timezone=UTC -c statement_timeout={STATEMENT_MS} -c default_transaction_read_only=on"
    return engine_of(url, connect_args={"connect_timeout": CONNECT_SECONDS, "options": options})


def schema(connection: Connection) -> str:
    found, wanted = revision_of(connection), revisions()[-1]
    return f"the database is at revision {found}, this program is made for {wanted}"


def server(connection: Connection) -> str:
    row = connection.execute(_SERVER).mappings().one()
    return "\n".join(f"{name}: {value}" for name, value in row.items())


def tables(connection: Connection) -> str:
    lines = []
    for row in connection.execute(_TABLES).all():
        counted = row.bytes <= COUNTED_BYTES_MAX
        rows = connection.execute(text(f"SELECT count(*) FROM {row.name}")).scalar_one() if counted else row.about
        lines.append(f"{row.name:<40} {'' if counted else 'about':>5} {rows:>12} rows {row.bytes:>14} bytes")
    return "\n".join(lines)


def _rows(query: str) -> Read:
    return lambda connection: str(connection.execute(text(_ROWS.format(query))).scalar_one())


PARTS: dict[str, tuple[str, Read]] = {
    "schema.txt": ("which revision the tables are of", schema),
    "server.txt": ("PostgreSQL: its version, sessions and waits", server),
    "tables.txt": ("every table with its rows and bytes", tables),
    "cycles.json": ("the last 20 cycles with their steps and errors", _rows(_CYCLES)),
    "schedule.json": ("each job of the schedule, and how it went last", _rows(_SCHEDULE)),
    "health.json": ("how the services were when they were asked last, and the audit", _rows(_HEALTH)),
    "breakers.json": ("breakers that are open", _rows(_BREAKERS)),
    "syncs.json": ("the last collections", _rows(_SYNCS)),
    "sessions.json": ("how the sessions of models of the last day ended", _rows(_SESSIONS)),
}
