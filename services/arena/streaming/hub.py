"""The hub: one listener hears the feed for all readers of this process, and each entry is made into bytes once."""

# It begins with its first reader, whose event loop it takes for its own. The listener's thread makes frames; all that
# concerns readers happens on the loop, so it needs no locks.

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge, Histogram

from services.arena.streaming.commands import Command
from services.arena.streaming.events import Events
from services.arena.streaming.frames import FOR_ALL, HEARTBEAT, Frame, frame_now
from services.arena.streaming.problems import TRY_AGAIN, Stopping, TooManyReaders
from services.arena.streaming.readers import Reader
from services.arena.streaming.viewers import Viewers
from shared.database import Database
from shared.feed import Entry, present_cursor, seen_by
from shared.feed_listener import FeedListener
from shared.lines import GOING_AWAY, STOPS, allow_many

log = structlog.get_logger()

READING = Gauge("coliseum_feed_readers", "Readers of the live feed now.")
FRAMES = Counter("coliseum_feed_frames_total", "Frames of the live feed, each counted once for all readers.", ["type"])
GONE = Counter("coliseum_feed_readers_gone_total", "Readers that the feed let go or that left.", ["how"])
DELAY = Histogram("coliseum_feed_delay_seconds", "From an entry to its frame, for the oldest of those heard at once.")

READERS_MAX = 5_000
FILES_KEPT = 256  # of those that this process may have open: for the database, services, other requests
HEARTBEAT_SECONDS = 15.0
TURN_WRITES = 5_000  # to readers, before the loop sees to other things
TURN_BYTES = 250_000  # to each reader, before it is sent: what one burst holds must cut nobody who reads
INBOX_MAX = 5_000  # frames that wait for readers to be told; the listener waits as well then
THREADS = 4  # that read history

Answer = TypeVar("Answer")
Given = TypeVarTuple("Given")


