"""The page of the events service: what it holds, and how its last sync went."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jiter
from fastapi import Request, Response

from services.events import ingest, storage
from services.events.resources import Resources
from shared import topology
from shared.errors import Invalid
from shared.syncs import sync_state
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = Pages(Path(__file__).parent / "templates", topology.EVENTS)
ROWS = 50
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
        platforms = storage.summary(connection)
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
        "venues": here.health()["venues"],
        "events": events,
        "search": search,
        "complaint": complaint,
        "next_page": urlencode({**{k: v for k, v in search.items() if v}, "cursor": after}) if after else None,
    }
    return PAGES.answer(request, "events.html", facts, now=now, truth=truth)
