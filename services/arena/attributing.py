"""Says where realised profit came from: edge, execution and luck of each trade, portfolio or period."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.arena.resources import Resources
from shared.attribution import moments as reads
from shared.attribution.grouping import Grouping, Realised, grouped, realised, shown
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.errors import Invalid, NotFound
from shared.scoring.attribution import together


class PortfolioNotFound(NotFound):
    """There is no portfolio with this id; GET /leaderboard lists those that take part."""


class TradesOfOnePortfolio(Invalid):
    """Trades are attributed portfolio by portfolio: by=trade needs portfolio_id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    portfolio_id: int | None
    by: Grouping
    since: datetime | None  # of the moment at which it was realised
    until: datetime | None


def attribution(here: Resources, wanted: Wanted, cursor: str | None, limit: int) -> dict[str, Any]:
    """The terms sum exactly to what the ledger realised, fees of open positions included."""
    if wanted.by == "trade" and wanted.portfolio_id is None:
        raise TradesOfOnePortfolio()
    with here.database.connection() as connection:
        reading = connection.execution_options(isolation_level="REPEATABLE READ")
        names = reads.portfolio_names(reading, wanted.portfolio_id)
        if wanted.portfolio_id is not None and not names:
            raise PortfolioNotFound(portfolio_id=wanted.portfolio_id)
        groups = grouped(_within(wanted, realised(reads.moments(reading, wanted.portfolio_id))), wanted.by)
        keys, after = _page(list(groups), wanted.by, cursor, limit)
        details: dict[Any, dict[str, Any]] = {key: {"period": key} for key in keys}
        if wanted.by == "trade":
            details = reads.trades_named(reading, keys)
        elif wanted.by == "portfolio":
            details = {key: {"portfolio_id": key, "name": names[key]} for key in keys}
    return {
        "by": wanted.by,
        "portfolio_id": wanted.portfolio_id,
        "from": wanted.since,
        "to": wanted.until,
        "total": shown(together(groups.values())),
        "attribution": [{**details[key], **shown(groups[key])} for key in keys],
        "cursor": after,
    }


def _within(wanted: Wanted, pieces: Iterator[Realised]) -> Iterator[Realised]:
    for piece in pieces:
        if (wanted.since is None or piece.at >= wanted.since) and (wanted.until is None or piece.at < wanted.until):
            yield piece


def _page(keys: list[Any], by: Grouping, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """The newest trades and periods first, portfolios by their number."""
    keys.sort(reverse=by != "portfolio")
    if cursor is not None:
        last = _key(cursor, by)
        keys = [key for key in keys if (key > last if by == "portfolio" else key < last)]
    more = len(keys) > limit
    keys = keys[:limit]
    return keys, cursor_of(by, str(keys[-1])) if more else None


def _key(cursor: str, by: Grouping) -> Any:
    name, value = key_of(cursor, str, str)
    try:
        if name != by:
            raise ValueError("of another list")
        return int(value) if by in ("trade", "portfolio") else date.fromisoformat(str(value))
    except ValueError as error:
        raise UnknownCursor(cursor=cursor[:80]) from error
