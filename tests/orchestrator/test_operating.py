"""Whether everything runs, as a function of what the rows say; and what services count."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.orchestrator.domain.measures import measures_of
from services.orchestrator.domain.operating import State, age_limits, stale, troubles_of
from services.orchestrator.pages.operations import sentence_of
from services.orchestrator.pages.timeline import timeline
from tests.orchestrator.conftest import NOON


def ago(**spans: float) -> datetime:
    return NOON - timedelta(**spans)


def health(component: str, status: str = "healthy", **details: Any) -> dict[str, Any]:
    return {
        "component": component,
        "status": status,
        "last_check": ago(seconds=30),
        "since": ago(hours=1),
        "details": details,
    }


def cycle(status: str = "success", **facts: Any) -> dict[str, Any]:
    return {"status": status, "failed_step": None, "error": None, "portfolios_failed": 0, **facts}


def job(name: str, status: str = "done", **facts: Any) -> dict[str, Any]:
    return {"job": name, "status": status, "started_at": ago(seconds=40), "error": None, **facts}


FRESH = {"events": ago(minutes=5), "markets": ago(minutes=5), "prices": ago(minutes=3), "candles": ago(minutes=5)}
WELL = State(
    now=NOON,
    enabled=True,
    health=[health("events"), health("audit")],
    cycle=cycle(),
    moments=FRESH,
    price_seconds=300,
    breakers=[],
    jobs=[job("health_check")],
    models=[],
    unpaid=0,
    unpaid_since=None,
)
MODEL = {
    "name": "GPT-4o",
    "provider_model": "openai/gpt-4o",
    "enabled": True,
    "calls": 10,
    "failed": 3,
    "dollars": Decimal(1),
    "paid": Decimal(1),
    "failure": "timeout",
}
BUDGET = [health("arena", counts={"budgets": {"day": Decimal(5), "model_day": Decimal(1)}})]


IDLE = job("prices", started_at=ago(minutes=9))


def spent(dollars: int) -> dict[str, Any]:
    return {**MODEL, "failed": 0, "dollars": Decimal(dollars)}


def test_where_all_is_well_there_is_nothing_to_say() -> None:
    assert troubles_of(WELL) == []


@pytest.mark.parametrize(
    ("rows", "said", "section", "weight"),
    [
        ({"health": [health("arena", "down")]}, "arena is down", "services", "bad"),
        ({"health": [health("markets", "degraded", error="no disk")]}, "markets cannot work", "services", "bad"),
        ({"health": [health("audit", "down", disagreements=[1, 2])]}, "2 sums disagree with history", "truth", "bad"),
        ({"cycle": cycle("partial", portfolios_failed=1)}, "1 portfolio failed in the last cycle", "cycle", "warn"),
        (
            {"cycle": cycle("failed", failed_step="collect_events", error="away")},
            "the last cycle failed at collect events",
            "cycle",
            "bad",
        ),
        ({"cycle": cycle("interrupted")}, "the last cycle was interrupted", "cycle", "bad"),
        ({"moments": {**FRESH, "markets": ago(hours=3)}}, "markets are 3 h old", "data", "warn"),
        ({"moments": {**FRESH, "prices": ago(minutes=9)}}, "the marks of what is held are 9 min old", "data", "warn"),
        ({"breakers": [{"portfolio_id": None}]}, "1 breaker is open", "breakers", "bad"),
        ({"breakers": [{"portfolio_id": 1}, {"portfolio_id": 2}]}, "2 breakers are open", "breakers", "warn"),
        ({"jobs": [job("clean_up", "failed", error="x")]}, "the job clean up failed", "schedule", "warn"),
        ({"enabled": False, "jobs": [IDLE]}, "nothing happens by itself", "schedule", "warn"),
        ({"models": [MODEL]}, "3 of 10 calls of GPT-4o failed today", "models", "warn"),
        ({"models": [spent(4)], "health": BUDGET}, "models have used most of today's budget", "models", "warn"),
        ({"models": [spent(5)], "health": BUDGET}, "models have used all of today's budget", "models", "bad"),
        ({"unpaid": 3, "unpaid_since": ago(minutes=16)}, "3 positions wait to be paid", "waiting", "warn"),
    ],
)  # fmt: skip
def test_each_trouble_is_named_where_it_is_seen(rows: dict[str, Any], said: str, section: str, weight: str) -> None:
    [trouble] = troubles_of(replace(WELL, **rows))

    assert (trouble.said, trouble.section, trouble.weight) == (said, section, weight)
    assert trouble.means.endswith((".", "x", "away", "disk")) and trouble.remedy.endswith(".")


@pytest.mark.parametrize(
    "rows",
    [
        {"moments": {**FRESH, "prices": None, "candles": None}},  # nothing is held, nothing was rolled
        {"moments": {**FRESH, "prices": ago(days=1)}, "price_seconds": 0},  # only when somebody asks
        {"enabled": False},  # somebody else runs the jobs
        {"unpaid": 3, "unpaid_since": ago(minutes=4)},  # the next settlement pays them
        {"models": [{**MODEL, "calls": 9, "failed": 9}]},  # too few to say anything
        {"models": [{**MODEL, "enabled": False}]},  # it plays no more
        {"jobs": [job("trading_cycle", "failed")]},  # its cycle says so itself
        {"cycle": None},
    ],
)
def test_what_is_usual_is_no_trouble(rows: dict[str, Any]) -> None:
    assert troubles_of(replace(WELL, **rows)) == []


def test_what_nobody_has_looked_at_for_minutes_is_called_old() -> None:
    [trouble] = troubles_of(replace(WELL, now=NOON + timedelta(minutes=4)))

    assert trouble.said == "nobody has looked at the services since 11:59 UTC"


def test_the_worst_comes_first_and_the_rest_is_counted() -> None:
    ill = replace(
        WELL,
        health=[health("arena", "down")],
        breakers=[{"portfolio_id": None}],
        cycle=cycle("partial", portfolios_failed=2),
        jobs=[job("prices", "failed")],
        moments={**FRESH, "events": ago(hours=1)},
    )

    assert sentence_of(troubles_of(ill)) == (
        "Arena is down, 1 breaker is open, 2 portfolios failed in the last cycle and 2 more things."
    )
    assert sentence_of(troubles_of(replace(WELL, breakers=[{"portfolio_id": 1}]))) == "1 breaker is open."


def test_data_are_stale_by_what_they_are_older_than_they_may_be() -> None:
    old = replace(WELL, moments={**FRESH, "events": ago(minutes=41)})

    assert stale(old) == {"events": timedelta(minutes=11)}
    assert age_limits(30)["prices"] == timedelta(seconds=150)


def test_what_a_service_counts_is_summed_by_venue() -> None:
    written = """\
