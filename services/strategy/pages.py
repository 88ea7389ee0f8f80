"""The page of a strategy controller: its pool, the portfolios it decides for, and why it left markets alone."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response

from services.strategy import pairing
from services.strategy.generation import notes_of
from services.strategy.resources import Resources
from services.strategy.storage import pairs, portfolios
from services.strategy.storage.collections import rhythm
from shared import topology
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = {name: Pages(Path(__file__).parent / "templates", service) for name, service in topology.STRATEGIES.items()}
ROWS = 50
REASONS_SHOWN = 6


def strategy_page(request: Request, here: Resources, now: datetime) -> Response:
    with here.database.connection() as connection:
        truth = truth_of(connection)
        served = portfolios.served(connection, here.strategy)
        every = rhythm(connection)
        stored = portfolios.portfolios(connection, [row["portfolio_id"] for row in served], now)
        standing = pairs.pairs_page(connection, 0, ROWS, True) if here.rule.sets else []
    for row in served:
        counts = sorted((row["abstentions"] or {}).items(), key=lambda each: -each[1])
        row["reasons"] = counts[:REASONS_SHOWN]
        one = stored.get(row["portfolio_id"])
        row["notes"] = notes_of(here, one, every) if one else []
    facts: dict[str, Any] = {
        "question": here.rule.question,
        "strategy": here.strategy,
        "kept": here.kept,
        "portfolios": served,
        "sets": here.rule.sets,
        "pairs": standing,
        "suggestions": pairing.suggestions(here, now, ROWS) if here.rule.sets else [],
    }
    return PAGES[here.strategy].answer(request, "strategy.html", facts, now=now, truth=truth)
