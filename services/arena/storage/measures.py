"""Reads for /metrics: what models have cost today, and how many sessions wait or run."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from shared.database import fetch_all

_SPENT = text("""
SELECT m.external_id, sum(coalesce(c.cost, c.reserved)) AS dollars
FROM model_calls c LEFT JOIN ai_models m ON m.model_id = c.model_id
WHERE c.started_at >= :midnight GROUP BY m.external_id
""")
_OPEN = text(
    "SELECT status, count(*) AS sessions FROM betting_sessions WHERE status IN ('pending', 'running') GROUP BY 1"
)


@dataclass(frozen=True, slots=True)
class ModelSpent:
    external_id: str | None  # none: calls for all models, such as summaries
    dollars: Decimal  # charged and reserved


def spent_today(connection: Connection, now: datetime) -> list[ModelSpent]:
    """As the budgets count it: by the day in UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return fetch_all(connection, ModelSpent, _SPENT, midnight=midnight)


def open_sessions(connection: Connection) -> dict[str, int]:
    return {row.status: row.sessions for row in connection.execute(_OPEN)}
