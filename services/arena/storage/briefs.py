"""What a model gets to know of itself, of its rivals and of the event's recent prices."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.arena.domain.briefs import OwnState, RivalMove
from shared.database import fetch_all

POINTS_MAX = 24
POINTS_SPAN = timedelta(hours=24)
RIVALS_MAX = 6

_STATE = text("""
SELECT p.current_balance - p.reserved_balance AS cash, p.current_balance + p.liquidation_value - p.owed AS equity,
    p.initial_balance, p.open_positions,
    (SELECT count(*) FROM settlements s WHERE s.portfolio_id = p.portfolio_id AND s.standing = 'won') AS won,
    (SELECT count(*) FROM settlements s WHERE s.portfolio_id = p.portfolio_id AND s.standing = 'lost') AS lost,
    (SELECT CAST(t.figures ->> 'rank' AS integer) FROM standings t WHERE t.portfolio_id = p.portfolio_id) AS place,
    (SELECT count(*) FROM portfolios o WHERE o.status <> 'closed') AS entrants
FROM portfolios p WHERE p.portfolio_id = :portfolio_id
""")
# Of other events of the venue alone: what rivals think of this one would tie the forecasts together.
_RIVALS = text("""
SELECT name, question, position, amount, ended FROM (
    SELECT DISTINCT ON (s.model_id) a.name, e.question, s.final_position AS position, (
            SELECT sum(t.cost + t.fee) FROM decisions d JOIN trades t USING (decision_id, portfolio_id, market_no)
            WHERE d.signal_id = s.signal_id) AS amount,
        e.outcome AS ended, s.completed_at
    FROM betting_sessions s JOIN ai_models a USING (model_id) JOIN arena_events e USING (event_id)
    JOIN markets m ON m.market_no = e.market_no
    JOIN (arena_events own JOIN markets o USING (market_no)) ON own.event_id = :event_id
    WHERE s.status = 'completed' AND s.event_id <> :event_id AND s.model_id <> :model_id AND a.kind = 'model'
        AND e.created_at < own.created_at AND m.event_id IS DISTINCT FROM o.event_id
    ORDER BY s.model_id, s.completed_at DESC
) newest ORDER BY completed_at DESC LIMIT :limit
""")
_POINTS = text("""
SELECT opened_at, close FROM market_ticks
WHERE market_no = :market_no AND period = 60 AND opened_at >= :since ORDER BY opened_at DESC LIMIT :limit
""")
_MINUTES = text("""
SELECT opened_at, close FROM market_ticks
WHERE market_no = :market_no AND period = 1 AND opened_at >= :since ORDER BY opened_at DESC LIMIT :limit
""")
_SUMMARY = text("SELECT summary_text, sources_used FROM event_summaries WHERE event_id = :event_id")
_CONFIG = text("SELECT strategy_config::text FROM portfolios WHERE portfolio_id = :portfolio_id")
_OTHERS = text("""
SELECT s.probability FROM betting_sessions s JOIN ai_models a USING (model_id)
WHERE s.event_id = :event_id AND s.status = 'completed' AND s.probability IS NOT NULL AND a.kind = 'model'
    AND a.twin_of IS NULL
ORDER BY a.external_id
""")


def own_state(connection: Connection, portfolio_id: int) -> OwnState:
    return fetch_all(connection, OwnState, _STATE, portfolio_id=portfolio_id)[0]


def rival_moves(connection: Connection, event_id: UUID, model_id: UUID) -> list[RivalMove]:
    return fetch_all(connection, RivalMove, _RIVALS, event_id=event_id, model_id=model_id, limit=RIVALS_MAX)


def price_points(connection: Connection, market_no: int, now: datetime) -> list[tuple[datetime, Decimal]]:
    """By the hour, or by the minute where there are not two hours yet; oldest first."""
    values = {"market_no": market_no, "since": now - POINTS_SPAN, "limit": POINTS_MAX}
    rows = connection.execute(_POINTS, values).all()
    if len(rows) < 2:
        rows = connection.execute(_MINUTES, values).all()
    return [(row.opened_at, row.close) for row in reversed(rows)]


def summary_of(connection: Connection, event_id: UUID) -> tuple[str | None, Sequence[dict[str, Any]]]:
    row = connection.execute(_SUMMARY, {"event_id": event_id}).first()
    return (None, ()) if row is None else (row.summary_text, row.sources_used)


def config_text(connection: Connection, portfolio_id: int) -> str:
    return str(connection.execute(_CONFIG, {"portfolio_id": portfolio_id}).scalar_one())


def others_probabilities(connection: Connection, event_id: UUID) -> list[Decimal]:
    """What the models forecast for the event; twins count once."""
    return list(connection.execute(_OTHERS, {"event_id": event_id}).scalars())
