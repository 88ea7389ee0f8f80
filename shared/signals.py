"""Signals and the runs that made them: the one way in which `trading_signals` is written, whoever has an opinion."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, text

from shared.copy_text import copied_json, copied_row
from shared.database import copy_rows

Action = Literal["buy_yes", "buy_no", "sell_yes", "sell_no"]

GENERATION_COLUMNS = (
    "generation_id",
    "portfolio_id",
    "cycle_id",
    "strategy_type",
    "markets_considered",
    "markets_matched",
    "signals_generated",
    "abstentions",
    "created_at",
)
SIGNAL_COLUMNS = (
    "signal_id",
    "generation_id",
    "portfolio_id",
    "cycle_id",
    "market_no",
    "action",
    "amount",
    "quantity",
    "limit_price",
    "order_kind",
    "confidence",
    "probability",
    "group_id",
    "reason",
    "strategy_type",
    "created_at",
    "expires_at",
)


@dataclass(frozen=True, slots=True)
class NewSignal:
    """An opinion that asks for a trade: dollars with fees, or a quantity."""

    market_no: int
    action: Action
    limit_price: Decimal  # of the side that is traded
    reason: str
    amount: Decimal | None = None
    quantity: Decimal | None = None
    order_kind: Literal["ioc", "limit"] = "ioc"
    confidence: Decimal | None = None
    probability: Decimal | None = None  # of yes
    group_id: UUID | None = None
    expires_at: datetime | None = None  # none: the age at which signals are too old


@dataclass(frozen=True, slots=True)
class Generation:
    """What a strategy says for one portfolio."""

    portfolio_id: int
    strategy_type: str
    cycle_id: UUID | None
    markets_considered: int
    markets_matched: int
    signals: Sequence[NewSignal]
    abstentions: Mapping[str, int]


def write_generations(
    connection: Connection, generations: Sequence[Generation], now: datetime, expires_at: datetime
) -> list[list[int]]:
    """Writes them all in two COPYs; answers the ids of the signals of each. The caller has made sure that no cycle is
    answered twice for a portfolio (`answered_generations`)."""
    if not generations:
        return []
    generation_ids = _numbers(connection, "signal_generations", "generation_id", len(generations))
    signal_ids = _numbers(
        connection, "trading_signals", "signal_id", sum(len(generation.signals) for generation in generations)
    )
    next_id = iter(signal_ids)
    ids = [[next(next_id) for _ in generation.signals] for generation in generations]
    runs = [
        copied_row(
            (
                generation_id,
                generation.portfolio_id,
                _text(generation.cycle_id),
                generation.strategy_type,
                generation.markets_considered,
                generation.markets_matched,
                len(generation.signals),
                copied_json(dict(generation.abstentions)),
                now,
            )
        )
        for generation_id, generation in zip(generation_ids, generations, strict=True)
    ]
    copy_rows(connection, "signal_generations", GENERATION_COLUMNS, runs)
    lines = [
        _line(signal_id, generation_id, generation, signal, now, expires_at)
        for generation_id, generation, own in zip(generation_ids, generations, ids, strict=True)
        for signal_id, signal in zip(own, generation.signals, strict=True)
    ]
    copy_rows(connection, "trading_signals", SIGNAL_COLUMNS, lines)
    return ids


def answered_generations(connection: Connection, cycle_id: UUID, portfolio_ids: Sequence[int]) -> dict[int, Any]:
    """The generations of these portfolios that exist for the cycle, by portfolio id."""
    query = text("""
        SELECT generation_id, portfolio_id, strategy_type, markets_considered, markets_matched, signals_generated,
            abstentions FROM signal_generations WHERE cycle_id = :cycle_id AND portfolio_id = ANY(:portfolio_ids)
    """)
    rows = connection.execute(query, {"cycle_id": cycle_id, "portfolio_ids": list(portfolio_ids)}).mappings()
    return {row["portfolio_id"]: dict(row) for row in rows}


def mark_executed(connection: Connection, signal_ids: Iterable[int]) -> None:
    """By whoever acted on them, in the transaction of the act."""
    connection.execute(
        text("UPDATE trading_signals SET executed = true WHERE signal_id = ANY(:ids)"), {"ids": list(signal_ids)}
    )


def archive_signals(connection: Connection, before: datetime, now: datetime) -> int:
    """Moves what is older, and decided or expired, into the archive of its month."""
    columns = ", ".join([*SIGNAL_COLUMNS, "executed"])
    moved = text(f"""
        WITH moved AS (
            DELETE FROM trading_signals s WHERE s.created_at < :before AND (s.expires_at < :before
                OR EXISTS (SELECT FROM decisions d WHERE d.signal_id = s.signal_id)) RETURNING {columns}
        )
        INSERT INTO signal_archives (month, archived_at, {columns})
        SELECT date_trunc('month', created_at, 'UTC'), :now, {columns} FROM moved
    """)
    return connection.execute(moved, {"before": before, "now": now}).rowcount


def _numbers(connection: Connection, table: str, column: str, count: int) -> list[int]:
    """So many new numbers of a table's identity, so that rows can be copied that name each other."""
    query = text("SELECT nextval(pg_get_serial_sequence(:table, :column)) FROM generate_series(1, :count)")
    return list(connection.execute(query, {"table": table, "column": column, "count": count}).scalars())


def _line(
    signal_id: int,
    generation_id: int,
    generation: Generation,
    signal: NewSignal,
    now: datetime,
    expires_at: datetime,
) -> str:
    return copied_row(
        (
            signal_id,
            generation_id,
            generation.portfolio_id,
            _text(generation.cycle_id),
            signal.market_no,
            signal.action,
            signal.amount,
            signal.quantity,
            signal.limit_price,
            signal.order_kind,
            signal.confidence,
            signal.probability,
            _text(signal.group_id),
            signal.reason,
            generation.strategy_type,
            now,
            signal.expires_at or expires_at,
        )
    )


def _text(number: UUID | None) -> str | None:
    return None if number is None else str(number)
