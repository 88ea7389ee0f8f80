"""Bytes of answers, kept until their moment has passed or the room is full."""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

BYTES_MAX = 320_000_000  # what one sync of a world of 80,000 markets reads


class Page(NamedTuple):
    body: bytes
    following: str | None = None  # the cursor to the next page of a list


class Kept(NamedTuple):
    moment: float
    until: float
    page: Page


class Pages:
    """A page is valid for one tick of its listing's clock. When the room is full, pages of the past make way; pages of
    the present do not: a crawl larger than the room would otherwise drive out each page just before it is read again.
    """

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._held: dict[str, Kept] = {}
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str, moment: float, seconds: float, build: Callable[[], Page]) -> Page:
        """The page of this moment, which stays the present one for so many seconds."""
        with self._lock:
            found = self._held.get(key)
            if found is not None and found.moment == moment:
                return found.page
        page = build()
        with self._lock:
            self._drop(key)
            self._make_room(len(page.body), moment)
            if self._bytes + len(page.body) <= self._bytes_max:
                self._held[key] = Kept(moment, moment + seconds, page)
                self._bytes += len(page.body)
        return page

    def holds(self, key: str, moment: float) -> bool:
        found = self._held.get(key)
        return found is not None and found.moment == moment

    def _make_room(self, needed: int, now: float) -> None:
        if self._bytes + needed <= self._bytes_max:
            return
        for key in [key for key, kept in self._held.items() if kept.until <= now]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self._bytes -= len(found.page.body)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._bytes = 0

    @property
    def bytes_held(self) -> int:
        return self._bytes
