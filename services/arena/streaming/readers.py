"""Who reads the feed: what they want to hear, how far they are, and the way to them."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable

from services.arena.streaming.commands import EVENTS_MAX, Command
from services.arena.streaming.frames import Frame, is_for
from services.arena.streaming.problems import TOO_SLOW, BadSubscription, too_slow
from shared.cursors import cursor_of
from shared.feed import Seen
from shared.lines import GOING_AWAY, PARTING_SECONDS, STOPPING_SECONDS, Line, SocketLine

BEHIND_BYTES_MAX = 4_000_000  # that a reader leaves unread, beyond what the kernel holds for him
BEHIND_MAX = 20_000  # entries
HELD_BYTES_MAX = 1_000_000  # of the present, while the history is told; what comes on top is read from the history
DRAIN_SECONDS = 30.0  # for a part of the history to be taken


class Reader(ABC):
    """Belongs to the event loop, and to nobody else."""

    def __init__(self) -> None:
        self.everything = True
        self.event_ids: set[str] = set()
        self.cursor = ""  # of what went to him last
        self.ended = False
        self._chose = False  # until he does, he hears everything
        self._seen: Seen | None = None
        self._held: deque[Frame] | None = None
        self._held_bytes = 0
        self.overheld = False  # more of the present came than is kept: the history has to go on

    @abstractmethod
    def unread(self) -> int:
        """Bytes that wait on the way."""

    @abstractmethod
    def send(self, frame: Frame) -> None:
        """Puts it on the way; cuts the reader who leaves too much of it there."""

    @abstractmethod
    def end(self, code: int, reason: str) -> None:
        """Once; he hears nothing more."""

    @abstractmethod
    async def drained(self) -> None:
        """Until little waits on the way."""

    def wants(self, frame_type: str, event_id: str | None) -> bool:
        return is_for(frame_type, event_id, self.everything, self.event_ids)

    def offer(self, frame: Frame) -> None:
        """A frame of the present that he wants."""
        if self.ended:
            return
        if self._held is not None:
            self._hold(frame)
        elif self._seen is not None:
            self._join(frame, self._seen)
        else:
            self.send(frame)

    def hold(self) -> None:
        """Keeps the present back until the history has been told, from now on."""
        self._held, self._held_bytes, self.overheld = deque(), 0, False

    @property
    def apart(self) -> bool:
        """Whether he is told something else than everyone, so that his cursor is his own."""
        return self._held is not None or self._seen is not None

    def release(self, seen: Seen, cursor: str) -> None:
        """The history is told until there; of what was kept back, the rest follows."""
        held, self._held = self._held or (), None
        self._seen, self.cursor = seen, cursor
        for frame in held:
            self.offer(frame)

    def choose(self, command: Command) -> None:
        event_ids = set(self.event_ids)
        everything = self.everything and self._chose
        if command.action == "subscribe":
            event_ids |= command.event_ids
            everything = everything or command.everything
        elif command.everything:
            event_ids, everything = set(), False
        else:
            event_ids -= command.event_ids
            everything = self.everything
        if len(event_ids) > EVENTS_MAX:
            raise BadSubscription(reason=f"event_ids: no more than {EVENTS_MAX:,} for one reader")
        self.event_ids, self.everything = event_ids, everything
        self._chose = self._chose or command.everything or command.action == "subscribe"

    def cut(self) -> None:
        self.end(TOO_SLOW, too_slow(self.cursor))

    def _join(self, frame: Frame, seen: Seen) -> None:
        """The history went up to a snapshot of its own. A batch of the present that begins before it holds some of the
        same, and its cursors would have him repeat it: what he has not seen of it gets cursors that go from there."""
        entry = frame.entry
        if entry is None:
            self.send(frame.at(self.cursor))
        elif Seen.by(entry.between[0]).covers(seen):
            self._seen = None
            self.send(frame)
        elif not seen.holds(entry.transaction_id):
            self.send(frame.at(cursor_of(seen.snapshot, entry.between[1], entry.entry_id)))

    def _hold(self, frame: Frame) -> None:
        """What is of the moment is left out, he gets the next one of its kind. A reader of a long history is not cut
        for how much happens meanwhile: all of it is stored."""
        if frame.entry is None or self._held is None or self.overheld:
            return
        self._held.append(frame)
        self._held_bytes += len(frame.text)
        if self._held_bytes > HELD_BYTES_MAX:
            self._held.clear()
            self.overheld = True


class SocketReader(Reader):
    """On a socket of our own server: bytes are written as they are, and no task waits for them."""

    def __init__(self, line: SocketLine) -> None:
        super().__init__()
        self._line = line

    def unread(self) -> int:
        return self._line.waiting()

    def send(self, frame: Frame) -> None:
        if self.ended:
            return
        if self.unread() > BEHIND_BYTES_MAX:
            self.cut()
            return
        self._line.write(frame.wire)
        self.cursor = frame.cursor

    def end(self, code: int, reason: str) -> None:
        if not self.ended:
            self.ended = True
            self._line.end(code, reason)

    async def drained(self) -> None:
        try:
            await asyncio.wait_for(self._line.drained(), DRAIN_SECONDS)
        except TimeoutError:
            self.cut()


class QueueReader(Reader):
    """Whom a task of his own sends what has gathered: server-sent events, and sockets of other servers."""

    def __init__(self, form: Callable[[Frame], bytes], line: Line | None) -> None:
        super().__init__()
        self.parting: tuple[int, str] | None = None
        self._form = form
        self._line = line
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._dropping: asyncio.TimerHandle | None = None

    def unread(self) -> int:
        return self._bytes

    def send(self, frame: Frame) -> None:
        if self.ended:
            return
        if self._bytes > BEHIND_BYTES_MAX or len(self._queue) > BEHIND_MAX:
            self.cut()
            return
        self.put(self._form(frame))
        self.cursor = frame.cursor

    def put(self, data: bytes) -> None:
        self._queue.append(data)
        self._bytes += len(data)
        self._empty.clear()
        self._news.set()

    def end(self, code: int, reason: str) -> None:
        if not self.ended:
            self.ended = True
            self.parting = (code, reason)
            self._news.set()
            if self._line is not None:
                seconds = STOPPING_SECONDS if code == GOING_AWAY else PARTING_SECONDS
                self._dropping = asyncio.get_running_loop().call_later(seconds, self._line.drop)

    async def drained(self) -> None:
        try:
            await asyncio.wait_for(self._empty.wait(), DRAIN_SECONDS)
        except TimeoutError:
            self.cut()

    async def pump(self, take: Callable[[list[bytes]], Awaitable[None]]) -> tuple[int, str]:
        """Until the reader is to go; says why."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._queue:
                data = list(self._queue)
                self._queue.clear()
                await take(data)
                self._bytes -= sum(map(len, data))
            self._empty.set()
            if self.parting is not None:
                if self._dropping is not None:
                    self._dropping.cancel()  # he took it all
                return self.parting
