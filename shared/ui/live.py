"""Live parts of pages as server-sent events: made once a tick for all who watch the same, sent as the same bytes."""

# A topic lives while somebody watches it. Its parts are made in a thread, compared with those before, and what changed
# becomes one frame. Whoever does not read in time misses frames and gets the whole state once he reads again: nobody is
# cut and nothing gathers. A page says which state it shows (`have`), so a reader who comes or returns gets what is new.

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.errors import Problem, Unavailable
from shared.json_bytes import encoded
from shared.lines import allow_many
from shared.ui.changes import Changes, Parts, changes_of

log = structlog.get_logger()

VIEWERS = Gauge("coliseum_page_viewers", "Readers of live pages now.", ["service"])
FRAMES = Counter("coliseum_page_frames_total", "Frames of live pages, each counted once for all.", ["service"])

Make = Callable[[], Parts]

VIEWERS_MAX = 5_000
TOPICS_MAX = 500  # pages that are watched at a time; all of them share two threads
FILES_KEPT = 256  # of those that this process may have open: for the database, services, other requests
THREADS = 2  # that make parts
HEARTBEAT_SECONDS = 15.0
BEHIND_MAX = 20  # frames that wait for one reader; then he gets the whole state instead
FRESH_SECONDS = 1.0
RECENT_MAX = 64  # pages that are not watched live, and were asked for within the last second or so
REMEMBERED = 128  # states that pages were made from
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
AWAY = b"event: away\ndata: {}\n\n"
HEARTBEAT = b": still here\n\n"


class TooManyViewers(Unavailable):
    """As many watch this page live as can; reload it to see it move."""


class Live:
    """The topics of one process. Everything but the making of parts happens on its event loop."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.threads = ThreadPoolExecutor(THREADS, "live-parts")
        self.topics: dict[Hashable, Topic] = {}
        self.viewers = 0
        self.stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._most = VIEWERS_MAX
        self._remembered: OrderedDict[str, Parts] = OrderedDict()
        self._recent: dict[Hashable, tuple[float, Parts]] = {}

    def parts(self, key: Hashable, make: Make) -> Parts:
        """For a page: what its watchers see now, or what was shown within the second, else made for it. Either way its
        reader goes on from there. For any thread."""
        topic = self.topics.get(key)
        if topic is not None and topic.parts is not None and not topic.away:
            return topic.parts
        recent = self._recent.get(key)
        if recent is not None and monotonic() - recent[0] < FRESH_SECONDS:
            return recent[1]
        made_at, found = monotonic(), make()
        self.remember(found)
        if len(self._recent) >= RECENT_MAX:
            self._recent.clear()
        self._recent[key] = made_at, found
        return found

    def stream(self, request: Request, key: Hashable, make: Make, every_seconds: float = 1.0) -> "LiveStream":
        """A reader begins from the state that his page shows, or that his browser heard last before it lost us."""
        have = request.headers.get("last-event-id") or request.query_params.get("have")
        return LiveStream(self, key, make, have, every_seconds)

    def remember(self, parts: Parts) -> None:
        """For any thread."""
        self._remembered[parts.digest] = parts
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def known(self, have: str | None) -> Parts | None:
        return self._remembered.get(have or "")

    def join(self, viewer: "Viewer", key: Hashable, make: Make, every_seconds: float) -> "Topic":
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._most = min(VIEWERS_MAX, allow_many() - FILES_KEPT)
        if self.stopping or self.viewers >= self._most:
            raise TooManyViewers()
        topic = self.topics.get(key)
        if topic is None and len(self.topics) >= TOPICS_MAX:
            raise TooManyViewers()
        if topic is None:
            topic = self.topics[key] = Topic(self, key, make, every_seconds)
        self.viewers += 1
        VIEWERS.labels(self.service).set(self.viewers)
        topic.admit(viewer)
        return topic

    def leave(self, topic: "Topic", viewer: "Viewer") -> None:
        topic.viewers.discard(viewer)
        self.viewers -= 1
        VIEWERS.labels(self.service).set(self.viewers)

    def told_to_stop(self) -> None:
        """From a signal: streams end, and browsers connect again to whoever comes next."""
        self.stopping = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        for topic in self.topics.values():
            topic.end()


def live_of(request: Request) -> Live:
    """Of the service that is asked."""
    live: Live = request.app.state.live
    return live


class Topic:
    """One page's parts, and who watches them."""

    def __init__(self, live: Live, key: Hashable, make: Make, every_seconds: float) -> None:
        self.live, self.key, self.make, self.every_seconds = live, key, make, every_seconds
        self.viewers: set[Viewer] = set()
        self.parts: Parts | None = None
        self.away = False  # the database cannot be reached
        self.begun = asyncio.Event()  # the parts were made once, or cannot be
        self.problem: Problem | None = None  # what was asked for is not there
        loop = asyncio.get_running_loop()
        self._quiet_since = loop.time()
        self._task = loop.create_task(self._run())

    def admit(self, viewer: "Viewer") -> None:
        self.viewers.add(viewer)
        if self.parts is not None:
            viewer.begin(self.parts)
        if self.away:
            viewer.take(AWAY)

    def end(self) -> None:
        for viewer in self.viewers:
            viewer.end()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self.viewers:
                started = loop.time()
                await self._tick()
                self.begun.set()
                if self.problem is not None:
                    return
                spent = loop.time() - started
                await asyncio.sleep(max(self.every_seconds - spent, spent, 0.05))  # never more than half of a thread
        finally:
            self.begun.set()
            self.live.topics.pop(self.key, None)

    async def _tick(self) -> None:
        """The wall between ticks: one that fails is logged, its watchers are told that nothing moves, the next runs."""
        loop = asyncio.get_running_loop()
        try:
            new = await loop.run_in_executor(self.live.threads, self._made)
        except (OperationalError, InterfaceError, PoolExhausted):
            self._publish(AWAY, again=not self.away)
            self.away = True
            return
        except Problem as problem:
            self.problem = problem
            self.end()
            return
        except Exception:
            log.exception("live_parts_failed", topic=str(self.key))
            self._publish(AWAY, again=not self.away)
            self.away = True
            return
        old, self.parts, back, self.away = self.parts, new, self.away, False
        self.live.remember(new)
        if old is None:
            for viewer in self.viewers:
                viewer.begin(new)
        elif (changes := changes_of(old, new)) or back:  # an empty frame says that it moves again
            FRAMES.labels(self.live.service).inc()
            self._publish(frame_of(changes, new))
        else:
            self._publish(HEARTBEAT, again=loop.time() - self._quiet_since > HEARTBEAT_SECONDS)

    def _made(self) -> Parts:
        made = self.make()
        _ = made.cells, made.frames, made.entries, made.digest  # read here, not on the loop
        return made

    def _publish(self, frame: bytes, again: bool = True) -> None:
        if again:
            self._quiet_since = asyncio.get_running_loop().time()
            for viewer in self.viewers:
                viewer.take(frame)


