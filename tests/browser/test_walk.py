"""Every page in a real browser: quick and small, without a complaint, on a desk and on a phone, light and dark."""

import pytest

from tests.browser.conftest import TOGETHER
from tests.browser.looking import DESKTOP, PHONE, Look, Looking, Size, Theme
from tests.browser.places import EVERYWHERE, PAGES
from tests.launcher.arena import Arena

pytestmark = TOGETHER

REQUESTS_MAX = 8
BYTES_MAX = 100_000
# One look for each page and size; both themes are seen at both sizes.
LOOKS: tuple[tuple[Size, Theme], ...] = ((DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light"))


def assert_well(look: Look) -> None:
    assert look.complaints == []
    assert look.overflow() <= 0, "the page is wider than its window"
    assert look.page.locator("h1").count() == 1
    assert look.page.locator(".ribbon").is_visible()
    assert look.violations() == []


@pytest.mark.parametrize(("size", "theme"), LOOKS, ids=["desk-light", "phone-dark", "desk-dark", "phone-light"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well(arena: Arena, looking: Looking, name: str, size: Size, theme: Theme) -> None:
    look = looking.at(PAGES[name](arena), size, theme)

    assert_well(look)
    look.page.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_first_load_of_a_page_is_small(arena: Arena, looking: Looking, name: str) -> None:
    fresh = Looking(looking.browser)  # that has nothing kept
    look = fresh.at(PAGES[name](arena))
    asked = [url for url in look.requests if not url.startswith("data:")]

    assert len(asked) <= REQUESTS_MAX, asked
    assert look.bytes <= BYTES_MAX
    assert all(url.startswith(PAGES[name](arena).split("/", 3)[0]) for url in asked)
    fresh.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_the_same_without_scripts(arena: Arena, looking: Looking, name: str) -> None:
    look = looking.at(PAGES[name](arena), scripts=False)

    assert look.page.locator("h1").inner_text().strip()
    assert look.page.locator("main").inner_text().count(" ") > 15
    look.page.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_page_is_well_before_anything_has_happened(
    quiet_arena: Arena, looking: Looking, name: str, size: Size
) -> None:
    look = looking.at(PAGES[name](quiet_arena), size, "dark" if size == PHONE else "light")

    assert_well(look)
    look.page.close()
