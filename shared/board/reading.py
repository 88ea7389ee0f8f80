"""The rows of the board: money as it is now, beside standings as the arena computed them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

_ROW = """
p.portfolio_id, p.name, p.strategy_type, p.status, a.model_id, a.external_id AS model, a.avatar, a.color, a.text_color,
trim_scale(p.initial_balance) AS initial_balance, trim_scale(p.current_balance) AS current_balance,
trim_scale(p.current_balance + p.liquidation_value - p.owed) AS account_value,
trim_scale(round((p.current_balance + p.liquidation_value - p.owed) / p.initial_balance - 1, 8)) AS return,
trim_scale(p.realized_pnl) AS realized_pnl, trim_scale(p.unrealized_pnl) AS unrealized_pnl,
trim_scale(p.realized_pnl + p.unrealized_pnl) AS total_pnl, trim_scale(p.fees_paid) AS fees_paid,
trim_scale(p.execution_cost) AS execution_cost, p.open_positions, p.trade_count,
s.computed_at
"""
_FIGURES = "trim_scale(CAST(s.figures ->> 'model_cost' AS numeric)) AS model_cost, s.figures::text AS figures"
# Figures are long and change every 20 seconds at most: whoever has those of a computation needs them no second time.
_NEW_FIGURES = """
CASE WHEN s.computed_at IS DISTINCT FROM :known_at THEN
    trim_scale(CAST(s.figures ->> 'model_cost' AS numeric)) END AS model_cost,
CASE WHEN s.computed_at IS DISTINCT FROM :known_at THEN s.figures::text END AS figures
"""
_FROM = "portfolios p LEFT JOIN standings s USING (portfolio_id) LEFT JOIN ai_models a USING (portfolio_id)"
_BOARD = text(f"SELECT {_ROW}, {_FIGURES} FROM {_FROM} WHERE p.status <> 'closed'")
_BOARD_NEW = text(f"SELECT {_ROW}, {_NEW_FIGURES} FROM {_FROM} WHERE p.status <> 'closed'")
_OF_PORTFOLIOS = text(f"SELECT {_ROW}, {_FIGURES} FROM {_FROM} WHERE p.portfolio_id = ANY(:portfolio_ids)")
_OF_MODEL = text(f"SELECT {_ROW}, {_FIGURES} FROM {_FROM} WHERE a.model_id = :model_id")


def board_rows(connection: Connection) -> list[dict[str, Any]]:
    """Everybody who takes part: money as it is now, beside figures as they were computed."""
    return [_read(row) for row in connection.execute(_BOARD).mappings()]


@dataclass(frozen=True, slots=True)
class _Known:
    at: datetime | None  # when these figures were computed
    of: Mapping[int, tuple[Any, Any]]  # by portfolio: figures and the cost of its model


class BoardReader:
    """`board_rows` for who asks every second: keeps the figures of the last computation. For any thread."""

    def __init__(self) -> None:
        self._known = _Known(None, {})

    def rows(self, connection: Connection) -> list[dict[str, Any]]:
        known = self._known
        rows = [_read(row) for row in connection.execute(_BOARD_NEW, {"known_at": known.at}).mappings()]
        held = [row for row in rows if row["computed_at"] is not None and row["computed_at"] == known.at]
        if any(row["portfolio_id"] not in known.of for row in held):
            rows = board_rows(connection)  # somebody takes part again
        else:
            for row in held:
                row["figures"], row["model_cost"] = known.of[row["portfolio_id"]]
        newest = max((row["computed_at"] for row in rows if row["computed_at"] is not None), default=None)
        if newest != known.at:
            self._known = _Known(newest, {row["portfolio_id"]: (row["figures"], row["model_cost"]) for row in rows})
        return rows


def rows_of(connection: Connection, portfolio_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Of these portfolios, closed ones too."""
    rows = connection.execute(_OF_PORTFOLIOS, {"portfolio_ids": portfolio_ids}).mappings()
    return {row["portfolio_id"]: _read(row) for row in rows}


def model_row(connection: Connection, model_id: UUID) -> dict[str, Any] | None:
    row = connection.execute(_OF_MODEL, {"model_id": model_id}).mappings().first()
    return None if row is None else _read(row)


def _read(row: Any) -> dict[str, Any]:
    found = dict(row)
    written = found.pop("figures")
    return {**found, "figures": None if written is None else orjson.loads(written)}
