"""Listings end, and never go round in a circle."""

from collections.abc import Callable

import pytest

from shared.venues.failures import CursorRepeated, PagesExceeded
from shared.venues.paging import walk
from shared.venues.records import Page

Fetch = Callable[[str | None], tuple[Page[str], object]]


def listing(pages: dict[str | None, tuple[str | None, str | None]]) -> Fetch:
    """Each cursor's page as (id of the first row, next cursor)."""

    def fetch(cursor: str | None) -> tuple[Page[str], object]:
        first_id, following = pages[cursor]
        return Page((first_id,) if first_id else (), cursor=following), first_id

    return fetch


def test_a_listing_ends_where_no_cursor_follows() -> None:
    pages = listing({None: ("a", "1"), "1": ("b", "2"), "2": ("c", None)})

    records = [page.records for page in walk("/markets", pages)]

    assert records == [("a",), ("b",), ("c",)]


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    pages = listing({None: ("a", "1"), "1": (None, "2"), "2": ("c", None)})

    records = [page.records for page in walk("/markets", pages)]

    assert records == [("a",), (), ("c",)]


def test_a_cursor_that_repeats_ends_with_an_error() -> None:
    pages = listing({None: ("a", "1"), "1": ("b", "2"), "2": ("c", "1")})
    seen: list[Page[str]] = []

    with pytest.raises(CursorRepeated, match="/markets came round in a circle"):
        seen.extend(walk("/markets", pages))

    assert len(seen) == 3


def test_a_page_that_begins_like_the_last_one_ends_with_an_error() -> None:
    pages = listing({None: ("a", "1"), "1": ("a", "2"), "2": ("c", None)})

    with pytest.raises(CursorRepeated):
        list(walk("/markets", pages))


def test_a_listing_without_end_is_left() -> None:
    def fetch(cursor: str | None) -> tuple[Page[str], object]:
        following = str(int(cursor or 0) + 1)
        return Page((following,), cursor=following), following

    with pytest.raises(PagesExceeded, match="within 5000 pages"):
        list(walk("/markets", fetch))
