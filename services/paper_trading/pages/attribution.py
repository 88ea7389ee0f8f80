"""Where the realised profit of one portfolio comes from: in short on its page, and by week and trade on a page."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.pages.pictures import Step, waterfall
from services.paper_trading.pages.rendering import PAGES
from services.paper_trading.pages.rounding import TERMS, in_cents
from services.paper_trading.resources import Resources
from services.paper_trading.storage import showing
from shared.attribution import moments
from shared.attribution.grouping import grouped, realised
from shared.scoring.attribution import Terms, together
from shared.trading.passing import dollars
from shared.ui.truth import truth_of

INLINE_MAX = 250  # trades; those of more are attributed on a page of their own, unless they were already
WEEKS_SHOWN = 12
TRADES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Attributed:
    total: Terms
    weeks: tuple[tuple[date, Terms], ...]  # newest first
    trades: tuple[tuple[int, Terms], ...]  # those that moved most


def attributed(connection: Connection, here: Resources, portfolio: dict[str, Any], *, at_any_cost: bool) -> Any:
    """None where it would take too long for the page."""
    key, stamp = ("attribution", portfolio["portfolio_id"]), portfolio["updated_at"]
    if not at_any_cost and portfolio["trade_count"] > INLINE_MAX and not here.kept.holds(key, stamp):
        return None
    return here.kept.get(key, stamp, lambda: _attribute(connection, portfolio["portfolio_id"]))


def _attribute(connection: Connection, portfolio_id: int) -> Attributed:
    pieces = list(realised(moments.moments(connection, portfolio_id)))
    weeks, trades = grouped(pieces, "week"), grouped(pieces, "trade")
    largest = sorted(trades.items(), key=lambda each: (-abs(each[1].realized), -each[0]))
    return Attributed(
        together(piece.terms for piece in pieces),
        tuple(sorted(weeks.items(), reverse=True)),
        tuple(largest[:TRADES_SHOWN]),
    )


def shown(found: Attributed) -> dict[str, Any]:
    """As a template takes it."""
    return {
        "total": found.total,
        "weeks": found.weeks[:WEEKS_SHOWN],
        "more_weeks": len(found.weeks) - WEEKS_SHOWN,
        "drawn": drawn(found.total),
        "sentence": sentence_of(found.total),
    }


def drawn(total: Terms) -> Any:
    cents = in_cents(total)
    known = [name for name in TERMS if getattr(total, name) is not None]
    steps = [Step(name.capitalize(), getattr(total, name), getattr(cents, name)) for name in known]
    steps.append(Step("Realized", total.realized, cents.realized, total=True))
    return waterfall(steps, sentence_of(total))


def sentence_of(total: Terms) -> str:
    """The terms in words; what is shown of them sums to what is shown as realised."""
    told, cents = [], in_cents(total)
    if cents.edge is not None:
        told.append(f"{_signed(cents.edge)} from the edge it stated")
    if cents.execution is not None:
        told.append(f"{_signed(cents.execution)} by execution (spreads, depth and fees)")
    if cents.luck is not None:
        told.append(f"{_signed(cents.luck)} by luck")
    if cents.unexplained is not None:
        told.append(f"{_signed(cents.unexplained)} that no stated probability explains")
    if not told:
        return "Nothing has been realized yet."
    return f"Of the realized {_signed(cents.realized)}: {', '.join(told)}."


def attribution_page(request: Request, here: Resources, portfolio_id: int, now: datetime) -> Response:
    with here.database.connection() as connection:
        truth = truth_of(connection)
        portfolio = showing.one(connection, portfolio_id)
        if portfolio is None:
            raise PortfolioNotFound(portfolio_id=portfolio_id)
        found = attributed(connection, here, portfolio, at_any_cost=True)
        named = moments.trades_named(connection, [number for number, _ in found.trades])
    facts = {
        "within": "Portfolios",
        "p": portfolio,
        "drawn": drawn(found.total),
        "sentence": sentence_of(found.total),
        "total": found.total,
        "weeks": found.weeks,
        "trades": [(named[number], terms) for number, terms in found.trades],
    }
    return PAGES.answer(request, "attribution.html", facts, now=now, truth=truth)


def _signed(amount: Decimal) -> str:
    return f"+{dollars(amount)}" if amount > 0 else dollars(amount)
