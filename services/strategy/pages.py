"""The page of a strategy controller: its pool, the portfolios it decides for, and why it left markets alone."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Response

from services.strategy import pairing
from services.strategy.generation import notes_of
from services.strategy.resources import Resources
from services.strategy.storage import pairs, portfolios
from services.strategy.storage.collections import rhythm
from shared.pages.rendering import rendered, ribbon, templates_of

TEMPLATES = templates_of(Path(__file__).parent / "templates")
ROWS = 50
REASONS_SHOWN = 6


def strategy_page(here: Resources, now: datetime) -> Response:
    with here.database.connection() as connection:
        simulated = portfolios.simulated(connection)
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
        "ribbon": ribbon(simulated),
        "now": now,
        "question": here.rule.question,
        "strategy": here.strategy,
        "kept": here.kept,
        "portfolios": served,
        "sets": here.rule.sets,
        "pairs": standing,
        "suggestions": pairing.suggestions(here, now, ROWS) if here.rule.sets else [],
    }
    return rendered(TEMPLATES, "strategy.html", f"strategy_{here.strategy}", facts)
