"""Whether a venue is worth asking: a circuit that opens after repeated failures and tries again after a pause."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from shared.venues import metrics
from shared.venues.failures import CircuitOpen
from shared.venues.records import Platform

CircuitWord = Literal["closed", "open", "half_open"]

FAILURES_MAX = 5
PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class CircuitState:
    state: CircuitWord
    since: datetime
    failures: int  # failed calls in a row, each after its retries
    last_error: str | None


class Circuit:
    """Closed: all calls pass. Open: none. Half open: one call passes and decides."""

    def __init__(
        self,
        platform: Platform,
        *,
        failures_max: int = FAILURES_MAX,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.platform = platform
        self._failures_max = failures_max
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._word: CircuitWord = "closed"
        self._since = wall_clock()
        self._failures = 0
        self._last_error: str | None = None
        self._opened_at = 0.0
        self._trial_runs = False
        metrics.circuit_changed(platform, "closed")

    @property
    def state(self) -> CircuitState:
        with self._lock:
            return CircuitState(self._word, self._since, self._failures, self._last_error)

    def enter(self) -> None:
        """Pass, or raise CircuitOpen. Whoever passes reports `succeeded`, `failed` or `left`."""
        with self._lock:
            if self._word == "closed":
                return
            remaining = self._opened_at + self._pause_seconds - self._clock()
            if remaining > 0 or self._trial_runs:
                raise CircuitOpen(platform=self.platform, failures=self._failures, seconds=round(max(remaining, 0), 1))
            self._trial_runs = True
            self._become("half_open")

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._trial_runs = False
            self._become("closed")

    def failed(self, error: str) -> None:
        with self._lock:
            self._failures += 1
            self._last_error = error
            if self._word == "half_open" or self._failures >= self._failures_max:
                self._trial_runs = False
                self._opened_at = self._clock()
                self._become("open")

    def left(self) -> None:
        """A call ended without telling anything about the venue."""
        with self._lock:
            self._trial_runs = False

    def _become(self, word: CircuitWord) -> None:
        if word != self._word:
            self._word = word
            self._since = self._wall_clock()
            metrics.circuit_changed(self.platform, word)
