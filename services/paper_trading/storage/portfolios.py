"""Portfolios as they are made and changed, with the history of what was changed and why."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import jiter
from sqlalchemy import Connection, insert, text, update

from db.schema.paper_trading import cash_entries, portfolio_changes, portfolios
from shared.json_bytes import encoded

_FACTS = text("""
SELECT portfolio_id, name, strategy_type, strategy_config::text AS strategy_config, frequency, status
FROM portfolios WHERE portfolio_id = :portfolio_id FOR NO KEY UPDATE
""")


def create_portfolio(
    connection: Connection,
    name: str,
    strategy_type: str,
    strategy_config: Mapping[str, Any],
    frequency: str,
    initial_balance: Decimal,
    now: datetime,
) -> int:
    """The row, and the deposit that its cash is the sum of."""
    nothing = dict.fromkeys(
        (
            "reserved_balance",
            "owed",
            "total_invested",
            "liquidation_value",
            "realized_pnl",
            "unrealized_pnl",
            "fees_paid",
            "execution_cost",
            "open_positions",
            "trade_count",
        ),
        0,
    )
    row = insert(portfolios).values(
        name=name,
        strategy_type=strategy_type,
        strategy_config=text("CAST(:config AS jsonb)").bindparams(config=encoded(strategy_config).decode()),
        frequency=frequency,
        status="active",
        initial_balance=initial_balance,
        current_balance=initial_balance,
        created_at=now,
        updated_at=now,
        **nothing,
    )
    portfolio_id: int = connection.execute(row.returning(portfolios.c.portfolio_id)).scalar_one()
    deposit = {"portfolio_id": portfolio_id, "kind": "deposit", "amount": initial_balance, "created_at": now}
    connection.execute(insert(cash_entries).values(deposit))
    record_change(connection, portfolio_id, "created", None, strategy_config, None, now)
    return portfolio_id


def locked_facts(connection: Connection, portfolio_id: int) -> dict[str, Any] | None:
    """What of a portfolio its owner may change, locked until the transaction ends."""
    found = connection.execute(_FACTS, {"portfolio_id": portfolio_id}).mappings().first()
    if found is None:
        return None
    config = jiter.from_json(found["strategy_config"].encode(), float_mode="decimal")
    return {**found, "strategy_config": config}


def change_portfolio(connection: Connection, portfolio_id: int, changes: Mapping[str, Any], now: datetime) -> None:
    values: dict[str, Any] = dict(changes)
    if "strategy_config" in values:
        config = encoded(values["strategy_config"]).decode()
        values["strategy_config"] = text("CAST(:config AS jsonb)").bindparams(config=config)
    if values.get("status") == "closed":
        values["closed_at"] = now
    row = update(portfolios).where(portfolios.c.portfolio_id == portfolio_id)
    connection.execute(row.values(**values, updated_at=now))


def record_change(
    connection: Connection, portfolio_id: int, what: str, before: Any, after: Any, reason: str | None, now: datetime
) -> None:
    as_json = text("CAST(:before AS jsonb)").bindparams(before=None if before is None else encoded(before).decode())
    row = insert(portfolio_changes).values(
        portfolio_id=portfolio_id,
        what=what,
        before=as_json,
        after=text("CAST(:after AS jsonb)").bindparams(after=encoded(after).decode()),
        reason=reason,
        changed_at=now,
    )
    connection.execute(row)
