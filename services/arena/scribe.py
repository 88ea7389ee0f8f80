"""The scribe: gathers what all running sessions say and writes it some twenty-five times a second, in one go."""

# A row and a feed entry a token would cost a commit each. So pieces wait for a moment in memory, and one transaction
# takes them all, of every session, with one wake. A session that ends flushes first, so that its end comes last.

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from services.arena.resources import Resources
from services.arena.storage import messages
from services.arena.storage.messages import NewMessage
from shared.feed import NewEntry, append_entries, wake

log = structlog.get_logger()

MessageType = Literal["reasoning", "action", "system"]

FLUSH_SECONDS = 0.04
AGAIN_SECONDS = 1.0  # after a flush that Postgres did not take
STOP_SECONDS = 3.0
PIECES_KEPT_MAX = 200_000  # while Postgres is away; what comes on top is lost to the stream, and not to the answer


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose words they are."""

    session_id: UUID
    event_id: UUID
    market_no: int
    portfolio_id: int
    model: str


class Scribe:
    def __init__(self, here: Resources) -> None:
        self.here = here
        self._pieces: list[tuple[Speaker, MessageType, str]] = []
        self._numbers: dict[UUID, int] = {}
        self._lock = threading.Lock()  # of the pieces
        self._flushing = threading.Lock()
        self._something = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._something.set()
        self._thread.join(STOP_SECONDS)
        self._flush_apart()

    def open(self, speaker: Speaker, spoken: int) -> None:
        """`spoken` is the number of the last message that the session has already."""
        self._numbers[speaker.session_id] = spoken

    def leave(self, speaker: Speaker) -> None:
        self._numbers.pop(speaker.session_id, None)

    def say(self, speaker: Speaker, message_type: MessageType, content: str) -> None:
        content = storable(content)
        with self._lock:
            if len(self._pieces) < PIECES_KEPT_MAX:
                self._pieces.append((speaker, message_type, content))
        self._something.set()

    def flush(self) -> None:
        """Everything that was said until now is written when this returns."""
        with self._flushing:
            with self._lock:
                pieces, self._pieces = self._pieces, []
            if not pieces:
                return
            try:
                with self.here.database.transaction() as connection:
                    numbers = self._write(connection, pieces, self.here.clock())
            except SQLAlchemyError:
                with self._lock:
                    self._pieces = pieces + self._pieces
                raise
            self._numbers.update({number: spoken for number, spoken in numbers.items() if number in self._numbers})
        wake(self.here.database)

    def _write(
        self, connection: Connection, pieces: Sequence[tuple[Speaker, MessageType, str]], now: datetime
    ) -> dict[UUID, int]:
        numbers = dict(self._numbers)
        rows: list[NewMessage] = []
        entries: list[NewEntry] = []
        for speaker, message_type, content in joined(pieces):
            number = numbers[speaker.session_id] = numbers.get(speaker.session_id, 0) + 1
            rows.append(NewMessage(speaker.session_id, number, message_type, content))
            entries.append(message_entry(speaker, number, message_type, content))
        messages.append_messages(connection, rows, now)
        append_entries(connection, entries, now)
        return numbers

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._something.wait()
            self._something.clear()
            pause = FLUSH_SECONDS if self._flush_apart() else AGAIN_SECONDS
            self._stopped.wait(pause)
            with self._lock:
                if self._pieces:
                    self._something.set()

    def _flush_apart(self) -> bool:
        try:
            self.flush()
        except SQLAlchemyError as error:
            log.warning("messages_not_written", error=str(error).splitlines()[0])
            return False
        return True


def storable(content: str) -> str:
    """Without what Postgres and JSON cannot hold: NUL, and halves of characters."""
    return content.replace("\x00", "").encode("utf-8", "replace").decode()


def joined(pieces: Sequence[tuple[Speaker, MessageType, str]]) -> list[tuple[Speaker, MessageType, str]]:
    """What one session said in one go becomes one piece; the order within a session stays."""
    grouped: dict[UUID, list[tuple[Speaker, MessageType, list[str]]]] = {}
    for speaker, message_type, content in pieces:
        own = grouped.setdefault(speaker.session_id, [])
        if own and own[-1][1] == message_type == "reasoning":
            own[-1][2].append(content)
        else:
            own.append((speaker, message_type, [content]))
    return [(speaker, kind, "".join(parts)) for own in grouped.values() for speaker, kind, parts in own]


def message_entry(speaker: Speaker, number: int, message_type: str, content: str) -> NewEntry:
    payload = {
        "event_id": speaker.event_id,
        "session_id": speaker.session_id,
        "model": speaker.model,
        "sequence_number": number,
        "message_type": message_type,
        "content": content,
    }
    return NewEntry("message", payload, speaker.portfolio_id, speaker.market_no)
