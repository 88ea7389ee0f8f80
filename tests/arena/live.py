"""The live feed on a real socket, without the rest of the arena; readers of it, and entries for it to tell."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from services.arena.routes.feed import router
from services.arena.streaming.hub import Hub
from shared.application import create_app
from shared.database import Database
from shared.feed import NewEntry, append_entries, entries_behind, forget_entries, present_cursor, wake
from shared.settings import DatabaseSettings
from tests.serving import serving

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WAIT_SECONDS = 10.0
QUIET_SECONDS = 0.3

PASSING = ("viewers", "heartbeat")  # come when they come

Frame = dict[str, Any]


class LiveResources:
    def __init__(self, _: Any, database: Database) -> None:
        self.hub = Hub(database, uuid4(), lambda: NOON)

    def close(self) -> None:
        self.hub.close()


def live_app(database_url: str, **settings: Any) -> Any:
    given = DatabaseSettings(database_url=database_url, **settings)
    app = create_app("arena", router, given, resources=LiveResources)
    app.state.when_told_to_stop.append(lambda: app.state.resources.hub.told_to_stop())
    return app


@dataclass(frozen=True)
class Live:
    url: str
    app: Any
    sockets: ExitStack

    @property
    def hub(self) -> Hub:
        hub: Hub = self.app.state.resources.hub
        return hub

    def settle(self) -> None:
        """Until everything that is committed was told."""
        while self.hub.cursor and self._untold():
            time.sleep(0.01)

    def _untold(self) -> bool:
        with self.app.state.database.connection() as connection:
            return bool(entries_behind(connection, self.hub.cursor, 1))

    def address(self, **parameters: Any) -> str:
        given = [(name, each) for name, value in parameters.items() for each in _listed(value)]
        return f"{self.url.replace('http', 'ws')}/ws?" + "&".join(f"{name}={each}" for name, each in given)

    def read(self, **parameters: Any) -> "Socket":
        """A new reader, who does not hear what others said before."""
        self.settle()
        return self.read_at_once(**parameters)

    def read_at_once(self, **parameters: Any) -> "Socket":
        opening = connect(self.address(**parameters), compression=None, max_queue=None, max_size=None)
        return Socket(self.sockets.enter_context(opening))


@contextmanager
def live(database_url: str, **settings: Any) -> Iterator[Live]:
    app = live_app(database_url, **settings)
    with ExitStack() as sockets, serving(app) as url:
        yield Live(url, app, sockets)


class Socket:
    """A reader, who has been welcomed or turned away."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.closed: tuple[int, str] | None = None
        self.welcome = self.next()

    def next(self, seconds: float = WAIT_SECONDS) -> Frame:
        """Empty when the socket was closed."""
        try:
            frame: Frame = json.loads(self.connection.recv(timeout=seconds))
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, "the line broke without a word"
            self.closed = closed.rcvd.code, closed.rcvd.reason
            return {}
        return frame

    def next_but(self, *types: str, seconds: float = WAIT_SECONDS) -> Frame:
        """The next one of another type."""
        while (frame := self.next(seconds)).get("type") in types:
            pass
        return frame

    def take(self, count: int) -> list[Frame]:
        """Entries of the feed."""
        return [self.next_but(*PASSING) for _ in range(count)]

    def until_quiet(self) -> list[Frame]:
        """All entries that are on their way."""
        frames: list[Frame] = []
        until = time.monotonic() + QUIET_SECONDS
        try:
            while frame := self.next(max(0.001, until - time.monotonic())):
                if frame["type"] not in PASSING:
                    frames.append(frame)
                    until = time.monotonic() + QUIET_SECONDS
        except TimeoutError:
            pass
        return frames

    def command(self, action: str, **facts: Any) -> Frame:
        self.connection.send(json.dumps({"action": action, **facts}))
        return self.next_but(*PASSING)

    def end(self) -> tuple[int, str]:
        """Code and reason, after whatever came before."""
        while self.closed is None:
            self.next()
        return self.closed

    def close(self) -> None:
        self.connection.close()


def say(database: Database, *entries: NewEntry) -> None:
    with database.transaction() as connection:
        append_entries(connection, entries, NOON)
    wake(database)


def said(*numbers: int, kind: Any = "trade", **facts: Any) -> list[NewEntry]:
    return [NewEntry(kind, {"number": number, **facts}, portfolio_id=3) for number in numbers]


def cursor_now(database: Database) -> str:
    with database.connection() as connection:
        return present_cursor(connection)


def forget(database: Database) -> None:
    """All that was said."""
    with database.transaction() as connection:
        forget_entries(connection, NOON + timedelta(hours=1))


def numbers(frames: Iterable[Frame]) -> list[Any]:
    return [frame["number"] for frame in frames if "number" in frame]


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
