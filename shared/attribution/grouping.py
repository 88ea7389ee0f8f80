"""Realised profit by trade, portfolio or period, in its terms: edge, execution, luck, and what has no name."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from shared.scoring.attribution import Bought, Piece, Settled, Sold, Terms, attributed, together

Grouping = Literal["trade", "portfolio", "day", "week", "month"]
Key = tuple[int, int]  # portfolio and market


@dataclass(frozen=True, slots=True)
class Moment:
    """A trade or a settlement of one market in one portfolio."""

    key: Key
    number: str  # "trade 17", "settlement 4"
    at: datetime
    fact: Bought | Sold | Settled


@dataclass(frozen=True, slots=True)
class Realised:
    portfolio_id: int
    market_no: int
    trade: str  # the purchase it belongs to
    at: datetime
    terms: Terms


def realised(moments: Iterable[Moment]) -> Iterator[Realised]:
    """`moments` by portfolio and market, in each of them oldest first."""
    of_one: list[Moment] = []
    for moment in moments:
        if of_one and of_one[-1].key != moment.key:
            yield from _of_market(of_one)
            of_one = []
        of_one.append(moment)
    if of_one:
        yield from _of_market(of_one)


def grouped(pieces: Iterable[Realised], by: Grouping) -> dict[Any, Terms]:
    """By the number of the trade or the portfolio, or by the first day (UTC) of the period in which it was realised."""
    name = _NAMES[by]
    groups: dict[Any, list[Terms]] = {}
    for piece in pieces:
        groups.setdefault(name(piece), []).append(piece.terms)
    return {key: together(terms) for key, terms in groups.items()}


def shown(terms: Terms) -> dict[str, Decimal | None]:
    return {
        "realized_pnl": terms.realized,
        "edge": terms.edge,
        "execution": terms.execution,
        "luck": terms.luck,
        "unexplained": terms.unexplained,
    }


def of_side(action: str, probability: Decimal | None) -> Decimal | None:
    """The probability of yes as that of the side traded."""
    return probability if probability is None or action.endswith("_yes") else 1 - probability


def _of_market(moments: list[Moment]) -> Iterator[Realised]:
    times = {moment.number: moment.at for moment in moments}
    portfolio_id, market_no = moments[0].key
    for piece in _pieces(moments):
        yield Realised(portfolio_id, market_no, str(piece.lot), times[str(piece.at)], piece.terms)


def _pieces(moments: list[Moment]) -> list[Piece]:
    return attributed([moment.fact for moment in moments])


def _day(piece: Realised) -> date:
    return piece.at.astimezone(UTC).date()


def _week(piece: Realised) -> date:
    day = _day(piece)
    return day - timedelta(days=day.weekday())


_NAMES: dict[Grouping, Callable[[Realised], Any]] = {
    "trade": lambda piece: int(piece.trade.removeprefix("trade ")),
    "portfolio": lambda piece: piece.portfolio_id,
    "day": _day,
    "week": _week,
    "month": lambda piece: _day(piece).replace(day=1),
}
