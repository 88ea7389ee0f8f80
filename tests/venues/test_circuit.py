"""The circuit keeps us from asking a venue that is away."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from shared.venues.circuit import Circuit
from shared.venues.failures import CircuitOpen

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.now)


def circuit_of(clock: Clock) -> Circuit:
    return Circuit("kalshi", failures_max=3, pause_seconds=30, clock=clock, wall_clock=clock.wall)


def opened(clock: Clock) -> Circuit:
    circuit = circuit_of(clock)
    for _ in range(3):
        circuit.enter()
        circuit.failed("connection refused")
    return circuit


def test_it_opens_after_three_failures_in_a_row() -> None:
    clock = Clock()
    circuit = circuit_of(clock)

    for _ in range(2):
        circuit.enter()
        circuit.failed("timed out")
    before = circuit.state
    clock.now = 5
    circuit.enter()
    circuit.failed("connection refused")

    assert before.state == "closed"
    assert circuit.state.state == "open"
    assert circuit.state.since == NOON + timedelta(seconds=5)
    assert (circuit.state.failures, circuit.state.last_error) == (3, "connection refused")
    with pytest.raises(CircuitOpen, match="kalshi is open after 3 failed calls"):
        circuit.enter()


def test_a_success_between_starts_the_count_again() -> None:
    circuit = circuit_of(Clock())

    for each in ("failed", "failed", "succeeded", "failed", "failed"):
        circuit.enter()
        circuit.succeeded() if each == "succeeded" else circuit.failed("timed out")

    assert circuit.state.state == "closed"


def test_after_the_pause_one_call_may_try_and_its_success_closes() -> None:
    clock = Clock()
    circuit = opened(clock)
    clock.now = 30

    circuit.enter()
    half = circuit.state.state
    with pytest.raises(CircuitOpen):
        circuit.enter()
    circuit.succeeded()

    assert half == "half_open"
    assert circuit.state.state == "closed"
    circuit.enter()


def test_a_failed_try_opens_it_for_another_pause() -> None:
    clock = Clock()
    circuit = opened(clock)
    clock.now = 30

    circuit.enter()
    circuit.failed("still away")
    clock.now = 59

    with pytest.raises(CircuitOpen):
        circuit.enter()
    clock.now = 60
    circuit.enter()


def test_a_try_that_ended_without_a_word_lets_the_next_one_try() -> None:
    clock = Clock()
    circuit = opened(clock)
    clock.now = 30

    circuit.enter()
    circuit.left()

    circuit.enter()


def test_the_state_stands_in_the_metrics() -> None:
    clock = Clock()
    circuit = opened(clock)

    def gauge(state: str) -> float | None:
        return REGISTRY.get_sample_value("coliseum_venue_circuit_state", {"platform": "kalshi", "state": state})

    assert (gauge("open"), gauge("closed")) == (1, 0)
    clock.now = 30
    circuit.enter()
    circuit.succeeded()
    assert (gauge("open"), gauge("closed")) == (0, 1)
