"""Rows for tests of the orchestrator; what does not matter is filled in."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from shared.database import Database
from shared.json_bytes import encoded

PORTFOLIO: dict[str, Any] = {
    "strategy_type": "momentum",
    "frequency": "every_cycle",
    "status": "active",
    "initial_balance": Decimal(10_000),
    "current_balance": Decimal(10_000),
    "reserved_balance": Decimal(0),
    "owed": Decimal(0),
    "total_invested": Decimal(0),
    "liquidation_value": Decimal(0),
    "realized_pnl": Decimal(0),
    "unrealized_pnl": Decimal(0),
    "fees_paid": Decimal(0),
    "execution_cost": Decimal(0),
    "open_positions": 0,
    "trade_count": 0,
}


def insert(database: Database, table: str, row: dict[str, Any], answers: str | None = None) -> Any:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    query = f"INSERT INTO {table} ({names}) VALUES ({values})" + (f" RETURNING {answers}" if answers else "")
    with database.transaction() as connection:
        result = connection.execute(text(query), row)
        return result.scalar_one() if answers else None


def rows(database: Database, query: str, **values: Any) -> list[dict[str, Any]]:
    with database.connection() as connection:
        return [dict(row) for row in connection.execute(text(query), values).mappings()]


def change(database: Database, statement: str, **values: Any) -> None:
    with database.transaction() as connection:
        connection.execute(text(statement), values)


def portfolio(database: Database, name: str, now: datetime, config: Any = None, **facts: Any) -> int:
    if "balance" in facts:
        facts["initial_balance"] = facts["current_balance"] = facts.pop("balance")
    row = {**PORTFOLIO, "name": name, "created_at": now, "updated_at": now, **facts}
    row["strategy_config"] = encoded(config or {}).decode()
    return int(insert(database, "portfolios", row, "portfolio_id"))


def market(database: Database, now: datetime, external_id: str = "1") -> int:
    row = {
        "market_id": f"polymarket:{external_id}",
        "platform": "polymarket",
        "external_id": external_id,
        "question": "Will it rain?",
        "market_type": "binary",
        "status": "open",
        "placeholder": False,
        "facts_hash": b"",
        "content_hash": b"",
        "volume_unit": "dollars",
        "valid_from": now,
        "created_at": now,
        "updated_at": now,
    }
    return int(insert(database, "markets", row, "market_no"))


def cycle(database: Database, now: datetime, **facts: Any) -> UUID:
    cycle_id = uuid4()
    row = {
        "cycle_id": cycle_id,
        "kind": "all",
        "status": "success",
        "attempt": 1,
        "started_by": "request",
        "asked": '{"kind": "all", "portfolio_ids": null, "collect": true, "due_only": false}',
        "portfolio_ids": [],
        "portfolios_done": 0,
        "portfolios_failed": 0,
        "signals_generated": 0,
        "trades_executed": 0,
        "started_at": now,
        "finished_at": now,
        "reported_at": now,
    }
    insert(database, "trading_cycles", {**row, **facts})
    return cycle_id


def equity_point(
    database: Database, portfolio_id: int, taken_at: datetime, equity: Decimal | int, cycle_id: UUID | None = None
) -> None:
    figures = dict.fromkeys(
        ("total_invested", "liquidation_value", "realized_pnl", "unrealized_pnl", "total_pnl", "fees_paid"), Decimal(0)
    )
    row = {
        "portfolio_id": portfolio_id,
        "taken_at": taken_at,
        "cycle_id": cycle_id or uuid4(),
        "ran": True,
        "current_balance": equity,
        "equity": equity,
        **figures,
        "open_positions": 0,
        "trade_count": 0,
    }
    insert(database, "equity_points", row)


def position(database: Database, portfolio_id: int, market_no: int, now: datetime, **facts: Any) -> int:
    row = {
        "portfolio_id": portfolio_id,
        "market_no": market_no,
        "outcome": "yes",
        "quantity": Decimal(10),
        "entry_price": Decimal("0.5"),
        "cost": Decimal(5),
        "fees": Decimal(0),
        "realized_pnl": Decimal(0),
        "mark_stale": False,
        "liquidation_value": Decimal(5),
        "unrealized_pnl": Decimal(0),
        "status": "open",
        "opened_at": now,
    }
    return int(insert(database, "portfolio_positions", {**row, **facts}, "position_id"))


def settlement(
    database: Database, portfolio_id: int, market_no: int, position_id: int, now: datetime, standing: str
) -> None:
    row = {
        "portfolio_id": portfolio_id,
        "market_no": market_no,
        "position_id": position_id,
        "version": 1,
        "outcome": "yes",
        "quantity": Decimal(10),
        "cost": Decimal(5),
        "gross": Decimal(0),
        "amount": Decimal(0),
        "standing": standing,
        "settled_at": now,
    }
    insert(database, "settlements", row)


def decision(database: Database, portfolio_id: int, market_no: int, signal_id: int, now: datetime) -> int:
    row = {
        "signal_id": signal_id,
        "portfolio_id": portfolio_id,
        "market_no": market_no,
        "outcome": "filled",
        "decided_at": now,
    }
    return int(insert(database, "decisions", row, "decision_id"))


def trade(database: Database, portfolio_id: int, market_no: int, decision_id: int, now: datetime) -> None:
    row = {
        "decision_id": decision_id,
        "portfolio_id": portfolio_id,
        "market_no": market_no,
        "action": "buy_yes",
        "quantity": Decimal(10),
        "price": Decimal("0.5"),
        "cost": Decimal(5),
        "fee": Decimal(0),
        "merged": Decimal(0),
        "realized_pnl": Decimal(0),
        "levels": "[]",
        "fee_schedule": "{}",
        "book": "{}",
        "book_at": now,
        "executed_at": now,
    }
    insert(database, "trades", row)


def breaker(database: Database, now: datetime) -> None:
    row = {
        "breaker_type": "manual",
        "reason": "the day was bad enough",
        "trigger_value": "{}",
        "triggered_at": now,
    }
    insert(database, "circuit_breaker_events", row)