# HELP coliseum_venue_requests_total Requests to the venues by answer.
coliseum_venue_requests_total{family="markets",host="h:1",platform="kalshi",status="200"} 21.0
coliseum_venue_requests_total{family="a \\"b\\"",host="h",platform="kalshi",status="429"} 2.0
coliseum_venue_requests_total{family="books",host="h",platform="kalshi",status="503"} 1.0
coliseum_venue_requests_total{family="books",host="h",platform="kalshi",status="timeout"} 4.0
coliseum_venue_requests_created{family="books",host="h",platform="kalshi",status="404"} 1.79e+09
coliseum_venue_retries_total{family="books",host="h",platform="kalshi"} 5.0
coliseum_venue_limiter_seconds_total{host="h",platform="kalshi"} 0.12345
coliseum_model_budget_dollars{of="day"} 25.0
coliseum_feed_readers 3.0
coliseum_feed_delay_seconds_sum 0.5
coliseum_feed_delay_seconds_count 10.0
coliseum_messages_lost_total NaN
python_info{version="3.11"} 1.0
nonsense
"""

    found = measures_of(written)

    assert found["venues"] == {
        "kalshi": {"requests": 28, "too_many": 2, "failed": 5, "repeated": 5, "waited_seconds": Decimal("0.123")}
    }
    assert found["budgets"] == {"day": Decimal("25.0")}
    assert found["feed"] == {"readers": 3, "delay_seconds": Decimal("0.050"), "lost": 0}
    assert measures_of("") == measures_of("<html>") == {}


def test_steps_are_drawn_where_they_lie_in_the_cycle() -> None:
    running = {"status": "running", "started_at": ago(seconds=10), "portfolios": 4}
    groups = [
        group("collect_events", 10, 6, counts='{"platforms": {"kalshi": {"seen": 7, "new": 2, "error": "away"}}}'),
        group("settle", 6, None, status="running"),
    ]

    drawn = timeline(running, groups, [], NOON)

    assert drawn.seconds == 10
    assert [line.step for line in drawn.lines] == [
        "collect_events",
        "settle",
        "signals",
        "execute",
        "snapshot",
        "archive",
    ]
    events, settle, signals = drawn.lines[:3]
    assert [(piece.left, piece.wide) for piece in (*events.pieces, *settle.pieces)] == [(0, 400), (400, 600)]
    assert events.told == "7 seen, 2 new or changed; kalshi failed"
    assert (signals.status, signals.pieces, signals.seconds) == ("waiting", (), None)


def group(
    step: str, began: float, ended: float | None, status: str = "done", counts: str | None = None
) -> dict[str, Any]:
    return {
        "step": step,
        "status": status,
        "started_at": ago(seconds=began),
        "finished_at": None if ended is None else ago(seconds=ended),
        "portfolios": None,
        "failed": None,
        "counts": counts,
        "error": None,
    }
