"""Walking a listing by the venue's own cursor, to its end, and never in a circle."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from shared.venues.failures import CursorRepeated, PagesExceeded, VenueError, VenueGibberish, reason_of
from shared.venues.records import Page, Rejected
from shared.venues.rejections import REJECTIONS
from shared.venues.transport import Answer
from shared.venues.wire import split

Item = TypeVar("Item")
Found = TypeVar("Found")
Record = TypeVar("Record")

PAGES_MAX = 5_000


def walk(
    path: str, fetch: Callable[[str | None], tuple[Page[Record], object]], *, pages_max: int = PAGES_MAX
) -> Iterator[Page[Record]]:
    """The pages of a listing. `fetch` takes a cursor and answers the page and the first row, or its id.

    A venue that ignores our cursor sends the first page for ever: its first row gives that away.
    """
    cursor: str | None = None
    seen: set[str] = set()
    previous: object = None
    for _ in range(pages_max):
        page, first = fetch(cursor)
        if first is not None and first == previous:
            raise CursorRepeated(path=path, cursor=cursor)
        yield page
        if page.cursor is None:
            return
        if page.cursor in seen:
            raise CursorRepeated(path=path, cursor=page.cursor)
        seen.add(page.cursor)
        cursor, previous = page.cursor, first
    raise PagesExceeded(path=path, pages=pages_max)


def rows_of(answer: Answer, key: str | None, path: str) -> list[Any]:
    """The rows of an answer: under `key` of its envelope, or the answer itself."""
    rows = answer.data
    if key is not None:
        rows = rows.get(key) if isinstance(rows, dict) else None
    if not isinstance(rows, list):
        raise VenueGibberish(host="the venue", path=path, why=f"there is no list `{key or 'rows'}` in it")
    return rows


def cursor_of(envelope: object, key: str, path: str) -> str | None:
    """The cursor of the next page. Absent, null and empty all mean that this was the last one."""
    cursor = envelope.get(key) if isinstance(envelope, dict) else None
    if cursor is None or cursor == "":
        return None
    if not isinstance(cursor, str):
        raise VenueGibberish(host="the venue", path=path, why=f"its `{key}` is no text")
    return cursor


def page_of(
    answer: Answer, rows: Sequence[object], read: Callable[[object], Record | Rejected], cursor: str | None
) -> Page[Record]:
    """The page that these rows make; what cannot be read is counted and logged."""
    records, rejected = split(map(read, rows))
    REJECTIONS.report(rejected)
    return Page(records, rejected, cursor, answer.bytes_read, answer.seconds)


def readable(read: Record | Rejected, path: str) -> Record:
    """The only record that was asked for; there is nothing to go on with if it cannot be read."""
    if isinstance(read, Rejected):
        REJECTIONS.report([read])
        raise VenueGibberish(host="the venue", path=path, why=read.reason)
    return read


def names(row: Any, field: str) -> bool:
    """Whether a row says whom it is about."""
    return isinstance(row, dict) and isinstance(row.get(field), str)


def batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def gather(
    executor: Executor, ask: Callable[[Sequence[Item]], Found], asked: Sequence[Sequence[Item]]
) -> list[tuple[Sequence[Item], Found | str]]:
    """The answers to all batches, asked side by side; a batch that failed has the reason instead."""

    def attempt(batch: Sequence[Item]) -> Found | str:
        try:
            return ask(batch)
        except VenueError as error:
            return reason_of(error)

    if len(asked) == 1:
        return [(asked[0], attempt(asked[0]))]
    return list(zip(asked, executor.map(attempt, asked), strict=True))