class Viewer:
    """One reader, and what waits for him."""

    def __init__(self, live: Live, have: str | None) -> None:
        self.live, self.have = live, have
        self.ended = False
        self._frames: list[bytes] = []
        self._behind = False
        self._news = asyncio.Event()

    def begin(self, parts: Parts) -> None:
        """What is new to the state that his page shows."""
        known = self.live.known(self.have)
        same = known is not None and known.digest == parts.digest
        self.take(HEARTBEAT if same else frame_of(changes_of(known, parts), parts))

    def take(self, frame: bytes) -> None:
        if len(self._frames) >= BEHIND_MAX:
            self._frames.clear()
            self._behind = True
        if not self._behind:
            self._frames.append(frame)
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    async def waiting(self, topic: Topic) -> bytes:
        """What he has not got yet; nothing once he is to go."""
        await self._news.wait()
        self._news.clear()
        if self._behind and topic.parts is not None:
            self._behind = False
            self._frames = [frame_of(changes_of(None, topic.parts), topic.parts)]
        waiting, self._frames = b"".join(self._frames), []
        return b"" if self.ended else waiting


class LiveStream(Response):
    """Joins before it begins, so that what is wrong is an ordinary answer."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, key: Hashable, make: Make, have: str | None, every_seconds: float) -> None:
        self.live, self.key, self.make, self.have, self.every_seconds = live, key, make, have, every_seconds
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        viewer = Viewer(self.live, self.have)
        topic = self.live.join(viewer, self.key, self.make, self.every_seconds)
        gone = asyncio.get_running_loop().create_task(_until_gone(viewer, receive))
        try:
            await topic.begun.wait()
            if topic.problem is not None:
                raise topic.problem
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            while waiting := await viewer.waiting(topic):
                await send({"type": "http.response.body", "body": waiting, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self.live.leave(topic, viewer)


def frame_of(changes: Changes, parts: Parts) -> bytes:
    """As a server-sent event; its id is the state after it, which a browser that returns sends."""
    body = encoded({"parts": changes.parts, "cells": changes.cells, "lines": changes.lines})
    return b"id: %b\nevent: changes\ndata: %b\n\n" % (parts.digest.encode(), body)


async def _until_gone(viewer: Viewer, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.end()
