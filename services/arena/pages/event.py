"""One event: what it asks, what the models were told, what they say while they say it, their bets, and how it ended."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Connection

from services.arena.pages import pictures
from services.arena.pages.frame import PAGES
from services.arena.resources import Resources
from services.arena.storage import showing_events
from shared.errors import NotFound
from shared.ui.changes import Parts
from shared.ui.drawings import Chart, Mark, Series, color_of
from shared.ui.figures import percent_of
from shared.ui.live import Live
from shared.ui.places import Visit, visit_of
from shared.ui.sheets import sheet
from shared.ui.truth import truth_of

SPOKEN_SECONDS = 0.4
QUIET_SECONDS = 2.0
POINTS_MAX = 110
BEFORE = timedelta(minutes=30)  # of prices before the first decision
AFTER = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
PRICE_COLOR = "#0072b2"
GRADES = {"yes": Decimal(1), "no": Decimal(0)}


class NoSuchEvent(NotFound):
    """The arena has no such event; its page lists those it has."""


def event_page(request: Request, here: Resources, event_id: UUID, now: datetime) -> Response:
    live: Live = request.app.state.live
    visit = visit_of(request)
    with here.database.connection() as connection:
        event = _event(connection, event_id, now)
        truth = truth_of(connection)
        sessions = graded(showing_events.sessions_shown(connection, event_id), event)
        facts: dict[str, Any] = {
            "within": "Arena",
            "event": event,
            "brief": showing_events.brief_shown(connection, event_id),
            "rules": showing_events.rules_of(connection, event_id),
            "chart": _chart(connection, event, sessions, now),
            "sessions": sessions,
        }
    parts = live.parts(key_of(visit, event_id), lambda: event_parts(here, live, visit, event_id, here.clock()))
    return PAGES.answer(request, "event.html", facts, now=now, truth=truth, live=(f"/event/{event_id}/live", parts))


def key_of(visit: Visit, event_id: UUID) -> tuple[Any, ...]:
    return "event", event_id, visit.scheme, visit.host, visit.public


async def pace(here: Resources, live: Live, event_id: UUID) -> float:
    """Seconds between two looks: as fast as words come while somebody may speak."""
    return await asyncio.get_running_loop().run_in_executor(live.threads, _pace, here, event_id)


def _pace(here: Resources, event_id: UUID) -> float:
    with here.database.connection() as connection:
        status = _event(connection, event_id, here.clock())["status"]
    return SPOKEN_SECONDS if status in ("pending", "approved", "active") else QUIET_SECONDS


def event_parts(here: Resources, live: Live, visit: Visit, event_id: UUID, now: datetime) -> Parts:
    """Everything about the event that moves."""
    with here.database.connection() as connection:
        event = _event(connection, event_id, now)
        sessions = graded(showing_events.sessions_shown(connection, event_id), event)
        ends = showing_events.endings(connection, event_id) if event["status"] == "settled" else []
        note = None if ends else showing_events.note_without_payment(connection, event_id)
    stated = [each["probability"] for each in sessions if each["probability"] is not None]
    facts = {
        "event": event,
        "sessions": sessions,
        "sentence_of_event": sentence_of(event, sessions),
        "median": median(stated) if stated else None,
        "watching": int(event["viewers"]) + _watching(live, event_id),
        "endings": ends,
        "note": note,
        "pictures": pictures,
    }
    names = ("head", "axis", "sessions", "ending")
    return Parts({name: PAGES.part(visit, f"event_{name}.html", facts, now=now) for name in names})


def _event(connection: Connection, event_id: UUID, now: datetime) -> dict[str, Any]:
    event = showing_events.event_shown(connection, event_id, now)
    if event is None:
        raise NoSuchEvent(event_id=str(event_id))
    return event


def _watching(live: Live, event_id: UUID) -> int:
    """Who looks at this page through this process."""
    topics = [
        topic for key, topic in list(live.topics.items()) if isinstance(key, tuple) and key[:2] == ("event", event_id)
    ]
    return sum(len(topic.viewers) for topic in topics)


def graded(sessions: list[dict[str, Any]], event: dict[str, Any]) -> list[dict[str, Any]]:
    """With the crowd's mid that each decided against and, where yes or no is known, both squared errors. As on the
    board, what was said after the venue's result is no forecast."""
    for each in sessions:
        truth = truth_for(each, event)
        crowd = None if None in (each["yes_bid"], each["yes_ask"]) else (each["yes_bid"] + each["yes_ask"]) / 2
        stated = each["probability"] if each["status"] == "completed" else None
        each["crowd"] = crowd
        each["brier"] = None if truth is None or stated is None else (stated - truth) ** 2
        each["crowd_brier"] = None if truth is None or crowd is None else (crowd - truth) ** 2
        each["shade"] = color_of(each["portfolio_id"], "ai_model", each["color"])
    return sessions


