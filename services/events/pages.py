"""The page of the events service: what it holds, and how its last sync went."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jiter
from fastapi import Request, Response
from sqlalchemy import Connection

from services.events import ingest, storage
from services.events.resources import Counted, Resources
from shared import topology
from shared.errors import Invalid
from shared.syncs import sync_state
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = Pages(Path(__file__).parent / "templates", topology.EVENTS)
ROWS = 25
SYNCS = 40
COUNTED_FOR = timedelta(seconds=15)  # the counts go through all events
FIELDS = ("text", "platform", "status")


def events_page(request: Request, here: Resources, asked: Mapping[str, str], now: datetime) -> Response:
    search = {name: asked.get(name, "").strip().replace("\x00", "")[:120] for name in FIELDS}
    which = storage.EventFilter(
        platform=search["platform"] if search["platform"] in ("polymarket", "kalshi") else None,
        status=search["status"] if search["status"] in ("open", "closed") else None,
        text=search["text"] or None,
    )
    complaint = None
    with here.database.connection() as connection:
        truth = truth_of(connection)
        platforms = _stored(here, connection, now)
        before = storage.syncs_before(connection, SYNCS)
        health = storage.health(connection)
        state = sync_state(connection, ingest.SYNCS)
        try:
            body, after = storage.events_page(connection, which, asked.get("cursor") or None, ROWS)
        except Invalid as error:
            body, after, complaint = b"[]", None, error.detail
    events = jiter.from_json(body, float_mode="decimal")
    for event in events:
        event["closes_at"] = datetime.fromisoformat(event["closes_at"]) if event["closes_at"] else None
    facts: dict[str, Any] = {
        "platforms": platforms,
        "open": sum(row["open"] for row in platforms),
        "total": sum(row["open"] + row["closed"] for row in platforms),
        "sync": state,
        "before": before,
        "health": health,
        "venues": here.health()["venues"],
        "events": events,
        "search": search,
        "complaint": complaint,
        "next_page": urlencode({**{k: v for k, v in search.items() if v}, "cursor": after}) if after else None,
    }
    return PAGES.answer(request, "events.html", facts, now=now, truth=truth)


def _stored(here: Resources, connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """What is stored of each venue; counted anew after a sync of ours, or after a while."""
    number, kept = here.generation.number, here.counted
    if kept is None or kept.generation != number or abs(now - kept.at) > COUNTED_FOR:
        kept = here.counted = Counted(number, now, storage.summary(connection))
    return kept.platforms
