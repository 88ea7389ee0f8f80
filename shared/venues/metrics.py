"""What is counted about the venues, for /metrics."""

from prometheus_client import Counter, Gauge, Histogram

from shared.venues.records import Platform, Rejected

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CIRCUIT_WORDS = ("closed", "half_open", "open")

REQUESTS = Counter(
    "coliseum_venue_requests_total",
    "Requests to the venues by answer; `status` is the HTTP status or the kind of failure.",
    ("platform", "host", "family", "status"),
)
RETRIES = Counter("coliseum_venue_retries_total", "Requests that were repeated.", ("platform", "host", "family"))
REQUEST_SECONDS = Histogram(
    "coliseum_venue_request_seconds",
    "Seconds from the request to the end of its body, without waiting for the limiter.",
    ("platform", "host", "family"),
    buckets=_SECONDS,
)
BYTES = Counter("coliseum_venue_bytes_total", "Bytes of the answers, unpacked.", ("platform", "host", "family"))
LIMITER_SECONDS = Counter(
    "coliseum_venue_limiter_seconds_total", "Seconds spent waiting for the rate limiter.", ("platform", "host")
)
REJECTED = Counter(
    "coliseum_venue_rejected_records_total", "Records that could not be read.", ("platform", "entity", "kind")
)
CIRCUIT = Gauge(
    "coliseum_venue_circuit_state", "1 for the state in which the circuit of a venue is.", ("platform", "state")
)


def circuit_changed(platform: Platform, word: str) -> None:
    for each in _CIRCUIT_WORDS:
        CIRCUIT.labels(platform, each).set(1 if each == word else 0)


def rejected(record: Rejected) -> None:
    REJECTED.labels(record.platform, record.entity, record.kind).inc()
