"""Rows of the arena and of the feed, for tests of the home page; what does not matter is filled in."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from shared.database import Database
from shared.feed import Kind, NewEntry, append_entries
from shared.json_bytes import encoded
from tests.orchestrator import build

WHOLE = ("settled_return", "brier", "crowd_brier", "calibration", "log_score", "coverage", "sharpe", "deflated_sharpe",
         "max_drawdown", "skill_per_dollar")  # fmt: skip


def model(database: Database, name: str, now: datetime, color: str = "bg-green-500", **facts: Any) -> tuple[UUID, int]:
    """A model and its portfolio."""
    portfolio_id = build.portfolio(
        database, name, now, strategy_type="ai_model", **{"balance": Decimal(100_000), **facts}
    )
    model_id = uuid4()
    row = {
        "model_id": model_id,
        "external_id": name.lower().replace(" ", "-"),
        "name": name,
        "kind": "model",
        "openrouter_model": "a/b",
        "color": color,
        "text_color": "text-green-500",
        "avatar": name[:2],
        "sighted": True,
        "enabled": True,
        "removed": False,
        "simulated": True,
        "portfolio_id": portfolio_id,
        "created_at": now,
        "updated_at": now,
    }
    build.insert(database, "ai_models", row)
    return model_id, portfolio_id


def event(database: Database, market_no: int, now: datetime, question: str = "Will it rain?", **facts: Any) -> UUID:
    event_id = uuid4()
    row = {
        "event_id": event_id,
        "market_no": market_no,
        "status": "active",
        "origin": "selection",
        "selection_date": now.date(),
        "title": question,
        "question": question,
        "chosen_for": "{}",
        "current_price": Decimal("0.42"),
        "close_time": now + timedelta(hours=5),
        "created_at": now,
        "updated_at": now,
    }
    build.insert(database, "arena_events", {**row, **facts})
    return event_id


def session(
    database: Database, event_id: UUID, whose: tuple[UUID, int], market_no: int, now: datetime, **facts: Any
) -> UUID:
    session_id = uuid4()
    row = {
        "session_id": session_id,
        "event_id": event_id,
        "model_id": whose[0],
        "portfolio_id": whose[1],
        "market_no": market_no,
        "status": "running",
        "started_at": now,
        "created_at": now,
        "updated_at": now,
    }
    build.insert(database, "betting_sessions", {**row, **facts})
    return session_id


def says(database: Database, session_id: UUID, number: int, content: str, now: datetime) -> None:
    row = {"session_id": session_id, "sequence_number": number, "message_type": "reasoning", "content": content}
    build.insert(database, "session_messages", {**row, "created_at": now})


def standing(database: Database, portfolio_id: int, now: datetime, **place: Any) -> None:
    """`place` is on the board by return: rank, tier, interval, settled_events and so on; `settled_return` beside it."""
    settled_return = place.pop("settled_return", None)
    skill = place.pop("skill", None)
    own: dict[str, Any] = {
        "rank": None,
        "tier": None,
        "probability_best": None,
        "interval": None,
        "settled_events": 0,
        "still_needed": 20,
        "standing": "not enough settled events yet (0 of 20)",
        "better_than_null": None,
        "best_null": None,
        "missing": {},
    }
    counts = dict.fromkeys(("sales", "wins", "losses", "pushes", "sessions", "forecasts"), 0)
    figures = {
        **dict.fromkeys(WHOLE),
        **counts,
        "abstentions": {},
        "failures": {},
        "model_cost": "0",
        "skill": skill,
        "settled_return": settled_return,
        "missing": {},
        "boards": {"return": {**own, **place}, "skill": {**own, **place}},
    }
    row = {"portfolio_id": portfolio_id, "figures": encoded(figures).decode(), "computed_at": now}
    build.insert(database, "standings", row)


def tells(
    database: Database, kind: Kind, payload: dict[str, Any], now: datetime, portfolio_id: int | None, market_no: int
) -> None:
    with database.transaction() as connection:
        append_entries(connection, [NewEntry(kind, payload, portfolio_id, market_no)], now)
