"""Which markets can be traded now: a search over all that are stored, and how fresh they are."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from services.markets import ingest
from services.markets.domain import search
from services.markets.pages.frame import PAGES
from services.markets.resources import Resources
from services.markets.storage import showing
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.syncs import sync_state
from shared.ui.drawings import sparkline
from shared.ui.truth import truth_of

ROWS = 50
LENGTH_MAX = 120
ANY = "any"
SPARK_HOURS = 24
AMOUNT_MAX = Decimal(10) ** 16
FIELDS = (
    "text", "platform", "status", "category", "tag", "min_liquidity", "min_volume", "within", "closes_before",
    "price_from", "price_to", "held", "order",
)  # fmt: skip
FOLDED = ("tag", "min_liquidity", "min_volume", "within", "closes_before", "price_from", "price_to", "held")
WITHIN: Mapping[str, tuple[str, timedelta]] = {
    "1h": ("an hour", timedelta(hours=1)),
    "1d": ("a day", timedelta(days=1)),
    "1w": ("a week", timedelta(days=7)),
    "1m": ("a month", timedelta(days=30)),
}
ORDER_WORDS: Mapping[str, str] = {
    "volume_24h": "most traded today",
    "volume": "most traded ever",
    "liquidity": "most liquid",
    "closes_at": "closing first",
    "price": "likeliest first",
    "id": "as they came",
}


def search_page(request: Request, here: Resources, asked: Mapping[str, str], now: datetime) -> Response:
    raw = {name: asked.get(name, "").strip().replace("\x00", "")[:LENGTH_MAX] for name in FIELDS}
    raw["status"] = raw["status"] or "open"
    raw["order"] = raw["order"] if raw["order"] in search.ORDERS else "volume_24h"
    shelf = here.shelves.shelf()
    complaints: list[str] = []
    after = _after(asked.get("cursor") or "", raw["order"], complaints)
    with here.database.connection() as connection:
        held = showing.held_numbers(connection) if raw["held"] else None
        wanted = _asked(raw, shelf, now, held, complaints)
        found = search.page_of(shelf, search.matching(shelf, wanted), raw["order"], after, ROWS)
        rows = showing.listed_markets(connection, found.market_nos, now - timedelta(hours=SPARK_HOURS))
        truth, state = truth_of(connection), sync_state(connection, ingest.SYNCS)
    markets = [{**row, "spark": _spark(row)} for row in rows]
    given = {name: value for name, value in raw.items() if asked.get(name, "").strip()}
    following = cursor_of(raw["order"], repr(found.following[0]), found.following[1]) if found.following else None
    facts: dict[str, Any] = {
        **_freshness(shelf),
        "markets": markets,
        "sparks": any(market["spark"] for market in markets),
        "total": found.total,
        "elsewhere": _elsewhere(shelf, wanted) if not found.total and wanted.status is not None else 0,
        "anywhere": urlencode({**given, "status": ANY}),
        "later": after is not None,
        "first_page": urlencode(given),
        "next_page": urlencode({**given, "cursor": following}) if following else None,
        "search": raw,
        "searched": [name for name in given if name != "order"],
        "folded_open": any(raw[name] for name in FOLDED),
        "complaints": complaints,
        "statuses": search.STATUSES,
        "within_words": {name: words for name, (words, _) in WITHIN.items()},
        "orders": ORDER_WORDS,
        "categories": shelf.categories_known,
        "sync": state,
        "venues": here.health()["venues"],
    }
    return PAGES.answer(request, "markets.html", facts, now=now, truth=truth)


def _asked(
    raw: Mapping[str, str], shelf: search.Shelf, now: datetime, held: list[int] | None, complaints: list[str]
) -> search.Asked:
    """The search as columns are asked; what cannot be used is named and left out, so that the page always answers."""

    def read(name: str, kind: Callable[[str], float], what: str) -> float | None:
        if not raw[name]:
            return None
        try:
            return kind(raw[name])
        except (ValueError, ArithmeticError):
            complaints.append(f"“{raw[name]}” is not {what}, so it was left out.")
            return None

    least = {
        "liquidity": read("min_liquidity", _dollars, "an amount of dollars"),
        "volume": read("min_volume", _dollars, "an amount of dollars"),
        "price": read("price_from", _cents, "a price from 0 to 100 cents"),
    }
    most = {"price": read("price_to", _cents, "a price from 0 to 100 cents")}
    before = read("closes_before", _moment, "a day such as 2027-01-31")
    if raw["within"] in WITHIN:
        soon = (now + WITHIN[raw["within"]][1]).timestamp()
        before = soon if before is None else min(before, soon)
        least["closes_at"] = now.timestamp()
    most["closes_at"] = before
    return search.Asked(
        words=search.words_of(raw["text"]),
        platform=raw["platform"] if raw["platform"] in search.PLATFORMS else None,
        status=raw["status"] if raw["status"] in search.STATUSES else None,
        category=raw["category"].casefold() or None,
        tag=raw["tag"] or None,
        least={name: bound for name, bound in least.items() if bound is not None},
        most={name: bound for name, bound in most.items() if bound is not None},
        only=held,
    )


def _after(cursor: str, order: str, complaints: list[str]) -> tuple[float, int] | None:
    if not cursor:
        return None
    try:
        name, key, number = key_of(cursor[:300], str, str, int)
        after = float(key), int(number)
        if name != order or after[0] != after[0] or not 0 <= after[1] < 2**31:
            raise UnknownCursor(cursor=cursor[:80])
        return after
    except (UnknownCursor, ValueError):
        complaints.append(UnknownCursor.detail_of({}))
        return None


def _elsewhere(shelf: search.Shelf, wanted: search.Asked) -> int:
    """How many there would be in any state."""
    anywhere = search.Asked(
        wanted.words, wanted.platform, None, wanted.category, wanted.tag, wanted.least, wanted.most, wanted.only
    )
    return int(search.matching(shelf, anywhere).sum())


def _freshness(shelf: search.Shelf) -> dict[str, Any]:
    """What is stored, by venue and state."""
    counts = [
        {
            "platform": platform,
            "status": status,
            "markets": markets,
            "quoted": quoted,
            "quoted_at": datetime.fromtimestamp(newest, UTC) if newest is not None else None,
        }
        for platform, status, markets, quoted, newest in shelf.tally
    ]
    opened = [row for row in counts if row["status"] == "open"]
    return {
        "counts": counts,
        "stored": len(shelf.market_nos),
        "open": sum(row["markets"] for row in opened),
        "quoted": sum(row["quoted"] for row in opened),
        "quoted_at": max((row["quoted_at"] for row in counts if row["quoted_at"]), default=None),
    }


def _spark(row: Mapping[str, Any]) -> Any:
    closes = [float(price) for price in row["closes"] or ()]
    if len(closes) < 2:
        return ""
    words = f"from {closes[0] * 100:.1f}¢ to {closes[-1] * 100:.1f}¢ within {SPARK_HOURS} hours"
    return sparkline(closes, words, width=72, height=20)


def _dollars(said: str) -> float:
    amount = Decimal(said.replace(",", "").removeprefix("$"))
    if not amount.is_finite() or abs(amount) > AMOUNT_MAX:
        raise ValueError(said)
    return float(amount)


def _cents(said: str) -> float:
    price = Decimal(said.removesuffix("¢").strip()) / 100
    if not 0 <= price <= 1:
        raise ValueError(said)
    return float(price)


def _moment(said: str) -> float:
    moment = datetime.fromisoformat(said)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp()
