"""How long a process is inside SQL and how often it asks, taken at the driver, so that COPY and COMMIT count too."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from psycopg2.extensions import connection as Session
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import Engine, event


class SqlClock:
    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())

    @contextmanager
    def running(self, statement: str) -> Iterator[None]:
        began = perf_counter()
        try:
            yield
        finally:
            passed = perf_counter() - began
            kind = " ".join(statement.split()[:3])
            with self._lock:
                self.seconds[kind] += passed  # type: ignore[assignment]
                self.requests[kind] += 1

    def watch(self, engine: Engine) -> None:
        """All sessions that this engine opens from now on."""
        session_class = _session_class(self)

        @event.listens_for(engine, "do_connect")
        def connect(_: object, __: object, ___: object, parameters: dict[str, Any]) -> None:
            parameters["connection_factory"] = session_class


def _session_class(clock: SqlClock) -> Callable[..., Session]:
    class TimedCursor(Cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            with clock.running(str(query)):
                super().execute(query, vars)

        def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
            with clock.running(str(sql)):
                super().copy_expert(sql, file, size)

    class TimedSession(Session):
        def cursor(self, *arguments: Any, **named: Any) -> Any:
            named.setdefault("cursor_factory", TimedCursor)
            return super().cursor(*arguments, **named)

        def commit(self) -> None:
            with clock.running("COMMIT"):
                super().commit()

        def rollback(self) -> None:
            with clock.running("ROLLBACK"):
                super().rollback()

    return TimedSession
