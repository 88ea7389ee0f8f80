"""One request to a venue: what is repeated, what is not, and what is told about it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.venues.circuit import Circuit
from shared.venues.failures import CircuitOpen, VenueGibberish, VenueRefused, VenueUnreachable, reason_of
from shared.venues.limits import HostLimits
from shared.venues.transport import retry_after, user_agent
from tests.venues.conftest import TransportMaker
from tests.venues.double import Double, Reply

GOOD = Reply({"price": 1})
HTML = b"<!DOCTYPE html><html><title>Just a moment</title></html>"


def test_numbers_keep_every_digit_of_the_wire(double: Double, transport_of: TransportMaker) -> None:
    body = b'{"price": 0.30000000000000004, "whole": 5, "exact": 1.10, "id": 115792089237316195423570985008687907853}'
    double.on("/x", Reply(body))

    answer = transport_of().get(f"{double.url}/x", family="x")

    assert answer.data["price"] == Decimal("0.30000000000000004")
    assert (type(answer.data["whole"]), answer.data["whole"]) == (int, 5)
    assert str(answer.data["exact"]) == "1.10"
    assert answer.data["id"] == 115792089237316195423570985008687907853
    assert answer.bytes_read == len(body)


def test_we_say_who_we_are(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", GOOD)

    transport_of(agent=user_agent("0.1.0", "ops@example.org")).get(f"{double.url}/x", family="x")

    agent = "coliseum/0.1.0 (+prediction market research; contact ops@example.org)"
    assert double.requests[0].headers["User-Agent"] == agent
    assert user_agent("0.1.0") == "coliseum/0.1.0 (+prediction market research)"


def test_parameters_are_repeated_as_given(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", GOOD)

    transport_of().get(f"{double.url}/x", [("t", "A"), ("t", "B"), ("u", "1,2")], family="x")

    assert double.requests[0].params == [("t", "A"), ("t", "B"), ("u", "1,2")]


@pytest.mark.parametrize(
    "bad",
    [
        Reply({"error": "slow down"}, 429),
        Reply(HTML, 503),
        Reply(b"", 500),
        Reply(HTML, 522),
        Reply({"error": "restarting"}, 425),
        Reply(HTML, 200),
        Reply(b'{"price": 1', 200),
        Reply(b"", 200),
        Reply({"price": [1] * 99}, cut_to=40),
        Reply(hang_up=True),
        Reply({"price": 2}, hold_seconds=5),
    ],
    ids=["429", "503", "500", "522", "425", "html", "cut json", "empty", "cut body", "hang up", "timeout"],
)
def test_what_may_pass_is_asked_again(double: Double, transport_of: TransportMaker, bad: Reply) -> None:
    double.on("/x", [bad, GOOD])

    answer = transport_of(timeouts=(1, 0.3)).get(f"{double.url}/x", family="x")

    assert answer.data == {"price": 1}
    assert len(double.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 301])
def test_what_will_not_change_is_asked_once(double: Double, transport_of: TransportMaker, status: int) -> None:
    double.on("/x", [Reply({"error": "Invalid token id"}, status, {"Location": "/y"}), GOOD])

    with pytest.raises(VenueRefused, match=f"status {status}.*Invalid token id") as refusal:
        transport_of().get(f"{double.url}/x", family="x")

    assert refusal.value.status_code == status
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    ("bad", "error", "reason"),
    [
        (Reply(HTML, 502), VenueRefused, "venue_refused"),
        (Reply(HTML), VenueGibberish, "venue_gibberish"),
        (Reply(hang_up=True), VenueUnreachable, "venue_unreachable"),
    ],
)
def test_repeating_ends_after_five_attempts(
    double: Double, transport_of: TransportMaker, bad: Reply, error: type[Exception], reason: str
) -> None:
    double.on("/x", bad)

    with pytest.raises(error) as failure:
        transport_of(attempts_max=5).get(f"{double.url}/x", family="x")

    assert len(double.requests) == 5
    assert reason_of(failure.value) == reason  # type: ignore[arg-type]


def test_waits_grow_with_each_attempt(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", Reply(b"", 500))
    slept: list[float] = []

    with pytest.raises(VenueRefused):
        transport_of(attempts_max=4, backoff_seconds=0.5, sleep=slept.append).get(f"{double.url}/x", family="x")

    assert [0.5 <= slept[0] <= 1, 1 <= slept[1] <= 1.5, 2 <= slept[2] <= 2.5] == [True] * 3


def test_a_body_without_end_is_refused(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", Reply({"rows": ["x" * 1_000] * 1_000}))

    with pytest.raises(VenueGibberish, match="more than 100000 bytes"):
        transport_of(bytes_max=100_000).get(f"{double.url}/x", family="x")

    assert len(double.requests) == 1


def test_half_a_surrogate_does_not_cost_the_page(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", Reply(b'{"rows": ["\\ud800", 0.10]}'))

    answer = transport_of().get(f"{double.url}/x", family="x")

    assert answer.data["rows"][1] == Decimal("0.10")


def test_retry_after_stops_all_requests_to_that_host(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", [Reply({"error": "too many requests"}, 429, {"Retry-After": "7"}), GOOD])
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    limits = HostLimits(rate=0, clock=lambda: now[0], sleep=sleep)
    transport_of(limits=limits).get(f"{double.url}/x", family="x")

    assert slept == [pytest.approx(7)]
    assert len(double.requests) == 2


def test_every_attempt_pays_a_token(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", [Reply(b"", 500), Reply(b"", 500), GOOD])
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    limits = HostLimits(rate=1, burst_seconds=1, clock=lambda: now[0], sleep=sleep)
    transport_of(attempts_max=3, limits=limits).get(f"{double.url}/x", family="x")

    assert slept == [pytest.approx(1), pytest.approx(1)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("7", 7),
        ("0.5", 0.5),
        ("9999", 60),
        ("-3", 0),
        ("soon", 0),
        ("nan", 0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:00 GMT", 60),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_minute(header: str | None, seconds: float) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    assert retry_after(header, now) == pytest.approx(seconds)


def test_a_venue_that_stays_away_is_not_asked_any_more(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", Reply(HTML, 503))
    transport = transport_of(attempts_max=2, circuit=Circuit("polymarket", failures_max=3))

    for _ in range(3):
        with pytest.raises(VenueRefused):
            transport.get(f"{double.url}/x", family="x")
    with pytest.raises(CircuitOpen):
        transport.get(f"{double.url}/x", family="x")

    assert len(double.requests) == 6
    assert transport.state.state == "open"
    assert "status 503" in str(transport.state.last_error)


@pytest.mark.parametrize(("status", "state"), [(404, "closed"), (422, "closed"), (403, "open")])
def test_a_venue_that_says_no_is_there_unless_it_shuts_the_door(
    double: Double, transport_of: TransportMaker, status: int, state: str
) -> None:
    double.on("/x", Reply({"error": "no"}, status))
    transport = transport_of(circuit=Circuit("polymarket", failures_max=2))

    for _ in range(2):
        with pytest.raises(VenueRefused):
            transport.get(f"{double.url}/x", family="x")

    assert transport.state.state == state


def test_a_thread_keeps_its_connection(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", GOOD)
    double.on("/missing", Reply({"error": "not found"}, 404))
    transport = transport_of()

    for _ in range(5):
        transport.get(f"{double.url}/x", family="x")
        with pytest.raises(VenueRefused):
            transport.get(f"{double.url}/missing", family="x")

    assert double.connections == 1


def test_threads_do_not_share_a_connection(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", Reply({"price": 1}, hold_seconds=0.2))
    transport = transport_of()
    started_at = time.monotonic()

    with ThreadPoolExecutor(4) as executor:
        answers: list[Any] = list(executor.map(lambda _: transport.get(f"{double.url}/x", family="x").data, range(4)))

    assert answers == [{"price": 1}] * 4
    assert time.monotonic() - started_at < 0.7  # one after the other: 0.8
    assert double.connections == 4


def test_a_body_of_an_error_can_be_the_answer(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", Reply({"trading_active": False}, 503))

    answer = transport_of().get(f"{double.url}/x", family="x", also=frozenset({503}))

    assert (answer.status, answer.data) == (503, {"trading_active": False})


def test_requests_are_counted_by_what_they_ended_with(double: Double, transport_of: TransportMaker) -> None:
    double.on("/x", [Reply(b"", 500), Reply(HTML), Reply(hang_up=True), GOOD])
    host = double.url.removeprefix("http://")

    transport_of(attempts_max=4).get(f"{double.url}/x", family="candles")

    def count(name: str, **labels: str) -> float | None:
        labels = {"platform": "polymarket", "host": host, "family": "candles", **labels}
        return REGISTRY.get_sample_value(name, labels)

    by_status = {
        status: count("coliseum_venue_requests_total", status=status)
        for status in ("500", "gibberish", "unreachable", "200")
    }
    assert by_status == {"500": 1, "gibberish": 1, "unreachable": 1, "200": 1}
    assert count("coliseum_venue_retries_total") == 3
    assert count("coliseum_venue_request_seconds_count") == 4
