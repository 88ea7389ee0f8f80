"""What a service counts, out of the text that Prometheus reads: its venues, the budgets of models, the feed."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

SAMPLE = re.compile(r"^(coliseum_\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
TOO_MANY = "429"
STEP = Decimal("0.001")

Sample = tuple[str, dict[str, str], Decimal]


def measures_of(written: str) -> dict[str, Any]:
    """Counts since that process began. What it does not count is not here."""
    samples = list(_samples(written))
    found: dict[str, Any] = {
        "venues": _venues(samples),
        "budgets": {labels["of"]: value for name, labels, value in samples if name == "coliseum_model_budget_dollars"},
        "feed": _feed({name: value for name, labels, value in samples if not labels}),
    }
    return {what: figures for what, figures in found.items() if figures}


def _samples(written: str) -> Iterator[Sample]:
    for line in written.splitlines():
        if match := SAMPLE.match(line):
            try:
                value = Decimal(match[3])
            except InvalidOperation:
                continue
            if value.is_finite():
                yield match[1], dict(LABEL.findall(match[2] or "")), value


def _venues(samples: list[Sample]) -> dict[str, dict[str, Any]]:
    venues: dict[str, dict[str, Any]] = {}
    for name, labels, value in samples:
        platform = labels.get("platform")
        if platform is None or not name.startswith("coliseum_venue_"):
            continue
        venue = venues.setdefault(
            platform, {"requests": 0, "too_many": 0, "failed": 0, "repeated": 0, "waited_seconds": Decimal(0)}
        )
        match name:
            case "coliseum_venue_requests_total":
                venue["requests"] += int(value)
                venue["too_many"] += int(value) if labels["status"] == TOO_MANY else 0
                venue["failed"] += int(value) if _failed(labels["status"]) else 0
            case "coliseum_venue_retries_total":
                venue["repeated"] += int(value)
            case "coliseum_venue_limiter_seconds_total":
                venue["waited_seconds"] += value.quantize(STEP)
    return venues


def _failed(status: str) -> bool:
    """Of the venue's making: it could not answer, or not in time. An unknown id is an answer."""
    return not status.isdigit() or status.startswith("5")


def _feed(plain: dict[str, Decimal]) -> dict[str, Any]:
    if "coliseum_feed_readers" not in plain:
        return {}
    frames = plain.get("coliseum_feed_delay_seconds_count", Decimal(0))
    behind = plain.get("coliseum_feed_delay_seconds_sum", Decimal(0))
    return {
        "readers": int(plain["coliseum_feed_readers"]),
        "delay_seconds": (behind / frames).quantize(STEP) if frames else None,
        "lost": int(plain.get("coliseum_messages_lost_total", Decimal(0))),
    }
