"""A lock that one replica holds for as long as it and its connection live."""

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared.database import Database

log = structlog.get_logger()


class Leadership:
    """Asked for again and again by one thread."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self._session: Connection | None = None

    def held(self) -> bool:
        """Whether we lead now. A lost connection has freed the lock, and somebody else may have it."""
        try:
            return self._still_held() if self._session is not None else self._taken()
        except (OperationalError, InterfaceError, PoolExhausted) as error:
            log.warning("leadership_lost", name=self.name, error=str(error).splitlines()[0])
            self._drop()
            return False

    def close(self) -> None:
        self._drop()

    def _still_held(self) -> bool:
        assert self._session is not None
        self._session.execute(text("SELECT 1"))
        return True

    def _taken(self) -> bool:
        session = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = session.execute(text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": self.name}).scalar_one()
        if not taken:
            session.close()
            return False
        session.detach()  # its end is the end of the lock; the pool would keep it
        self._session = session
        log.info("leadership_taken", name=self.name)
        return True

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
