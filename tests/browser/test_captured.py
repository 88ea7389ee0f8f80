"""What real venues once said, and a single portfolio that looks at it: no page knows only the simulated world."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from sqlalchemy import text

from tests.browser.captured import serve_captured
from tests.browser.conftest import TOGETHER, database_of, said, stop
from tests.browser.looking import DESKTOP, PHONE, Looking, Size
from tests.browser.places import EVERYWHERE, PAGES
from tests.browser.test_walk import assert_well
from tests.launcher.arena import Arena
from tests.venues.conftest import SHARED
from tests.venues.double import running_double

pytestmark = TOGETHER

FED = "polymarket:906973"  # has a recorded book and siblings, and its date has passed
WEATHER = "kalshi:KXHIGHNY-26JUL19-T80"
PORTFOLIO = 1


@pytest.fixture(scope="module")
def captured_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """It takes the recorded answers for its venues; one cycle of its one portfolio has run."""
    samples, captures = SHARED / "reference" / "samples", SHARED / "data"
    if not samples.is_dir() or not captures.is_dir():
        pytest.skip("the recorded answers of the venues do not lie beside this checkout")
    with running_double() as venues:
        settings = serve_captured(venues, samples, captures)
        still = {"SCHEDULE_ENABLED": "false", "ARENA_ENABLED": "false"}  # no model enters, nobody is judged
        arena = Arena(tmp_path_factory.mktemp("captured") / "data", ("all",), **still, **settings)
        try:
            arena.start().wait_until_ready()
            _leave_one_portfolio(arena)
            began = requests.post(f"{arena.address('orchestrator')}/trading/run-all-portfolios", json={}, timeout=60)
            assert began.status_code == 200, began.text
            yield arena
        finally:
            stop(arena)


def _leave_one_portfolio(arena: Arena) -> None:
    """Nothing has happened yet, so nothing else knows of the others."""
    database = database_of(arena)
    with database.transaction() as connection:
        for table in ("cash_entries", "portfolio_changes", "portfolios"):
            connection.execute(text(f"DELETE FROM {table} WHERE portfolio_id <> :one"), {"one": PORTFOLIO})
    database.dispose()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_page_is_well_with_one_portfolio_and_real_markets(
    captured_arena: Arena, looking: Looking, name: str, size: Size
) -> None:
    look = looking.at(PAGES[name](captured_arena), size, "dark" if size == PHONE else "light")

    assert_well(look)
    assert "LIVE DATA" in look.page.locator(".ribbon").inner_text()
    look.page.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("market", [FED, WEATHER])
def test_a_recorded_market_is_well(captured_arena: Arena, looking: Looking, market: str, size: Size) -> None:
    look = looking.at(f"{captured_arena.address('markets')}/market/{quote(market, safe='')}", size)
    look.page.get_by_role("button", name="Read the book").click()
    look.page.locator("#depth").wait_for()

    assert_well(look)
    assert "open, due" in look.page.locator(".trail").inner_text()
    look.page.close()


def test_the_only_portfolio_is_not_called_a_leader(captured_arena: Arena, looking: Looking) -> None:
    look = looking.at(captured_arena.address("orchestrator"))

    assert look.page.locator("table").first.locator("tbody tr:not(.tier)").count() == 1
    assert "nobody is ahead" in look.page.locator(".answer").inner_text()
    look.page.close()


def test_the_only_portfolio_has_a_page(captured_arena: Arena, looking: Looking) -> None:
    [only] = said(captured_arena, "paper_trading", "/paper-trading/all-portfolios")["portfolios"]
    look = looking.at(f"{captured_arena.address('paper_trading')}/portfolio/{only['portfolio_id']}", PHONE)

    assert_well(look)
    look.page.close()
