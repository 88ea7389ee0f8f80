"""What was answered: the stored signals of a cycle in the shape in which they were answered first."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_SIGNALS = """
    SELECT s.signal_id, s.generation_id, s.portfolio_id, s.cycle_id, m.market_id, s.action,
        trim_scale(s.amount) AS amount, trim_scale(s.quantity) AS quantity, trim_scale(s.limit_price) AS limit_price,
        s.order_kind, trim_scale(s.confidence) AS confidence, trim_scale(s.probability) AS probability, s.group_id,
        s.reason, s.strategy_type, s.created_at, s.expires_at, s.executed
    FROM {table} s JOIN markets m USING (market_no)
    WHERE s.generation_id = ANY(:ids) ORDER BY s.signal_id
"""


def signals_of(connection: Connection, generation_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """By generation, in the order in which they were made; archived ones too."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for table in ("trading_signals", "signal_archives"):
        query = text(_SIGNALS.format(table=table))
        for row in connection.execute(query, {"ids": list(generation_ids)}).mappings():
            found[row["generation_id"]].append(shape(**row))
    return found


def shape(
    *,
    signal_id: int | None,
    market_id: str,
    order_kind: str,
    group_id: UUID | None,
    cycle_id: UUID | None,
    generation_id: int | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """A signal as every service shows it."""
    size = "amount" if facts["amount"] is not None else "quantity"
    return {
        "signal_id": signal_id,
        "portfolio_id": facts["portfolio_id"],
        "cycle_id": cycle_id,
        "market_id": market_id,
        "action": facts["action"],
        size: facts[size],
        "limit_price": facts["limit_price"],
        "order": order_kind,
        "confidence": facts["confidence"],
        "probability": facts["probability"],
        "group_id": group_id,
        "reason": facts["reason"],
        "strategy_type": facts["strategy_type"],
        "created_at": facts["created_at"],
        "expires_at": facts["expires_at"],
        "executed": facts["executed"],
    }


def market_ids(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    query = text("SELECT market_no, market_id FROM markets WHERE market_no = ANY(:numbers)")
    return {row.market_no: row.market_id for row in connection.execute(query, {"numbers": list(numbers)})}
