"""One market: what it costs to trade, how its price moved, who holds what, and how it ends."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import jiter
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from services.markets import refresh
from services.markets.domain import changing, trading_cost
from services.markets.domain.history import Candle, Range, range_of, thinned
from services.markets.pages import pictures
from services.markets.pages.frame import PAGES
from services.markets.resources import Resources
from services.markets.storage import reading, showing
from shared.database import Database
from shared.errors import NotFound
from shared.syncs import Clock
from shared.trading.books import Book
from shared.trading.fees import UnreadableTerms, fee_terms
from shared.ui.changes import Parts
from shared.ui.places import Visit
from shared.ui.sheets import sheet, sheet_answer
from shared.ui.truth import truth_of

ROWS = 40
FILLS = 12
VERSIONS = 50
LEVELS = 15
TICKS_MAX = 5_000
ID_MAX = 140
EVIDENCE_MAX = 4_000
CANDLE_COLUMNS = ("opened_at", "open", "high", "low", "close", "volume", "source")

SAID = {
    "fresh": ("The book below was read from the venue just now.", "good"),
    "no_book": ("The venue has no book for this market now, so the one below is the last that we read.", "warn"),
    "venue_failed": (
        "The venue did not answer. The book below is the last that we read; try again in a minute.",
        "bad",
    ),
}


class NoSuchMarket(NotFound):
    """No market “{market_id}” is stored here; the search finds those that are, and a sync brings new ones."""


class NoMarketOfEvent(NotFound):
    """No market of the event “{event_id}” is stored here; the next sync brings those that are new."""


def market_page(request: Request, here: Resources, market_id: str, parts: Parts, now: datetime) -> Response:
    asked = request.query_params
    with here.database.connection() as connection:
        market = _market(connection, market_id)
        number = market["market_no"]
        shown = range_of(asked.get("range", ""), showing.first_tick(connection, number), now)
        sticks = _candles(connection, number, shown)
        quote_now = showing.quote_of(connection, market_id)
        [book] = jiter.from_json(reading.books_json(connection, [market_id]), float_mode="decimal") or [None]
        fills = showing.fills_in(connection, number, ROWS)
        versions = showing.versions_of(connection, number, VERSIONS + 1)
        facts: dict[str, Any] = {
            "positions": showing.positions_in(connection, number, ROWS),
            "orders": showing.orders_in(connection, number, ROWS),
            "arena": showing.arena_event_of(connection, number),
            "siblings": showing.siblings_of(connection, market["event_id"], number, ROWS) if market["event_id"] else [],
            "pairs": showing.pairs_of(connection, number),
        }
        truth = truth_of(connection)
    path = f"/market/{quote(market_id, safe='')}"
    candles_wanted = asked.get("picture") == "candles"
    facts |= {
        "within": "Markets",
        "market": market,
        "here": path,
        "quote": quote_now,
        "fee": _fee(market, quote_now, now),
        "venue_page": venue_page(market),
        "said": SAID.get(asked.get("said", "")),
        "range": shown.name,
        "candles_wanted": candles_wanted,
        "chart": pictures.price_chart(path, shown, sticks, quote_now, fills, candles_wanted),
        "candlesticks": pictures.candlesticks(shown, sticks) if candles_wanted else "",
        "book": _book(book, quote_now, now),
        "versions": changing.versions_of(versions[: VERSIONS + 1], whole=len(versions) <= VERSIONS + 1),
    }
    return PAGES.answer(request, "market.html", facts, now=now, truth=truth, live=(f"{path}/live", parts))


def busiest_market(here: Resources, event_id: str) -> Response:
    with here.database.connection() as connection:
        market_id = showing.busiest_of(connection, event_id) if _usable(event_id) else None
    if market_id is None:
        raise NoMarketOfEvent(event_id=event_id[:ID_MAX])
    return RedirectResponse(f"/market/{quote(market_id, safe='')}#siblings", 303)


def quote_key(market_id: str, visit: Visit) -> tuple[object, ...]:
    return "market", market_id, visit


def quote_parts(database: Database, market_id: str, visit: Visit, clock: Clock) -> Parts:
    """What moves while somebody looks: the quote with its answer in words, and our fills."""
    with database.connection() as connection:
        found = showing.quote_of(connection, market_id) if _usable(market_id) else None
        if found is None:
            return Parts({})  # the page itself says so
        fills = showing.fills_in(connection, found["market_no"], FILLS)
    now = clock()
    figures = PAGES.part(visit, "market_quote.html", {"q": found, **_spread(found)}, now=now)
    lines = PAGES.part(visit, "market_fills.html", {"fills": fills}, now=now)
    return Parts({"quote": figures}, {"fills": lines})


def prices_csv(request: Request, here: Resources, market_id: str, name: str, now: datetime) -> Response:
    """The candles of the chart, oldest first."""
    with here.database.connection() as connection:
        number = _market(connection, market_id)["market_no"]
        shown = range_of(name, showing.first_tick(connection, number), now)
        found = _candles(connection, number, shown)
        truth = truth_of(connection)
    rows = [tuple(getattr(each, name) for name in CANDLE_COLUMNS) for each in found]
    name = "".join(each if each.isalnum() or each in "-._" else "-" for each in market_id)
    return sheet_answer(request, sheet(CANDLE_COLUMNS, rows, truth, now), f"{name}-{shown.name}.csv")


def fetched_book(here: Resources, market_id: str, clock: Clock) -> Response:
    """Reads the book from the venue, and goes back to the page."""
    with here.database.connection() as connection:
        _market(connection, market_id)
    books = refresh.refresh_books(here.database, here.venues, [market_id], clock)
    if books.fetched:
        here.data_changed()
        said = "fresh"
    else:
        said = "venue_failed" if books.failures and books.failures[0]["reason"].startswith("venue_") else "no_book"
    return RedirectResponse(f"/market/{quote(market_id, safe='')}?said={said}#book", 303)


def venue_page(market: dict[str, Any]) -> str | None:
    """Where the venue shows it, as far as what is stored tells; a simulated venue has no pages."""
    if market["simulated"] is not False:
        return None
    slug = market["slug"] if market["platform"] == "polymarket" else (market["series_id"] or "").partition(":")[2]
    if not slug or len(slug) > ID_MAX or not all(each.isascii() and (each.isalnum() or each in "-_.") for each in slug):
        return None
    base = "https://polymarket.com/market/" if market["platform"] == "polymarket" else "https://kalshi.com/markets/"
    return base + slug.lower()


def _market(connection: Connection, market_id: str) -> dict[str, Any]:
    found = showing.market_facts(connection, market_id) if _usable(market_id) else None
    if found is None:
        raise NoSuchMarket(market_id=market_id[:80].replace("\x00", ""))
    for name in ("fee", "price_bands"):
        found[name] = jiter.from_json(found[name].encode(), float_mode="decimal") if found[name] else None
    found["resolution_evidence"] = (found["resolution_evidence"] or "")[:EVIDENCE_MAX] or None
    return found


def _usable(market_id: str) -> bool:
    """Whether the database can be asked for it."""
    return 0 < len(market_id) <= ID_MAX and market_id.isprintable()


def _candles(connection: Connection, number: int, shown: Range) -> list[Candle]:
    """Made of minutes where they are kept, else of hours."""
    found = showing.candles_in(connection, number, shown.period, shown.since, shown.until, TICKS_MAX)
    if len(found) < 2 and shown.period == 1:
        hours = showing.candles_in(connection, number, 60, shown.since, shown.until, TICKS_MAX)
        found = hours if len(hours) > len(found) else found
    return thinned(found, shown.minutes)


def _spread(found: dict[str, Any]) -> dict[str, Any]:
    bid, ask = found["yes_bid"], found["yes_ask"]
    if bid is None or ask is None:
        return {"spread": None, "mid": None}
    return {"spread": ask - bid, "mid": (ask + bid) / 2}


def _fee(market: dict[str, Any], found: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """The terms, and what one contract costs at the present ask."""
    try:
        terms = fee_terms(market["platform"], market["fee"], now)
    except UnreadableTerms as error:
        return {"problem": str(error)}
    ask = found["yes_ask"] if found else None
    return {
        "problem": None,
        "platform": market["platform"],
        "terms": terms,
        "at": ask,
        "each": trading_cost.fee_of_one(terms, ask),
        "waived_until": (market["fee"] or {}).get("waived_until"),
    }


def _book(shown: dict[str, Any] | None, found: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """The stored book with its picture, its best levels, and what trading on it would cost."""
    if shown is None:
        return None
    book = Book.of(shown)
    for name in ("tick_size", "min_size"):
        shown[name] = None if shown[name] is None else Decimal(shown[name])
    rules = trading_cost.rules_of(shown, now)
    return {
        "quoted_at": book.quoted_at,
        "moved": found is not None
        and found["status"] == "open"
        and (found["yes_bid"], found["yes_ask"]) != (book.best_bid("yes"), book.best_ask("yes")),
        "picture": pictures.depth_of(book),
        "levels": _levels(book),
        "more": max(len(book.bids), len(book.asks)) > LEVELS,
        "bids": len(book.bids),
        "asks": len(book.asks),
        "cost": None if isinstance(rules, str) else trading_cost.trading_cost(book, rules),
        "problem": rules if isinstance(rules, str) else None,
    }


def _levels(book: Book) -> list[dict[str, Any]]:
    """Both sides beside each other, each with what stands at its price or better."""
    rows = []
    added = {"bids": Decimal(0), "asks": Decimal(0)}
    for at in range(min(LEVELS, max(len(book.bids), len(book.asks)))):
        row: dict[str, Any] = {}
        for side, ladder in (("bids", book.bids), ("asks", book.asks)):
            if at < len(ladder):
                price, size = ladder[at]
                added[side] += size
                row[side] = {"price": price, "size": size, "added": added[side]}
            else:
                row[side] = None
        rows.append(row)
    return rows
