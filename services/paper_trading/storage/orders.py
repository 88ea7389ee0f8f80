"""Orders that wait: read under lock, moved on by what they met, and closed with what they had bound given back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import jiter
from sqlalchemy import Connection, text

from services.paper_trading.domain.orders import Met, RestingOrder
from shared.copy_text import copied_row
from shared.database import copy_rows
from shared.trading.fees import terms_of_json

_OPEN = """
SELECT o.order_id, o.decision_id, o.portfolio_id, o.market_no, m.market_id, m.platform,
    m.status = 'open' AND m.accepting_orders IS NOT FALSE AS market_open, o.action, o.limit_price, o.quantity, o.filled,
    o.ahead, o.reserved, o.fee_schedule::text AS fees, o.fee_carried, o.placed_at, o.expires_at, o.watched_until
FROM resting_orders o JOIN markets m USING (market_no) WHERE o.status = 'open' {which} ORDER BY o.order_id
"""
_LOCK_PORTFOLIOS = text("""
SELECT p.portfolio_id FROM portfolios p WHERE p.portfolio_id IN (SELECT o.portfolio_id FROM resting_orders o
    WHERE o.status = 'open' AND (CAST(:portfolio_ids AS integer[]) IS NULL OR o.portfolio_id = ANY(:portfolio_ids))
        AND (CAST(:market_nos AS integer[]) IS NULL OR o.market_no = ANY(:market_nos)))
ORDER BY p.portfolio_id FOR NO KEY UPDATE
""")
_CANCEL = text("""
WITH which AS (
    SELECT o.order_id, o.portfolio_id, o.reserved FROM resting_orders o
    WHERE o.status = 'open' AND (CAST(:portfolio_ids AS integer[]) IS NULL OR o.portfolio_id = ANY(:portfolio_ids))
        AND (CAST(:market_nos AS integer[]) IS NULL OR o.market_no = ANY(:market_nos))
    FOR UPDATE
), given_back AS (
    UPDATE portfolios p SET reserved_balance = p.reserved_balance - s.reserved, updated_at = :now
    FROM (SELECT portfolio_id, sum(reserved) AS reserved FROM which GROUP BY portfolio_id) s
    WHERE p.portfolio_id = s.portfolio_id
)
UPDATE resting_orders o SET status = 'cancelled', reserved = 0, closed_at = :now, closed_why = :why
FROM which w WHERE o.order_id = w.order_id
""")
_MET_BEFORE = text("SELECT order_id, print_id FROM order_prints WHERE order_id = ANY(:order_ids)")
_TAKEN = text("""
SELECT o.portfolio_id, o.market_no, p.print_id, sum(p.taken) AS taken
FROM order_prints p JOIN resting_orders o USING (order_id)
WHERE o.portfolio_id = ANY(:portfolio_ids) AND o.market_no = ANY(:market_nos) AND p.taken > 0 AND p.printed_at >= :since
GROUP BY o.portfolio_id, o.market_no, p.print_id
""")
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_orders (
    order_id bigint, filled numeric, ahead numeric, reserved numeric, fee_carried numeric, status text,
    watched_until timestamptz, closed_at timestamptz, closed_why text
) ON COMMIT DELETE ROWS
"""
_MOVED = ("filled", "ahead", "reserved", "fee_carried", "status", "watched_until", "closed_at", "closed_why")
_UPDATE = text(f"""
UPDATE resting_orders o SET {", ".join(f"{name} = s.{name}" for name in _MOVED)}
FROM staged_orders s WHERE o.order_id = s.order_id
""")
_PRINTS = ("order_id", "print_id", "price", "size", "taken_ahead", "taken", "printed_at")


def open_orders(connection: Connection) -> list[RestingOrder]:
    return [_order(dict(row)) for row in connection.execute(text(_OPEN.format(which=""))).mappings()]


def lock_orders(connection: Connection, portfolio_ids: Sequence[int]) -> list[RestingOrder]:
    """Of portfolios that the caller has locked."""
    query = text(_OPEN.format(which="AND o.portfolio_id = ANY(:portfolio_ids)") + " FOR UPDATE OF o")
    rows = connection.execute(query, {"portfolio_ids": list(portfolio_ids)}).mappings()
    return [_order(dict(row)) for row in rows]


def _order(row: dict[str, Any]) -> RestingOrder:
    return RestingOrder(**{**row, "fees": terms_of_json(jiter.from_json(row["fees"].encode(), float_mode="decimal"))})


def met_before(connection: Connection, order_ids: Sequence[int]) -> set[tuple[int, str]]:
    rows = connection.execute(_MET_BEFORE, {"order_ids": list(order_ids)})
    return {(row.order_id, row.print_id) for row in rows}


def taken_of_prints(
    connection: Connection, portfolio_ids: Sequence[int], market_nos: Sequence[int], since: datetime
) -> dict[tuple[int, int, str], Decimal]:
    """What orders of a portfolio have had of a print: a print is no larger for who has several orders."""
    which = {"portfolio_ids": list(portfolio_ids), "market_nos": list(market_nos), "since": since}
    rows = connection.execute(_TAKEN, which)
    return {(row.portfolio_id, row.market_no, row.print_id): row.taken for row in rows}


def cancel_orders(
    connection: Connection,
    why: str,
    now: datetime,
    *,
    portfolio_ids: Sequence[int] | None = None,
    market_nos: Sequence[int] | None = None,
) -> int:
    """Gives back what they had bound; answers how many there were."""
    which = {
        "portfolio_ids": None if portfolio_ids is None else list(portfolio_ids),
        "market_nos": None if market_nos is None else list(market_nos),
    }
    connection.execute(_LOCK_PORTFOLIOS, which)
    return connection.execute(_CANCEL, {**which, "now": now, "why": why}).rowcount


def write_prints(connection: Connection, met: Sequence[tuple[int, Met]]) -> None:
    lines = [
        copied_row((order_id, m.print_id, m.price, m.size, m.taken_ahead, m.taken, m.printed_at)) for order_id, m in met
    ]
    copy_rows(connection, "order_prints", _PRINTS, lines)


def write_orders(connection: Connection, moved: Sequence[tuple[RestingOrder, str, str | None]], now: datetime) -> None:
    """Orders as they are now, each with its status and why it is closed."""
    connection.execute(text(_STAGE))
    lines = [
        copied_row(
            (
                order.order_id,
                order.filled,
                order.ahead,
                order.reserved,
                order.fee_carried,
                status,
                order.watched_until,
                None if status == "open" else now,
                why,
            )
        )
        for order, status, why in moved
    ]
    copy_rows(connection, "staged_orders", ("order_id", *_MOVED), lines)
    connection.execute(_UPDATE)
