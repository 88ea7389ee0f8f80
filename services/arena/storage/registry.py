"""Rows of `ai_models`: as the file says, as the provider's list allows, each with its portfolio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from shared.database import fetch_all

# A new one is disabled until it has been looked at; what the list has said about one stays until it says it anew.
_WRITE = text("""
INSERT INTO ai_models (model_id, external_id, name, kind, openrouter_model, base_url, api_key_variable, color,
    text_color, avatar, sighted, twin_of, prompt_price, completion_price, enabled, disabled_reason, removed, created_at,
    updated_at)
VALUES (:model_id, :external_id, :name, :kind, :openrouter_model, :base_url, :api_key_variable, :color, :text_color,
    :avatar, :sighted, :twin_of, :prompt_price, :completion_price, false, 'it has not been checked yet', false, :now,
    :now)
ON CONFLICT (external_id) DO UPDATE SET name = excluded.name, kind = excluded.kind,
    openrouter_model = excluded.openrouter_model, base_url = excluded.base_url,
    api_key_variable = excluded.api_key_variable, color = excluded.color, text_color = excluded.text_color,
    avatar = excluded.avatar, sighted = excluded.sighted, twin_of = excluded.twin_of,
    prompt_price = coalesce(excluded.prompt_price, ai_models.prompt_price),
    completion_price = coalesce(excluded.completion_price, ai_models.completion_price), removed = false,
    updated_at = excluded.updated_at
""")
_REMOVED = text("UPDATE ai_models SET removed = true, updated_at = :now WHERE NOT external_id = ANY(:external_ids)")
_REGISTERED = """
SELECT model_id, external_id, name, kind, openrouter_model, base_url, api_key_variable, portfolio_id, enabled,
    disabled_reason, removed
FROM ai_models
"""
_CHECK = text("""
UPDATE ai_models a SET enabled = n.enabled, disabled_reason = n.reason,
    prompt_price = coalesce(n.prompt_price, a.prompt_price),
    completion_price = coalesce(n.completion_price, a.completion_price),
    checked_at = CASE WHEN n.listed THEN :now ELSE a.checked_at END, updated_at = :now
FROM unnest(CAST(:external_ids AS text[]), CAST(:enabled AS boolean[]), CAST(:reasons AS text[]),
    CAST(:prompt_prices AS numeric[]), CAST(:completion_prices AS numeric[]), CAST(:listed AS boolean[]))
    n (external_id, enabled, reason, prompt_price, completion_price, listed)
WHERE a.external_id = n.external_id
""")


@dataclass(frozen=True, slots=True)
class Registered:
    model_id: UUID
    external_id: str
    name: str
    kind: str
    openrouter_model: str
    base_url: str | None
    api_key_variable: str | None
    portfolio_id: int | None
    enabled: bool
    disabled_reason: str | None
    removed: bool


@dataclass(frozen=True, slots=True)
class Check:
    """What the provider's list says of a model."""

    external_id: str
    enabled: bool
    disabled_reason: str | None
    prompt_price: Decimal | None
    completion_price: Decimal | None
    listed: bool  # whether there was a list to look at


def write_models(connection: Connection, entries: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Those of the file; one that was taken out of it keeps its row and its history."""
    if entries:
        connection.execute(_WRITE, [{**entry, "model_id": uuid4(), "now": now} for entry in entries])
    connection.execute(_REMOVED, {"external_ids": [entry["external_id"] for entry in entries], "now": now})


def registered(connection: Connection) -> list[Registered]:
    return fetch_all(connection, Registered, text(f"{_REGISTERED} ORDER BY external_id"))


def model_named(connection: Connection, name: str) -> Registered | None:
    """By its UUID or its external id."""
    query = text(f"{_REGISTERED} WHERE external_id = :name OR model_id::text = :name")
    return next(iter(fetch_all(connection, Registered, query, name=name)), None)


def without_portfolio(connection: Connection) -> list[Registered]:
    query = text(f"{_REGISTERED} WHERE portfolio_id IS NULL AND NOT removed ORDER BY created_at, external_id")
    return fetch_all(connection, Registered, query)


def enabled_count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM ai_models WHERE enabled")).scalar_one())


def write_checks(connection: Connection, checks: Sequence[Check], now: datetime) -> None:
    values = {
        "external_ids": [check.external_id for check in checks],
        "enabled": [check.enabled for check in checks],
        "reasons": [check.disabled_reason for check in checks],
        "prompt_prices": [check.prompt_price for check in checks],
        "completion_prices": [check.completion_price for check in checks],
        "listed": [check.listed for check in checks],
        "now": now,
    }
    connection.execute(_CHECK, values)


def disable(connection: Connection, external_id: str, why: str, now: datetime) -> None:
    query = text("""
        UPDATE ai_models SET enabled = false, disabled_reason = :why, updated_at = :now WHERE external_id = :external_id
    """)
    connection.execute(query, {"external_id": external_id, "why": why, "now": now})


def enable(connection: Connection, external_id: str, now: datetime) -> None:
    query = text("""
        UPDATE ai_models SET enabled = true, disabled_reason = NULL, updated_at = :now WHERE external_id = :external_id
    """)
    connection.execute(query, {"external_id": external_id, "now": now})


def note_simulated(connection: Connection, external_id: str, simulated: bool, now: datetime) -> None:
    """Whether the provider of the model says of itself that it is simulated."""
    query = text("""
        UPDATE ai_models SET simulated = :simulated, updated_at = :now
        WHERE external_id = :external_id AND kind = 'model' AND simulated IS DISTINCT FROM :simulated
    """)
    connection.execute(query, {"external_id": external_id, "simulated": simulated, "now": now})


def write_portfolio(connection: Connection, external_id: str, portfolio_id: int | None, now: datetime) -> None:
    """Sessions that have not begun belong to whichever portfolio the model has then."""
    values = {"external_id": external_id, "number": portfolio_id, "now": now}
    query = text("UPDATE ai_models SET portfolio_id = :number, updated_at = :now WHERE external_id = :external_id")
    connection.execute(query, values)
    if portfolio_id is not None:
        moved = text("""
            UPDATE betting_sessions s SET portfolio_id = :number, updated_at = :now FROM ai_models a
            WHERE a.model_id = s.model_id AND a.external_id = :external_id AND s.status = 'pending'
                AND s.portfolio_id <> :number
        """)
        connection.execute(moved, values)


def has_running_session(connection: Connection, model_id: UUID) -> bool:
    query = text("SELECT EXISTS (SELECT FROM betting_sessions WHERE model_id = :model_id AND status = 'running')")
    return bool(connection.execute(query, {"model_id": model_id}).scalar_one())


def portfolio_of(connection: Connection, external_id: str) -> int | None:
    """An open portfolio that was made for the model and that no model has yet."""
    query = text("""
        SELECT portfolio_id FROM portfolios p WHERE strategy_type = 'ai_model' AND status <> 'closed'
            AND strategy_config ->> 'model' = :external_id
            AND NOT EXISTS (SELECT FROM ai_models a WHERE a.portfolio_id = p.portfolio_id)
        ORDER BY portfolio_id LIMIT 1
    """)
    found = connection.execute(query, {"external_id": external_id}).scalar()
    return None if found is None else int(found)


def config_of(connection: Connection, portfolio_id: int) -> Mapping[str, Any]:
    query = text("SELECT strategy_config FROM portfolios WHERE portfolio_id = :portfolio_id")
    config: Mapping[str, Any] = connection.execute(query, {"portfolio_id": portfolio_id}).scalar_one()
    return config
