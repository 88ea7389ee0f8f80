"""How often we may ask a host: one token bucket per host, shared by all threads of a process."""

import threading
import time
from collections.abc import Callable, Mapping


class TokenBucket:
    """At most `burst` requests at once and `rate` a second after that. A rate of 0 lets everything through.

    Each caller reserves the next free moment and sleeps until then, so that waiting threads go in order of arrival.
    """

    def __init__(
        self, rate: float, burst: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None]
    ) -> None:
        self._interval = 1 / rate if rate > 0 else 0.0
        self._tolerance = max(burst - 1, 0) * self._interval
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_at = float("-inf")  # when the bucket would be full again, were nobody to ask
        self._paused_until = float("-inf")

    def take(self) -> float:
        """Wait for a token; answer how many seconds that took."""
        started_at = self._clock()
        due_at = self._reserve(started_at)
        while (wait := max(due_at, self._paused_until) - self._clock()) > 0:
            self._sleep(wait)
        return self._clock() - started_at

    def pause(self, seconds: float) -> None:
        """Let nobody through for a while: the host said so. Afterwards it starts without a burst."""
        with self._lock:
            until = self._clock() + seconds
            self._paused_until = max(self._paused_until, until)
            self._next_at = max(self._next_at, until + self._tolerance)

    def _reserve(self, now: float) -> float:
        with self._lock:
            due_at = max(now, self._next_at - self._tolerance)
            self._next_at = max(self._next_at, now) + self._interval
            return due_at


class HostLimits:
    """The buckets of all hosts. Hosts that `rates` does not name get `rate`."""

    def __init__(
        self,
        rates: Mapping[str, float] | None = None,
        *,
        rate: float | None = 5,
        burst_seconds: float = 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rates = dict(rates or {})
        self._rate = rate or 0.0
        self._burst_seconds = burst_seconds
        self._clock = clock
        self._sleep = sleep
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    def take(self, host: str) -> float:
        return self._bucket(host).take()

    def pause(self, host: str, seconds: float) -> None:
        self._bucket(host).pause(seconds)

    def _bucket(self, host: str) -> TokenBucket:
        with self._lock:
            bucket = self._buckets.get(host)
            if bucket is None:
                rate = self._rates.get(host, self._rate)
                burst = max(rate * self._burst_seconds, 1)
                bucket = self._buckets[host] = TokenBucket(rate, burst, clock=self._clock, sleep=self._sleep)
            return bucket
