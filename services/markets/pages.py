"""The page of the markets service: what is stored, how fresh it is, and a search over it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jiter
from fastapi import Request, Response

from services.markets import ingest
from services.markets.resources import Resources
from services.markets.storage import reading
from shared import topology
from shared.errors import Invalid
from shared.syncs import sync_state
from shared.ui.rendering import Pages
from shared.ui.truth import truth_of

PAGES = Pages(Path(__file__).parent / "templates", topology.MARKETS)
ROWS = 50
STATUSES = ("open", "closed", "proposed", "disputed", "final")
FIELDS = ("text", "platform", "status", "category", "min_liquidity", "order")


def markets_page(request: Request, here: Resources, asked: Mapping[str, str], now: datetime) -> Response:
    search = {name: asked.get(name, "").strip().replace("\x00", "")[:120] for name in FIELDS}
    which, complaint = _filter_of(search)
    order = search["order"] if search["order"] in reading.ORDERS else "volume_24h"
    with here.database.connection() as connection:
        truth = truth_of(connection)
        summary = reading.summary(connection)
        state = sync_state(connection, ingest.SYNCS)
        try:
            cursor = asked.get("cursor") or None
            body, after = reading.markets_page(connection, which, order, cursor, ROWS)
        except Invalid as error:
            body, after, complaint = b"[]", None, error.detail
    markets = jiter.from_json(body, float_mode="decimal")
    facts: dict[str, Any] = {
        "summary": summary,
        "sync": state,
        "venues": here.health()["venues"],
        "markets": [_row(market) for market in markets],
        "search": search,
        "complaint": complaint,
        "statuses": STATUSES,
        "orders": tuple(reading.ORDERS),
        "order": order,
        "categories": summary["categories"],
        "next_page": urlencode({**{k: v for k, v in search.items() if v}, "cursor": after}) if after else None,
    }
    return PAGES.answer(request, "markets.html", facts, now=now, truth=truth)


def _filter_of(search: Mapping[str, str]) -> tuple[reading.MarketFilter, str | None]:
    """The search as a filter; what cannot be used is named and left out, so that the page always answers."""
    complaint = None
    least: Decimal | None = None
    if search["min_liquidity"]:
        try:
            least = Decimal(search["min_liquidity"])
            if not least.is_finite() or (least and abs(least.adjusted()) >= reading.AMOUNT_DIGITS_MAX):
                raise ArithmeticError
        except ArithmeticError:
            least, complaint = None, f"“{search['min_liquidity']}” is not an amount of dollars, so it was left out."
    which = reading.MarketFilter(
        platform=search["platform"] if search["platform"] in ("polymarket", "kalshi") else None,
        status=search["status"] if search["status"] in STATUSES else None,
        category=search["category"] or None,
        text=search["text"] or None,
        min_liquidity=least,
    )
    return which, complaint


def _row(market: dict[str, Any]) -> dict[str, Any]:
    for name in ("closes_at", "quoted_at", "settled_at"):
        market[name] = datetime.fromisoformat(market[name]) if market[name] else None
    for name in ("yes_bid", "yes_ask", "last_price", "volume", "volume_24h", "liquidity"):
        market[name] = Decimal(market[name]) if market[name] is not None else None
    return market