class Hub:
    def __init__(self, database: Database, replica: UUID, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock
        self.events = Events(database)
        self.viewers = Viewers(self, replica)
        self.cursor = ""  # behind what all readers were told
        self.readers: set[Reader] = set()
        self._everything: set[Reader] = set()
        self._by_event: dict[str, set[Reader]] = {}
        self._inbox: deque[Frame] = deque()
        self._turning = False
        self._room = threading.Event()
        self._room.set()
        self._stopping = False
        self._files = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: FeedListener | None = None
        self._opening = asyncio.Lock()
        self._upkeep: list[asyncio.Task[None]] = []
        self._threads = ThreadPoolExecutor(THREADS, "feed-history")

    # ---- for readers, on the loop ----

    async def join(self, reader: Reader, since: str | None, event_ids: frozenset[str]) -> None:
        """Hears the feed from here on, or keeps it back until the history since then has been told."""
        if since:
            seen_by(since)  # raises UnknownCursor before anything is said
        await self._open()
        if self._stopping:
            raise Stopping()
        if len(self.readers) >= min(READERS_MAX, self._files - FILES_KEPT):
            raise TooManyReaders()
        if event_ids:
            reader.choose(Command("subscribe", event_ids))
        reader.cursor = since or self.cursor
        reader.send(self.now("welcome", reader.cursor, **self._subscription(reader)))
        if since:
            reader.hold()
        self.readers.add(reader)
        self._register(reader)
        READING.set(len(self.readers))
        if not since:
            self._tell_viewers(reader, event_ids)

    def leave(self, reader: Reader) -> None:
        if reader in self.readers:
            self.readers.discard(reader)
            self._unregister(reader)
            READING.set(len(self.readers))
            GONE.labels("cut" if reader.ended else "left").inc()

    def subscribe(self, reader: Reader, command: Command) -> None:
        before = set(reader.event_ids)
        self._unregister(reader)
        try:
            reader.choose(command)
        finally:
            if reader in self.readers:
                self._register(reader)
        reader.send(self.now(f"{command.action}d", self.cursor_for(reader), **self._subscription(reader)))
        self._tell_viewers(reader, reader.event_ids - before)

    def cursor_for(self, reader: Reader) -> str:
        """From which on this reader has to go on."""
        return reader.cursor if reader.apart else self.cursor

    def now(self, name: str, cursor: str, **facts: Any) -> Frame:
        return frame_now(name, cursor, self.clock(), facts)

    async def apart(self, work: Callable[[*Given], Answer], *given: *Given) -> Answer:
        """In a thread: whatever asks Postgres."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    def watched(self) -> dict[UUID, int]:
        """How many look at each event through this process."""
        return {UUID(event_id): len(readers) for event_id, readers in self._by_event.items()}

    def tell(self, frame: Frame) -> None:
        """To all who want it; one who does not take it harms nobody else."""
        if frame.entry is not None:
            self.cursor = frame.cursor
        FRAMES.labels(frame.type).inc()
        for reader in self._hearing(frame):
            try:
                reader.offer(frame)
            except Exception:
                log.exception("reader_failed")
                self.leave(reader)

    # ---- for whoever owns the process ----

    def told_to_stop(self) -> None:
        """Lets all readers go, who would be waited for otherwise. From any thread, and from within a signal."""
        self._stopping = True
        self._room.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._let_go, GOING_AWAY, STOPS)

    def close(self) -> None:
        self.told_to_stop()
        if self._listener is not None:
            self._listener.stop()
        if self._loop is not None and not self._loop.is_closed():
            for task in self._upkeep:
                self._loop.call_soon_threadsafe(task.cancel)
        self._threads.shutdown(wait=False, cancel_futures=True)

    # ---- inside ----

    async def _open(self) -> None:
        async with self._opening:
            if self._listener is not None or self._stopping:
                return
            self.cursor = await self.apart(self._present)
            self._loop = asyncio.get_running_loop()
            self._listener = FeedListener(self.database, self._deliver, self.cursor)
            self._listener.start()
            self._upkeep = [asyncio.create_task(self._beat()), asyncio.create_task(self.viewers.keep())]
            self._files = allow_many()

    def _present(self) -> str:
        with self.database.connection() as connection:
            return present_cursor(connection)

    def _deliver(self, entries: Sequence[Entry]) -> None:
        """On the listener's thread. Where frames cannot be made, all readers are let go, and read again from where
        they are: nobody goes on with a gap."""
        self._room.wait()
        DELAY.observe(max(0.0, (self.clock() - entries[0].created_at).total_seconds()))
        frames: list[Frame] | None = None
        try:
            frames = self.events.frames(entries)
        finally:
            if self._loop is not None and not self._stopping:
                self._loop.call_soon_threadsafe(self._take, frames)

    def _take(self, frames: list[Frame] | None) -> None:
        if frames is None:
            self._let_go(TRY_AGAIN, "Some entries could not be told; connect again with since= the last cursor.")
            return
        self._inbox.extend(frames)
        if len(self._inbox) > INBOX_MAX and not self._stopping:
            self._room.clear()
        if not self._turning:
            self._turn()

    def _turn(self) -> None:
        """Tells a part of what is there, so that the loop can send it before the next."""
        writes, size = 0, 0
        while self._inbox and writes < TURN_WRITES and size < TURN_BYTES:
            frame = self._inbox.popleft()
            self.tell(frame)
            writes += len(self.readers) + 1
            size += len(frame.text)
        self._turning = bool(self._inbox)
        if self._turning and self._loop is not None:
            self._loop.call_soon(self._turn)
        if len(self._inbox) <= INBOX_MAX or self._stopping:
            self._room.set()

    def _hearing(self, frame: Frame) -> Iterable[Reader]:
        if frame.type in FOR_ALL or frame.type == HEARTBEAT:
            return tuple(self.readers)
        if frame.event_id is None or frame.event_id not in self._by_event:
            return tuple(self._everything)
        return self._everything | self._by_event[frame.event_id]

    def _register(self, reader: Reader) -> None:
        if reader.everything:
            self._everything.add(reader)
        for event_id in reader.event_ids:
            self._by_event.setdefault(event_id, set()).add(reader)
        self.viewers.changed.set()

    def _unregister(self, reader: Reader) -> None:
        self._everything.discard(reader)
        for event_id in reader.event_ids:
            looking = self._by_event.get(event_id, set())
            looking.discard(reader)
            if not looking:
                self._by_event.pop(event_id, None)
        self.viewers.changed.set()

    def _subscription(self, reader: Reader) -> dict[str, Any]:
        return {"event_ids": sorted(reader.event_ids), "all": reader.everything}

    def _tell_viewers(self, reader: Reader, event_ids: Iterable[str]) -> None:
        for event_id in event_ids:
            if (viewers := self.viewers.known.get(UUID(event_id))) is not None:
                reader.offer(self.viewers.frame(UUID(event_id), viewers))

    def _let_go(self, code: int, reason: str) -> None:
        for reader in tuple(self.readers):
            reader.end(code, reason)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self.tell(self.now(HEARTBEAT, self.cursor))
