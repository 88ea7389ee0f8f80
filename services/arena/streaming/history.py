"""What a reader missed, from the stored entries, and the way from there into the present."""

# The reader is registered first and the present is kept back. The history is then read to a snapshot that was taken
# after that, so the two overlap and nothing falls between them; what the snapshot saw is dropped from the present.
# Where more of the present comes meanwhile than is kept back, it is dropped and the history goes on in its place.

from dataclasses import dataclass

from services.arena.streaming.frames import Frame
from services.arena.streaming.hub import Hub
from services.arena.streaming.problems import TooFarBehind
from services.arena.streaming.readers import Reader
from shared.feed import entries_after, entries_behind, seen_by

PAGE = 2_000
PART_BYTES = 250_000  # that may be unread before more is sent: a history cuts nobody who reads
HISTORY_MAX = 50_000  # entries; who is further behind reads the lists anew


@dataclass(frozen=True, slots=True)
class Page:
    frames: list[Frame]  # that the reader wants
    cursor: str
    more: bool


async def first_page(hub: Hub, reader: Reader, since: str) -> Page:
    """Raises UnknownCursor, EntriesForgotten and TooFarBehind."""
    return await hub.apart(_page, hub, reader, since, True)


async def tell(hub: Hub, reader: Reader, page: Page) -> None:
    """This page and all that follow it, and then the present."""
    while True:
        for frame in page.frames:
            if reader.unread() > PART_BYTES:
                await reader.drained()
            if reader.ended:
                return
            reader.send(frame)
        await reader.drained()
        if not page.more:
            if not reader.overheld:
                reader.release(seen_by(page.cursor), page.cursor)
                return
            reader.hold()
        page = await hub.apart(_page, hub, reader, page.cursor, False)


def _page(hub: Hub, reader: Reader, cursor: str, first: bool) -> Page:
    with hub.database.connection() as connection:
        batch = entries_after(connection, cursor, PAGE)
        if first and batch.more and entries_behind(connection, cursor, HISTORY_MAX + 1) > HISTORY_MAX:
            raise TooFarBehind(most=f"{HISTORY_MAX:,}")
    frames = hub.events.frames(batch.entries, reader.wants)
    return Page(frames, batch.cursor, batch.more)
