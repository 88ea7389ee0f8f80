"""The figures of a portfolio stand beside each other without touching, however many digits they have."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Browser

from services.paper_trading.pages.rendering import PAGES
from shared.ui.assets import STATIC
from shared.ui.places import Visit
from tests.browser.conftest import TOGETHER

pytestmark = TOGETHER

# What stands over the edge of its cell, as the browser has laid it out.
OVER = """() => [...document.querySelectorAll('dl.tiles dd span')].filter(each => {
    const room = each.closest('dl.tiles > div').getBoundingClientRect(), own = each.getBoundingClientRect();
    return own.left < room.left || own.right > room.right;
}).map(each => each.innerText)"""
NOBODY = Visit("http", "localhost", "", "system")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1100, 800, 360])
@pytest.mark.parametrize("equity", ["107610.71", "1107610.71", "9999999.99"])
def test_no_figure_leaves_its_cell(browser: Browser, equity: str, width: int, theme: str) -> None:
    worth, figures = Decimal(equity), ("current_balance", "reserved_balance", "total_invested", "liquidation_value")
    portfolio = dict.fromkeys((*figures, "equity", "total_pnl", "fees_paid", "execution_cost", "owed"), worth)
    facts = {"p": {**portfolio, "growth": worth / 100_000 - 1}, "fall": Decimal("0.1865")}
    tiles = PAGES.part(NOBODY, "portfolio_state.html", facts, now=datetime.now(UTC))
    style = (STATIC / "style.css").read_text(encoding="utf-8")

    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(
        f'<!doctype html><html data-theme="{theme}"><style>{style}</style><body><main>{tiles}</main></body></html>'
    )
    over, wide = page.evaluate(OVER), page.evaluate("document.documentElement.scrollWidth")
    page.close()

    assert over == []
    assert wide == width
