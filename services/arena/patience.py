"""What was paid for is not lost because Postgres is away for a moment: the work is done again until it is back."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from services.arena.resources import Resources

log = structlog.get_logger()

AWAY = (OperationalError, InterfaceError, PoolExhausted)
PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 1.0

Answer = TypeVar("Answer")


def patiently(here: Resources, work: Callable[[], Answer]) -> Answer:
    """The work has to be one that may be done twice: a transaction whose end we did not hear of may have happened."""
    until = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except AWAY as error:
            if monotonic() > until or here.stopping.wait(PAUSE_SECONDS):
                raise
            log.warning("database_waited_for", error=str(error).splitlines()[0])
