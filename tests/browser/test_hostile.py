"""Titles, names and words of strangers in a real browser: they stay words, in their place."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.browser.conftest import TOGETHER, database_of
from tests.browser.looking import DESKTOP, PHONE, Looking, Size
from tests.browser.places import PAGES
from tests.launcher.arena import Arena

pytestmark = TOGETHER

HOSTILE = (
    "<script>window.taken=1</script><img src=x onerror='window.taken=2'>\"><svg onload=window.taken=3> "
    "</span><!----></li><!----> {{ 7*7 }} \u202egnp.exe \u2066 \N{PILE OF POO} "
    + "W" * 300
    + "\N{ARABIC LETTER AIN}" * 80
)
# What strangers write, and where it is kept: the venues' words, a portfolio's name, what a model said.
WORDS = (
    ("markets", "market_no", "question"),
    ("events", "event_id", "title"),
    ("portfolios", "portfolio_id", "name"),
    ("arena_events", "event_id", "question"),
    ("arena_events", "event_id", "title"),
    ("ai_models", "model_id", "name"),
    ("betting_sessions", "session_id", "reasoning_summary"),
    ("session_messages", "session_id, sequence_number", "content"),
    ("event_summaries", "summary_id", "summary_text"),
)


@pytest.fixture(scope="module")
def taken_over(arena: Arena) -> Iterator[Arena]:
    """Every title, name and word is hostile for the length of this module."""
    database = database_of(arena)
    with database.transaction() as connection:
        for table, key, column in WORDS:
            connection.execute(text(f"CREATE TABLE kept_{table}_{column} AS SELECT {key}, {column} FROM {table}"))
            unique = f" || {key}::text" if table in ("portfolios", "ai_models") else ""
            connection.execute(text(f"UPDATE {table} SET {column} = CAST(:words AS text){unique}"), {"words": HOSTILE})
    yield arena
    with database.transaction() as connection:
        for table, key, column in WORDS:
            kept = f"kept_{table}_{column}"
            same = " AND ".join(f"k.{each} = t.{each}" for each in key.split(", "))
            connection.execute(text(f"UPDATE {table} t SET {column} = k.{column} FROM {kept} k WHERE {same}"))
            connection.execute(text(f"DROP TABLE {kept}"))
    database.dispose()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_hostile_words_stay_words(taken_over: Arena, looking: Looking, name: str, size: Size) -> None:
    look = looking.at(PAGES[name](taken_over), size)

    assert look.page.evaluate("window.taken") is None
    assert look.complaints == []
    assert look.overflow() <= 0, "the page is wider than its window"
    assert "7*7" in look.page.locator("body").inner_text() or "{{ 7*7 }}" not in look.page.content()
    assert look.page.locator("main img, main iframe, main object").count() == 0
    look.page.close()
