"""The limiter keeps the pace of a host for all threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.venues.limits import HostLimits, TokenBucket


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


def bucket(clock: Clock, rate: float = 10, burst: float = 3) -> TokenBucket:
    return TokenBucket(rate, burst, clock=clock, sleep=clock.sleep)


def test_a_burst_passes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    tokens = bucket(clock, rate=10, burst=3)

    waits = [tokens.take() for _ in range(6)]

    assert waits[:3] == [0, 0, 0]
    assert waits[3:] == pytest.approx([0.1, 0.1, 0.1])


def test_an_idle_bucket_fills_up_to_the_burst_and_no_further() -> None:
    clock = Clock()
    tokens = bucket(clock, rate=10, burst=3)
    clock.now += 3600

    waits = [tokens.take() for _ in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert waits[3] == pytest.approx(0.1)


def test_a_rate_of_nothing_means_no_limit() -> None:
    clock = Clock()
    tokens = bucket(clock, rate=0, burst=1)

    waits = [tokens.take() for _ in range(1_000)]

    assert set(waits) == {0}
    assert clock.slept == []


@pytest.mark.parametrize("rate", [0, 10])
def test_a_pause_holds_everybody_and_ends_without_a_burst(rate: float) -> None:
    clock = Clock()
    tokens = bucket(clock, rate=rate, burst=3)

    tokens.pause(7)
    waits = [tokens.take() for _ in range(3)]

    assert waits[0] == pytest.approx(7)
    assert waits[1:] == pytest.approx([0.1, 0.1] if rate else [0, 0])


def test_a_pause_also_holds_who_is_waiting_already() -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        if not clock.slept:
            tokens.pause(7)
        clock.sleep(seconds)

    tokens = TokenBucket(10, 1, clock=clock, sleep=sleep)
    tokens.take()

    waited = tokens.take()

    assert waited == pytest.approx(7)


def test_a_longer_pause_is_not_shortened_by_a_shorter_one() -> None:
    clock = Clock()
    tokens = bucket(clock)

    tokens.pause(20)
    tokens.pause(1)

    assert tokens.take() == pytest.approx(20)


def test_hosts_do_not_wait_for_each_other() -> None:
    clock = Clock()
    limits = HostLimits({"slow": 1}, rate=100, clock=clock, sleep=clock.sleep)
    limits.pause("slow", 60)

    waited = limits.take("quick")

    assert waited == 0
    assert limits.take("slow") == pytest.approx(60)


def test_threads_share_the_bucket_of_a_host() -> None:
    limits = HostLimits(rate=200, burst_seconds=0.005)  # real time: one at once, then one each 5 ms
    started_at = time.monotonic()

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda _: limits.take("host"), range(21)))

    assert time.monotonic() - started_at >= 20 * 0.005 - 0.001


@given(rate=st.floats(0.5, 50), burst=st.integers(1, 10), pauses=st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_burst_and_rate_allow(rate: float, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    tokens = bucket(clock, rate=rate, burst=burst)
    passed: list[float] = []

    for pause in pauses:
        clock.now += pause
        tokens.take()
        passed.append(clock.now)

    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - start) + 1e-6