def truth_for(session: dict[str, Any], event: dict[str, Any]) -> Decimal | None:
    """1 for yes, 0 for no; None where nothing can be graded."""
    settled_at, completed_at = event["venue_settled_at"], session["completed_at"]
    if settled_at is not None and completed_at is not None and completed_at >= settled_at:
        return None
    return GRADES.get(event["outcome"] or "")


def sentence_of(event: dict[str, Any], sessions: Sequence[dict[str, Any]]) -> str:
    done = [each for each in sessions if each["status"] == "completed"]
    stated = [each["probability"] for each in done if each["probability"] is not None]
    if event["status"] == "withdrawn":
        return f"It was withdrawn{': ' + event['note'] if event['note'] else ''}. Nobody is judged by it."
    if event["status"] == "settled":
        return _how_it_ended(event, done)
    if event["status"] == "pending":
        return "It waits for approval; then the models are briefed and bet."
    if not sessions:
        return "The models are being briefed; their sessions appear below as they begin."
    decided = f"{len(done)} of {len(sessions)} models have decided"
    if not stated:
        return f"{decided}; nobody has stated a probability yet."
    crowd = "" if event["current_price"] is None else f" and the crowd {percent_of(event['current_price'])}"
    return f"{decided}: their median says {percent_of(median(stated))}{crowd}."


def _how_it_ended(event: dict[str, Any], done: Sequence[dict[str, Any]]) -> str:
    ended = f"It ended {(event['outcome'] or 'without a result').upper()}"
    judged = [each for each in done if each["brier"] is not None and each["crowd_brier"] is not None]
    if not judged:
        return f"{ended}. No forecast can be held against it."
    better = sum(each["brier"] < each["crowd_brier"] for each in judged)
    return f"{ended}. {better} of {len(judged)} models were closer to it than the crowd was when they decided."


def _chart(connection: Connection, event: dict[str, Any], sessions: Sequence[dict[str, Any]], now: datetime) -> Chart:
    since, until = span_of(event, sessions, now)
    points = showing_events.prices_shown(connection, event["market_no"], since, until, POINTS_MAX)
    marks = [
        Mark(
            int(bet["created_at"].timestamp()),
            _cents(bet["price"] if bet["position"] == "YES" else 1 - bet["price"]),
            f"{each['name']} bought {bet['shares'].normalize():f} {bet['position']} at {_cents(bet['price']):.1f}¢",
            each["shade"],
            "up" if bet["position"] == "YES" else "down",
        )
        for each in sessions
        for bet in each["bets"]
    ]
    marks += [
        Mark(
            int(each["completed_at"].timestamp()),
            _cents(each["probability"]),
            f"{each['name']} decided {each['final_position']} and says {percent_of(each['probability'])}",
            each["shade"],
        )
        for each in sessions
        if each["probability"] is not None and each["completed_at"] is not None
    ]
    moved = "" if not points else f"from {_cents(points[0][1]):.1f}¢ to {_cents(points[-1][1]):.1f}¢"
    return Chart(
        name="prices",
        title="Price of YES, with decisions and bets",
        unit="¢",
        times=[at for at, _ in points],
        series=[Series("Price of YES", PRICE_COLOR, [_cents(price) for _, price in points])],
        marks=marks if len(points) > 1 else (),
        alternative=f"The price of YES went {moved}; {sum(len(each['bets']) for each in sessions)} bets are marked."
        if len(points) > 1
        else "Prices appear here once the market has been quoted twice.",
        csv=f"/event/{event['event_id']}/prices.csv",
    )


def span_of(event: dict[str, Any], sessions: Sequence[dict[str, Any]], now: datetime) -> tuple[datetime, datetime]:
    """From a while before the first session to a while after the last moment that matters."""
    began = min((each["started_at"] for each in sessions if each["started_at"]), default=event["created_at"])
    ended = event["settlement_time"] or event["venue_settled_at"] or now
    return min(began, event["created_at"]) - BEFORE, min(now, ended + AFTER) + SECOND


def prices_sheet(here: Resources, event_id: UUID, now: datetime) -> bytes:
    with here.database.connection() as connection:
        event = _event(connection, event_id, now)
        truth = truth_of(connection)
        since, until = span_of(event, showing_events.sessions_shown(connection, event_id), now)
        points = showing_events.prices_shown(connection, event["market_no"], since, until, POINTS_MAX)
    rows = [(datetime.fromtimestamp(at, UTC), price) for at, price in points]
    return sheet(("time", "price_of_yes"), rows, truth, now)


def _cents(price: Decimal) -> float:
    return round(float(price) * 100, 2)
