"""The page of the paper trading service: who holds what, what was done last and why, and what waits."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jiter
from fastapi import Request, Response
from sqlalchemy import Connection, text

from services.paper_trading.resources import Resources
from services.paper_trading.storage import reading
from shared import topology
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = Pages(Path(__file__).parent / "templates", topology.PAPER_TRADING)
ROWS = 30
PORTFOLIOS_SHOWN = 200
_MOMENTS = ("decided_at", "executed_at", "opened_at", "closed_at", "placed_at", "expires_at", "last_price_update")
_TOTALS = """
SELECT count(*) AS portfolios, coalesce(sum(open_positions), 0) AS positions, coalesce(sum(trade_count), 0) AS trades
FROM portfolios
"""
_OUTCOMES = """
SELECT outcome, count(*) AS count FROM decisions
WHERE decided_at > :since AND (CAST(:portfolio_id AS integer) IS NULL OR portfolio_id = :portfolio_id)
GROUP BY outcome ORDER BY count(*) DESC, outcome
"""


def portfolios_page(request: Request, here: Resources, asked: Mapping[str, str], now: datetime) -> Response:
    """All portfolios, or one of them with `?portfolio_id=`."""
    number = asked.get("portfolio_id", "")
    portfolio_id = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
    with here.database.connection() as connection:
        truth = truth_of(connection)
        portfolios = _rows(connection, reading.PORTFOLIOS, {}, PORTFOLIOS_SHOWN)
        chosen = _chosen(connection, portfolio_id)
        which = {"portfolio_id": portfolio_id if chosen else None}
        since = {**which, "since": now.replace(hour=0, minute=0, second=0, microsecond=0)}
        facts: dict[str, Any] = {
            "portfolios": portfolios,
            "totals": dict(connection.execute(text(_TOTALS)).mappings().one()),
            "rows": ROWS,
            "chosen": chosen,
            "unknown": number if number and chosen is None else None,
            "positions": _rows(connection, reading.POSITIONS, {**which, "status": "open"}, ROWS),
            "trades": _rows(connection, reading.TRADES, which, ROWS),
            "decisions": _rows(connection, reading.DECISIONS, which, ROWS),
            "orders": _rows(connection, reading.ORDERS, {**which, "status": "open"}, ROWS),
            "outcomes": [dict(row) for row in connection.execute(text(_OUTCOMES), since).mappings()],
        }
    return PAGES.answer(request, "portfolios.html", facts, now=now, truth=truth)


def _chosen(connection: Connection, portfolio_id: int | None) -> dict[str, Any] | None:
    if portfolio_id is None:
        return None
    found = _rows(connection, reading.PORTFOLIOS, {"portfolio_id": portfolio_id}, 1)
    return found[0] if found else None


def _rows(connection: Connection, listing: reading.Listing, wanted: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    body, _ = reading.rows_page(connection, listing, wanted, None, limit)
    rows: list[dict[str, Any]] = jiter.from_json(body, float_mode="decimal")
    return [_readable(row) for row in rows]


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    for name in _MOMENTS:
        if row.get(name):
            row[name] = datetime.fromisoformat(row[name])
    return {name: Decimal(value) if _is_figure(name, value) else value for name, value in row.items()}


def _is_figure(name: str, value: Any) -> bool:
    """A whole number of dollars comes as an int."""
    return isinstance(value, int) and not isinstance(value, bool) and not name.endswith(("_id", "_count", "_positions"))
