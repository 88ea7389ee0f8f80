"""The scribe: gathers what all running sessions say and writes it some twenty-five times a second, in one go."""

# A row and a feed entry a token would cost a commit each. So pieces wait for a moment in memory, and one transaction
# takes them all, of every session, with one wake. A session that ends flushes first, so that its end comes last.

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DataError, IntegrityError

from services.arena.patience import AWAY
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

LOST = Counter("coliseum_messages_lost_total", "Pieces of sessions that Postgres did not take.")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose words they are."""

    session_id: UUID
    event_id: UUID
    market_no: int
    portfolio_id: int
    model: str


@dataclass(frozen=True, slots=True)
class Piece:
    speaker: Speaker
    message_type: MessageType
    content: str


class Scribe:
    def __init__(self, here: Resources) -> None:
        self.here = here
        self._pieces: list[Piece] = []
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

    def say(self, speaker: Speaker, message_type: MessageType, content: str) -> None:
        piece = Piece(speaker, message_type, storable(content))
        with self._lock:
            if len(self._pieces) < PIECES_KEPT_MAX:
                self._pieces.append(piece)
        self._something.set()

    def flush(self) -> None:
        """Everything that was said until now is written when this returns, or waits for a database that is away."""
        with self._flushing:
            with self._lock:
                pieces, self._pieces = self._pieces, []
            if not pieces:
                return
            try:
                self._write(pieces)
            except AWAY:
                with self._lock:
                    self._pieces = pieces + self._pieces
                raise
            except (IntegrityError, DataError):
                self._write_apart(pieces)
        wake(self.here.database)

    def _write(self, pieces: Sequence[Piece]) -> None:
        now = self.here.clock()
        with self.here.database.transaction() as connection:
            numbers = messages.last_numbers(connection, sorted({piece.speaker.session_id for piece in pieces}))
            rows: list[NewMessage] = []
            entries: list[NewEntry] = []
            for piece in joined(pieces):
                session_id = piece.speaker.session_id
                number = numbers[session_id] = numbers.get(session_id, 0) + 1
                rows.append(NewMessage(session_id, number, piece.message_type, piece.content))
                entries.append(message_entry(piece.speaker, number, piece.message_type, piece.content))
            messages.append_messages(connection, rows, now)
            append_entries(connection, entries, now)

    def _write_apart(self, pieces: Sequence[Piece]) -> None:
        """What Postgres refuses of one session must not take the words of the others with it."""
        by_session: dict[UUID, list[Piece]] = {}
        for piece in pieces:
            by_session.setdefault(piece.speaker.session_id, []).append(piece)
        for session_id, own in by_session.items():
            try:
                self._write(own)
            except (IntegrityError, DataError) as error:
                LOST.inc(len(own))
                log.warning("messages_refused", session_id=str(session_id), error=str(error.orig).splitlines()[0])

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
        except AWAY as error:
            log.warning("messages_not_written", error=str(error).splitlines()[0])
            return False
        return True


def storable(content: str) -> str:
    """Without what Postgres and JSON cannot hold: NUL, and halves of characters."""
    return content.replace("\x00", "").encode("utf-8", "replace").decode()


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """What one session said in one go becomes one piece; the order within a session stays."""
    grouped: dict[UUID, list[tuple[Piece, list[str]]]] = {}
    for piece in pieces:
        own = grouped.setdefault(piece.speaker.session_id, [])
        if own and own[-1][0].message_type == piece.message_type == "reasoning":
            own[-1][1].append(piece.content)
        else:
            own.append((piece, [piece.content]))
    return [replace(first, content="".join(parts)) for own in grouped.values() for first, parts in own]


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
