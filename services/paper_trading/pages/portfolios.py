"""The page of all portfolios: what they hold, and what they did."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from services.paper_trading.pages.rendering import PAGES, visitor_of
from services.paper_trading.resources import Resources
from services.paper_trading.storage import showing
from shared.topology import STRATEGIES
from shared.ui.changes import Parts
from shared.ui.live import Make
from shared.ui.paging import leaf_number, leaf_of
from shared.ui.places import Visit
from shared.ui.truth import truth_of

Clock = Callable[[], datetime]

LISTED_MAX = 5_000
SPARK_STEPS = 16
SPARK_SECONDS = 300
ORDER_SECONDS = 60  # for so long the order stays, though figures move: a table that comes anew is large
SPARK_MISSED_MAX = 3
DECISIONS_MAX = 10_000
EXACT = re.compile(r' title="[^"<>]* (?:dollars|%)"')  # left out of a long list; each portfolio's own page has them
STATUSES = ("active", "paused", "closed")
ORDER_WORDS = {
    "growth": "growth",
    "equity": "equity",
    "profit": "profit and loss",
    "cash": "cash",
    "positions": "open positions",
    "trades": "trades",
    "fees": "fees",
    "execution_cost": "execution cost",
    "newest": "newest first",
    "name": "name",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the page's address can be used, and what cannot."""

    which: showing.Which
    leaf: int
    complaint: str | None

    @property
    def query(self) -> str:
        """The same again, for the stream of the page."""
        return f"{filters(self.which)}&leaf={self.leaf}"


def filters(which: showing.Which) -> str:
    named = {"status": which.status, "type": which.strategy_type, "order": which.order}
    return urlencode({name: value for name, value in named.items() if value})


def asked_of(query: Mapping[str, str]) -> Asked:
    status, order, kind = (query.get(name, "").strip()[:80] for name in ("status", "order", "type"))
    wrong = []
    if status and status not in STATUSES:
        wrong.append(f"there is no status “{status}”")
    if order and order not in showing.ORDERS:
        wrong.append(f"there is no order by “{order}”")
    if kind and kind not in STRATEGIES:
        wrong.append(f"there is no strategy “{kind}”")
    which = showing.Which(
        status if status in STATUSES else None,
        kind if kind in STRATEGIES else None,
        order if order in showing.ORDERS else "growth",
    )
    leaf = leaf_number(query.get("leaf", ""))
    return Asked(which, leaf, f"{' and '.join(wrong).capitalize()}, so that was left out." if wrong else None)


def portfolios_page(request: Request, here: Resources, clock: Clock) -> Response:
    now, asked = clock(), asked_of(request.query_params)
    key, make = live_of(request, here, asked, clock)
    parts = request.app.state.live.parts(key, make)
    with here.database.connection() as connection:
        truth = truth_of(connection)
        totals = showing.totals(connection)
    facts: dict[str, Any] = {
        "totals": totals,
        "which": asked.which,
        "complaint": asked.complaint,
        "statuses": STATUSES,
        "strategy_types": sorted({*totals["strategy_types"]} & {*STRATEGIES}),
        "orders": ORDER_WORDS,
        "steps": SPARK_STEPS,
    }
    return PAGES.answer(request, "portfolios.html", facts, now=now, truth=truth, live=(f"/live?{asked.query}", parts))


def live_of(request: Request, here: Resources, asked: Asked, clock: Clock) -> tuple[Any, Make]:
    """The key of the page's live parts, and what makes them at any moment."""
    visit = visitor_of(request)

    def make() -> Parts:
        return _parts(here, visit, asked.which, asked.leaf, clock())

    return ("portfolios", asked.which, asked.leaf, visit), make


def _parts(here: Resources, visit: Visit, which: showing.Which, number: int, now: datetime) -> Parts:
    """Made anew only when something has moved."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with here.database.connection() as connection:
        rows = showing.listed(connection, which, LISTED_MAX)
        stamp = int(now.timestamp()) // SPARK_SECONDS
        order = here.kept.get(
            ("order", which),
            (int(now.timestamp()) // ORDER_SECONDS, len(rows)),
            lambda: {row["portfolio_id"]: place for place, row in enumerate(rows)},
        )
        rows.sort(key=lambda row: order.get(row["portfolio_id"], len(order)))
        leaf = leaf_of(number, len(rows))
        rows = list(leaf.of(rows))
        ids = sorted(row["portfolio_id"] for row in rows)
        sparks = here.kept.get(
            ("sparks", tuple(ids)),
            stamp,
            lambda: _joined(showing.sparks(connection, ids, now - timedelta(days=1), now, SPARK_STEPS)),
        )
        newest = showing.newest_decision(connection)
        totals = showing.totals(connection)
        decided = here.kept.get(
            "decided today",
            (newest, day),
            lambda: showing.decided_since(connection, day, DECISIONS_MAX),
        )
    state = (stamp, newest, day, leaf, repr(totals), tuple(tuple(row.values()) for row in rows))
    facts = {"portfolios": rows, "totals": totals, "sparks": sparks, "leaf": leaf, "filters": filters(which)}
    key = ("portfolios", which, number, visit)
    return here.drawn.get(key, state, lambda: _rendered(visit, facts, decided, now))


def _joined(sparks: dict[int, list[Any]]) -> dict[int, list[Any]]:
    """A step without a point keeps the value before it; where several have none, nobody looked, and the line breaks."""
    joined = {}
    for number, values in sparks.items():
        shown: list[Any] = []
        last, missed = None, 0
        for value in values:
            missed = 0 if value is not None else missed + 1
            last = value if value is not None else last
            shown.append(last if missed <= SPARK_MISSED_MAX else None)
        joined[number] = shown
    return joined


def _rendered(visit: Visit, table: Mapping[str, Any], decided: list[showing.Row], now: datetime) -> Parts:
    done = [row for row in decided if row["outcome"] in ("filled", "partial", "resting")]
    facts = {
        **table,
        "decided": sum(row["count"] for row in decided),
        "done": {row["outcome"]: row["count"] for row in done},
        "skipped": [row for row in decided if row not in done],
        "decisions_max": DECISIONS_MAX,
    }
    return Parts(
        {
            "portfolios": EXACT.sub("", PAGES.part(visit, "portfolios_table.html", facts, now=now)),
            "answer": PAGES.part(visit, "portfolios_answer.html", facts, now=now),
            "today": PAGES.part(visit, "portfolios_today.html", facts, now=now),
        }
    )
