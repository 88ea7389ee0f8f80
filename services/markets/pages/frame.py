"""The templates of the pages of markets."""

from pathlib import Path

from shared import topology
from shared.ui.rendering import Pages

PAGES = Pages(Path(__file__).parents[1] / "templates", topology.MARKETS)
