"""The templates of the arena's pages."""

from pathlib import Path

from services.arena.pages import sentences
from shared import topology
from shared.ui.rendering import Pages

PAGES = Pages(Path(__file__).parents[1] / "templates", topology.ARENA)
PAGES.environment.filters["sentence"] = sentences.of
PAGES.environment.filters["detail"] = sentences.detail
PAGES.environment.filters["cost"] = sentences.cost
