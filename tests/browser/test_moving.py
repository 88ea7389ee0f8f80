"""What moves while somebody looks, what a keyboard can do, and what is said when nothing moves any more."""

import os
import signal

import requests

from tests.bench.whole import Running
from tests.browser.conftest import TOGETHER, until
from tests.browser.looking import Looking
from tests.browser.places import PAGES, settled_event
from tests.launcher.arena import Arena

pytestmark = TOGETHER

CYCLE = "/trading/run-all-portfolios"


def test_new_lines_and_figures_come_by_themselves(arena: Arena, looking: Looking) -> None:
    look = looking.at(PAGES["home"](arena))
    first = look.page.locator('[data-lines="feed"] > li').first.get_attribute("data-line")

    requests.post(arena.address("orchestrator") + CYCLE, timeout=120)

    feed = look.page.locator('[data-lines="feed"] > li').first
    until(lambda: feed.get_attribute("data-line") != first, 60, look.page.wait_for_timeout)
    assert look.complaints == []
    look.page.close()


def test_who_has_scrolled_on_is_told_that_there_is_news(arena: Arena, looking: Looking) -> None:
    look = looking.at(PAGES["home"](arena))
    look.page.locator('button[data-follow="feed"]').click()

    requests.post(arena.address("orchestrator") + CYCLE, timeout=120)

    news = look.page.locator("button.news").first
    until(lambda: news.is_visible(), 60, look.page.wait_for_timeout)
    assert "new" in news.inner_text()
    news.click()
    assert not news.is_visible()
    look.page.close()


def test_a_lost_connection_is_said_and_found_again(arena: Arena, looking: Looking) -> None:
    look = looking.at(PAGES["home"](arena))
    bar = look.page.locator("[data-away]")
    assert not bar.is_visible()
    pid = _orchestrator(arena)

    os.kill(pid, signal.SIGKILL)  # the launcher starts it again

    until(lambda: bar.is_visible(), 30, look.page.wait_for_timeout)
    assert "Nothing new since" in bar.inner_text()
    until(lambda: not bar.is_visible(), 60, look.page.wait_for_timeout)
    look.page.close()


def _orchestrator(arena: Arena) -> int:
    assert arena.process is not None
    running = Running(arena.process.pid, int(arena.variables["PORT_OFFSET"]))
    return next(pid for pid, name in running.processes().items() if name == "orchestrator")


def test_everything_can_be_reached_by_keyboard(arena: Arena, looking: Looking) -> None:
    page = looking.at(PAGES["home"](arena)).page

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "text"
    page.keyboard.type("will")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?text=will*")
    assert page.locator("h1").inner_text()
    page.close()


def test_every_step_of_the_keyboard_is_seen(arena: Arena, looking: Looking) -> None:
    page = looking.at(PAGES["portfolios"](arena)).page

    unseen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if outline in ("none", "") and page.evaluate("document.activeElement.tagName") != "BODY":
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))

    assert unseen == []
    page.close()


def test_a_table_is_sorted_by_keyboard(arena: Arena, looking: Looking) -> None:
    page = looking.at(PAGES["portfolios"](arena)).page
    table = page.locator("table[data-sort]").first
    head = table.locator("th:has(button)").nth(1)

    head.locator("button").focus()
    page.keyboard.press("Enter")
    first = head.get_attribute("aria-sort")
    page.keyboard.press("Enter")

    assert {first, head.get_attribute("aria-sort")} == {"ascending", "descending"}
    page.close()


def test_light_and_dark_are_chosen_for_all_services(arena: Arena, looking: Looking) -> None:
    context = looking.browser.new_context()
    page = context.new_page()
    page.goto(PAGES["home"](arena))
    page.get_by_role("link", name="dark", exact=True).click()
    page.goto(PAGES["markets"](arena))

    assert page.locator("html").get_attribute("data-theme") == "dark"
    context.close()


def test_an_event_streams_what_models_think(arena: Arena, looking: Looking) -> None:
    assert settled_event(arena)
    look = looking.at(PAGES["event"](arena))

    assert look.page.locator("main").inner_text().count("\n") > 20
    assert look.complaints == []
    look.page.close()
