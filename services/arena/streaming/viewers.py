"""How many look at each event: said by this process, read over all of them, told when it changes."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.arena.storage.viewers import say_viewers, viewers_of
from services.arena.streaming.frames import Frame

if TYPE_CHECKING:
    from services.arena.streaming.hub import Hub

log = structlog.get_logger()

LOOK_SECONDS = 5.0


class Viewers:
    def __init__(self, hub: "Hub", replica: UUID) -> None:
        self.hub = hub
        self.replica = replica
        self.known: dict[UUID, int] = {}  # over all replicas, as it was told last
        self.changed = asyncio.Event()

    async def keep(self) -> None:
        """At once when somebody comes or goes, but no more often than every few seconds."""
        while True:
            await self._until_somebody_is_there()
            counts = self.hub.watched()
            try:
                viewers = await self.hub.apart(self._say, counts)
            except SQLAlchemyError as error:
                log.warning("viewers_not_counted", error=str(error).splitlines()[0])
            else:
                self._tell(viewers)
            await asyncio.sleep(LOOK_SECONDS)

    def frame(self, event_id: UUID, viewers: int) -> Frame:
        return self.hub.now("viewers", self.hub.cursor, event_id=str(event_id), viewers=viewers)

    async def _until_somebody_is_there(self) -> None:
        """Where nobody reads, nobody is asked; the last one to leave is still said."""
        if not self.hub.readers:
            await self.changed.wait()
        self.changed.clear()

    def _say(self, counts: dict[UUID, int]) -> dict[UUID, int]:
        now = self.hub.clock()
        with self.hub.database.transaction() as connection:
            say_viewers(connection, self.replica, counts, now)
            return viewers_of(connection, None, now)

    def _tell(self, viewers: dict[UUID, int]) -> None:
        before, self.known = self.known, viewers
        for event_id in before.keys() | viewers.keys():
            count = viewers.get(event_id, 0)
            if before.get(event_id, 0) != count:
                self.hub.tell(self.frame(event_id, count))
