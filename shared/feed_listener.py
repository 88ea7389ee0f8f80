"""One thread that hands on what the feed says as it is committed, and goes on where it was after a loss."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from select import POLLIN, poll
from socket import socketpair
from typing import Any

import psycopg2
import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.cursors import UnknownCursor
from shared.database import Database
from shared.feed import CHANNEL, Entry, entries_after, prepare_reading, present_cursor

log = structlog.get_logger()

Deliver = Callable[[Sequence[Entry]], None]

LOOK_SECONDS = 5.0  # looked at even without a wake, whose sender may have died between its commit and the wake
AGAIN_SECONDS, AGAIN_SECONDS_MAX = 0.1, 5.0  # pauses before a lost database is tried again
STOP_SECONDS = 5.0


class FeedListener:
    """Hands on entries from `cursor` on, or from its start; a listener is used for one start and one stop."""

    def __init__(self, database: Database, deliver: Deliver, cursor: str | None = None) -> None:
        self.database = database
        self.deliver = deliver
        self.cursor = cursor
        self.listening = threading.Event()  # set while every entry that is committed will be heard of
        self._stopped = False
        self._bell, self._rope = socketpair()
        self._thread = threading.Thread(target=self._run, name="feed-listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """May be called twice."""
        if not self._stopped:
            self._stopped = True
            self._rope.send(b"!")
            self._thread.join(STOP_SECONDS)
            self._bell.close()
            self._rope.close()

    def _run(self) -> None:
        pause = AGAIN_SECONDS
        while not self._stopped:
            try:
                with _session(self.database) as connection:
                    self._begin(connection)
                    pause = AGAIN_SECONDS
                    self._listen(connection)
            except (OperationalError, InterfaceError, PoolExhausted, psycopg2.Error) as error:
                log.warning("feed_lost_database", error=str(error).splitlines()[0], again_in_seconds=pause)
            finally:
                self.listening.clear()
            if not self._stopped:
                self._wait(pause)
                pause = min(2 * pause, AGAIN_SECONDS_MAX)

    def _begin(self, connection: Connection) -> None:
        """Listens before it looks, so that nothing falls between the two."""
        prepare_reading(connection)
        connection.execute(text(f"LISTEN {CHANNEL}"))
        if self.cursor is None:
            self.cursor = present_cursor(connection)
        self.listening.set()

    def _listen(self, connection: Connection) -> None:
        session: Any = connection.connection.dbapi_connection
        while not self._stopped:
            self._read(connection)
            session.poll()
            if not session.notifies:
                self._wait(LOOK_SECONDS, session)
                session.poll()
            session.notifies.clear()

    def _read(self, connection: Connection) -> None:
        more = True
        while more and not self._stopped:
            try:
                batch = entries_after(connection, self.cursor or "", prepared=True)
            except UnknownCursor:
                log.warning("feed_cursor_unknown", cursor=self.cursor)  # the database was replaced by another one
                self.cursor = present_cursor(connection)
                return
            if batch.entries:
                self._hand_on(batch.entries)
            self.cursor, more = batch.cursor, batch.more

    def _wait(self, seconds: float, *sessions: Any) -> None:
        """Until something comes, or the bell rings. Not by select, which knows no file beyond the 1,024th, and a
        process with many readers has more."""
        waiting = poll()
        for each in (self._bell, *sessions):
            waiting.register(each, POLLIN)
        waiting.poll(seconds * 1_000)

    def _hand_on(self, entries: Sequence[Entry]) -> None:
        """The wall between the feed and who hears it: one that fails is logged, and hears the next entries."""
        try:
            self.deliver(entries)
        except Exception:
            log.exception("feed_entries_not_handled", first=entries[0].entry_id, count=len(entries))


@contextmanager
def _session(database: Database) -> Iterator[Connection]:
    """A connection of its own, which no pool takes back."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        yield connection
