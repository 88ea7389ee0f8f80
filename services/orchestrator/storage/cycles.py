"""Rows of cycles and their steps; a cycle writes only while its row says that it runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import jiter
from sqlalchemy import Connection, text

from services.orchestrator.domain.cycles import Cycle, Runner, Step, Tally, asked_of
from shared.database import fetch_all
from shared.json_bytes import encoded

LOCK = "cycle"  # held by the process that runs a cycle, for as long as it does

_COLUMNS = """
    cycle_id, kind, portfolio_id, status, attempt, started_by, asked, portfolio_ids, portfolios_done, portfolios_failed,
    signals_generated, trades_executed, idempotency_key, started_at, finished_at, reported_at, failed_step, error
"""
# Advisory locks of one key: the upper and the lower half of it, and 1.
_HELD = """
    EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32) | objid::bigint = hashtext(:lock)::bigint)
"""


class CycleTaken(Exception):
    """Somebody else has declared this cycle ended; what it still does must not be written."""


def begin_cycle(
    connection: Connection, cycle: Cycle, started_by: str, idempotency_key: str | None, now: datetime
) -> None:
    bury_all(connection, now)
    connection.execute(
        text("""
            INSERT INTO trading_cycles (cycle_id, kind, portfolio_id, status, attempt, started_by, asked,
                portfolio_ids, portfolios_done, portfolios_failed, signals_generated, trades_executed, idempotency_key,
                started_at, reported_at)
            VALUES (:cycle_id, :kind, :portfolio_id, 'running', 1, :started_by, CAST(:asked AS jsonb), :portfolio_ids,
                0, 0, 0, 0, :key, :now, :now)
        """),
        {
            "cycle_id": cycle.cycle_id,
            "kind": cycle.asked.kind,
            "portfolio_id": cycle.portfolio_ids[0] if cycle.asked.kind == "portfolio" else None,
            "started_by": started_by,
            "asked": encoded(cycle.asked.facts()).decode(),
            "portfolio_ids": list(cycle.portfolio_ids),
            "key": idempotency_key,
            "now": now,
        },
    )


def reopen_cycle(connection: Connection, cycle: Cycle, tally: Tally, now: datetime) -> None:
    """By the holder of the lock. `tally` counts what is done already."""
    connection.execute(
        text("""
            UPDATE trading_cycles SET status = 'running', attempt = :attempt, finished_at = NULL, reported_at = :now,
                failed_step = NULL, error = NULL, answer = NULL, portfolios_done = :done, portfolios_failed = 0,
                signals_generated = :signals, trades_executed = :trades
            WHERE cycle_id = :cycle_id
        """),
        {
            "cycle_id": cycle.cycle_id,
            "attempt": cycle.attempt,
            "done": tally.done,
            "signals": tally.signals,
            "trades": tally.trades,
            "now": now,
        },
    )


def bury_all(connection: Connection, now: datetime) -> int:
    """By the holder of the lock: whatever still says that it runs died without a word."""
    return _interrupt(connection, "true", now, "the process that ran it ended")


def bury_dead(connection: Connection, now: datetime) -> int:
    """Cycles that say they run while nobody holds the lock: their process ended without a word."""
    return _interrupt(connection, f"NOT {_HELD}", now, "the process that ran it ended", lock=LOCK)


def interrupt_cycle(connection: Connection, cycle_id: UUID, now: datetime, why: str) -> None:
    _interrupt(connection, "cycle_id = :cycle_id", now, why, cycle_id=cycle_id)


def _interrupt(connection: Connection, which: str, now: datetime, why: str, **values: Any) -> int:
    ended = f"""
        UPDATE trading_cycles SET status = 'interrupted', finished_at = :now, error = :why
        WHERE status = 'running' AND {which} RETURNING cycle_id
    """
    cycle_ids = list(connection.execute(text(ended), {**values, "now": now, "why": why}).scalars())
    if cycle_ids:
        steps = """
            UPDATE cycle_steps SET status = 'failed', finished_at = :now, error = 'interrupted'
            WHERE cycle_id = ANY(:cycle_ids) AND status = 'running'
        """
        connection.execute(text(steps), {"cycle_ids": cycle_ids, "now": now})
    return len(cycle_ids)


def write_steps(connection: Connection, cycle: Cycle, steps: Iterable[Step], tally: Tally, now: datetime) -> None:
    """Any number of steps in one statement; `tally` counts the portfolios among them."""
    heard = """
        UPDATE trading_cycles SET reported_at = :now, portfolios_done = portfolios_done + :done,
            portfolios_failed = portfolios_failed + :failed, signals_generated = signals_generated + :signals,
            trades_executed = trades_executed + :trades
        WHERE cycle_id = :cycle_id AND attempt = :attempt AND status = 'running'
    """
    values = {
        "cycle_id": cycle.cycle_id,
        "attempt": cycle.attempt,
        "done": tally.done,
        "failed": tally.failed,
        "signals": tally.signals,
        "trades": tally.trades,
        "now": now,
    }
    if not connection.execute(text(heard), values).rowcount:
        raise CycleTaken(cycle.cycle_id)
    insert = """
        INSERT INTO cycle_steps (cycle_id, step, portfolio_id, status, started_at, finished_at, counts, error)
        SELECT :cycle_id, row.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(step text, portfolio_id integer,
            status text, started_at timestamptz, finished_at timestamptz, counts jsonb, error text)
        ON CONFLICT (cycle_id, step, portfolio_id) DO UPDATE SET status = EXCLUDED.status,
            started_at = EXCLUDED.started_at, finished_at = EXCLUDED.finished_at, counts = EXCLUDED.counts,
            error = EXCLUDED.error
    """
    rows = encoded(list(steps)).decode()
    connection.execute(text(insert), {"cycle_id": cycle.cycle_id, "rows": rows})


def end_cycle(
    connection: Connection,
    cycle: Cycle,
    status: str,
    failed_step: str | None,
    error: str | None,
    answer: dict[str, Any] | None,
    now: datetime,
) -> None:
    ended = """
        UPDATE trading_cycles SET status = :status, finished_at = :now, reported_at = :now, failed_step = :failed_step,
            error = :error, answer = CASE WHEN idempotency_key IS NOT NULL THEN CAST(:answer AS json) END
        WHERE cycle_id = :cycle_id AND attempt = :attempt AND status = 'running'
    """
    values = {
        "cycle_id": cycle.cycle_id,
        "attempt": cycle.attempt,
        "status": status,
        "failed_step": failed_step,
        "error": error,
        "answer": encoded(answer).decode(),
        "now": now,
    }
    if not connection.execute(text(ended), values).rowcount:
        raise CycleTaken(cycle.cycle_id)


def cycle_row(connection: Connection, cycle_id: UUID) -> dict[str, Any] | None:
    query = text(f"SELECT {_COLUMNS} FROM trading_cycles WHERE cycle_id = :cycle_id")
    found = connection.execute(query, {"cycle_id": cycle_id}).mappings().first()
    return dict(found) if found else None


def cycle_of_key(connection: Connection, idempotency_key: str) -> dict[str, Any] | None:
    query = text(f"SELECT {_COLUMNS}, answer::text AS answer FROM trading_cycles WHERE idempotency_key = :key")
    found = connection.execute(query, {"key": idempotency_key}).mappings().first()
    return dict(found) if found else None


def running_cycle_id(connection: Connection) -> UUID | None:
    query = "SELECT cycle_id FROM trading_cycles WHERE status = 'running' ORDER BY started_at DESC LIMIT 1"
    found: UUID | None = connection.execute(text(query)).scalar()
    return found


def resumed(row: dict[str, Any]) -> Cycle:
    """The cycle of this row, at its next attempt."""
    ids = tuple(row["portfolio_ids"])
    return Cycle(row["cycle_id"], asked_of(row["asked"]), row["started_at"], ids, row["attempt"] + 1)


def steps_of(connection: Connection, cycle_id: UUID) -> list[Step]:
    query = text("""
        SELECT step, portfolio_id, status, started_at, finished_at, counts::text AS counts, error FROM cycle_steps
        WHERE cycle_id = :cycle_id ORDER BY started_at, portfolio_id NULLS FIRST
    """)
    rows = connection.execute(query, {"cycle_id": cycle_id}).mappings()
    return [Step(**{**row, "counts": jiter.from_json(row["counts"].encode(), float_mode="decimal")}) for row in rows]


def active_runners(connection: Connection, portfolio_ids: Sequence[int] | None = None) -> list[Runner]:
    """Active portfolios, or those named; with the begin of the last cycle that ran each to its end."""
    query = text("""
        SELECT p.portfolio_id, p.name, p.strategy_type, p.frequency, last.started_at AS last_run_at FROM portfolios p
        LEFT JOIN LATERAL (
            SELECT c.started_at FROM equity_points e JOIN trading_cycles c USING (cycle_id)
            WHERE e.portfolio_id = p.portfolio_id AND e.ran ORDER BY e.taken_at DESC LIMIT 1
        ) last ON true
        WHERE p.status = 'active' AND (CAST(:ids AS integer[]) IS NULL OR p.portfolio_id = ANY(:ids))
        ORDER BY p.portfolio_id
    """)
    return fetch_all(connection, Runner, query, ids=None if portfolio_ids is None else list(portfolio_ids))


def runners_named(connection: Connection, portfolio_ids: Sequence[int]) -> list[Runner]:
    """Whatever their status is by now."""
    query = text("""
        SELECT portfolio_id, name, strategy_type, frequency FROM portfolios WHERE portfolio_id = ANY(:ids)
        ORDER BY portfolio_id
    """)
    return fetch_all(connection, Runner, query, ids=list(portfolio_ids))


def statuses(connection: Connection, portfolio_ids: Sequence[int]) -> dict[int, str]:
    query = text("SELECT portfolio_id, status FROM portfolios WHERE portfolio_id = ANY(:ids)")
    return {row.portfolio_id: row.status for row in connection.execute(query, {"ids": list(portfolio_ids)})}


def acted_on(connection: Connection, cycle_id: UUID, portfolio_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What became of the cycle's signals whoever asked for it: the truth where a call had to be repeated."""
    query = text("""
        SELECT s.portfolio_id,
            count(*) FILTER (WHERE d.outcome IN ('filled', 'partial')) AS trades_executed,
            count(*) FILTER (WHERE d.outcome = 'resting') AS orders_placed,
            count(*) FILTER (WHERE d.outcome NOT IN ('filled', 'partial', 'resting')) AS signals_skipped
        FROM trading_signals s JOIN decisions d USING (signal_id)
        WHERE s.cycle_id = :cycle_id AND s.portfolio_id = ANY(:ids) GROUP BY s.portfolio_id
    """)
    rows = connection.execute(query, {"cycle_id": cycle_id, "ids": list(portfolio_ids)}).mappings()
    return {row["portfolio_id"]: {k: v for k, v in row.items() if k != "portfolio_id"} for row in rows}


def oldest_signal_at(connection: Connection) -> datetime | None:
    """When the first of the signals that are still at hand was made."""
    query = "SELECT created_at FROM trading_signals ORDER BY signal_id LIMIT 1"
    found: datetime | None = connection.execute(text(query)).scalar()
    return found
