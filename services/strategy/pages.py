"""The page of a strategy controller: why it traded and why not, its pool, its configuration, and pairs of contracts."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response

from services.strategy import generation, pairing
from services.strategy.resources import Resources
from services.strategy.storage import pairs, showing
from services.strategy.storage.collections import rhythm
from shared import topology
from shared.errors import NotFound
from shared.trading import passing
from shared.ui.paging import leaf_of
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = {name: Pages(Path(__file__).parent / "templates", service) for name, service in topology.STRATEGIES.items()}
ROWS = 50
REASONS_MAX = 12
ANSWERS_MAX = 8
SIGNALS_MAX = 12


class NotServedHere(NotFound):
    """{strategy} decides for no portfolio {portfolio_id}."""


def strategy_page(request: Request, here: Resources, portfolio_id: int | None, leaf: int, now: datetime) -> Response:
    with here.database.connection() as connection:
        truth = truth_of(connection)
        served = showing.served(connection, here.strategy)
        failures = showing.failures(connection, here.strategy)
        chosen = _chosen(here, served, portfolio_id)
        number = chosen["portfolio_id"] if chosen else 0
        answers = showing.answers_of(connection, number, ANSWERS_MAX) if chosen else []
        signals = showing.signals_of(connection, number, SIGNALS_MAX) if chosen else []
        every = rhythm(connection)
        standing = pairs.pairs_page(connection, 0, ROWS, True) if here.rule.sets else []
        health = showing.health_of(connection, topology.STRATEGIES[here.strategy].name)
    for row in served:
        row["notes"] = generation.notes_of(here, row["config"], every) if here.rule.history else []
        row["failure"] = failures.get(row["portfolio_id"])
        row["reason"] = next(iter(passing.counted([row["abstentions"]])), None)
    served.sort(key=lambda row: row["failure"] is None)
    shown = leaf_of(leaf, len(served))
    heard = [row for row in served if row["created_at"] is not None]
    facts: dict[str, Any] = {
        "strategy": here.strategy,
        "rule": here.rule.question,
        "kept": here.kept,
        "portfolios": shown.of(served),
        "leaf": shown,
        "heard": heard,
        "failed": [row for row in served if row["failure"]],
        "signals_made": sum(row["signals_generated"] for row in heard),
        "reasons": passing.counted(row["abstentions"] for row in heard)[:REASONS_MAX],
        "looked_at": sum(row["markets_considered"] for row in heard),
        "chosen": chosen,
        "answers": answers,
        "answer_reasons": passing.counted([answers[0]["abstentions"]]) if answers else [],
        "signals": signals,
        "schema": _fields(here),
        "health": health,
        "sets": here.rule.sets,
        "pairs": standing,
        "suggestions": pairing.known_suggestions(here, ROWS) if here.rule.sets else [],
    }
    return PAGES[here.strategy].answer(request, "strategy.html", facts, now=now, truth=truth)


def _chosen(here: Resources, served: list[dict[str, Any]], portfolio_id: int | None) -> dict[str, Any] | None:
    """The portfolio whose answers are shown: the one asked for, else the one with the most to tell."""
    if portfolio_id is None:
        heard = [row for row in served if row["created_at"] is not None]
        return max(heard, key=lambda row: (row["signals_generated"], row["markets_matched"]), default=None)
    found = next((row for row in served if row["portfolio_id"] == portfolio_id), None)
    if found is None:
        raise NotServedHere(strategy=here.strategy.replace("_", " "), portfolio_id=portfolio_id)
    return found


def _fields(here: Resources) -> list[dict[str, Any]]:
    """What `strategy_config` may hold, a line for each key."""
    schema = generation.config_schema(here.rule)
    return [
        {"key": key, "default": field.get("default"), "bounds": _bounds(field), "description": field.get("description")}
        for key, field in schema["properties"].items()
    ]


def _bounds(field: dict[str, Any]) -> str:
    """Of a number, or the words it may be."""
    kind = next((each for each in field.get("anyOf", [field]) if each.get("type") != "null"), field)
    if "enum" in kind:
        return " or ".join(map(str, kind["enum"]))
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    return ", ".join(f"{said} {kind[name]}" for name, said in words.items() if name in kind)
