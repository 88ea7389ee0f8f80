"""The charts of one portfolio: its equity and its falls from the highest point, over a chosen range."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from services.paper_trading.pages.addresses import address_of
from shared.ui.drawings import Chart, Series

RANGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "1w": timedelta(days=7),
    "all": None,
}
USUAL = "1d"
STEPS = 110  # points of a chart at most
FALL_SECONDS = 15  # after which the deepest fall is looked for again
GAP = 6  # times the usual distance between two points, beyond which nobody looked
NOTHING: Mapping[str, str] = {}

Row = dict[str, Any]


def since_of(chosen: str, now: datetime) -> datetime | None:
    length = RANGES[chosen]
    return None if length is None else now - length


def equity_chart(
    portfolio: Row, points: Sequence[Row], color: str, chosen: str, now: datetime, kept: Mapping[str, str] = NOTHING
) -> Chart:
    """Up to this moment: the last point is what the portfolio is worth now. Its ranges keep what else was chosen."""
    number, deposit = portfolio["portfolio_id"], float(portfolio["initial_balance"])
    until_now = [*points, {"taken_at": now, "equity": portfolio["equity"]}] if points else points
    times, values = _with_gaps(until_now, "equity", GAP)
    return Chart(
        name="equity",
        title="Equity",
        unit="$",
        times=times,
        series=[Series("equity", color, values, dashed=portfolio["strategy_type"] == "baseline")],
        start=deposit,
        alternative=_equity_words(portfolio, points),
        csv=f"/portfolio/{number}/equity.csv",
        ranges=[(name, address_of(number, kept, range=name), name == chosen) for name in RANGES],
    )


def fall_chart(portfolio: Row, points: Sequence[Row], color: str, now: datetime) -> Chart:
    """Over the same time as the equity, so that the two can be read together."""
    deepest = max((row["fall"] for row in points), default=Decimal(0))
    until_now = [*points, {"taken_at": now, "fall": None}] if deepest else []
    times, falls = _with_gaps(until_now, "fall", GAP)
    return Chart(
        name="drawdown",
        title="Fall from its highest point",
        unit="%",
        times=times,
        series=[Series("fall", color, [None if fall is None else -round(fall * 100, 4) for fall in falls])],
        start=0.0,
        alternative=_fall_words(points, deepest),
    )


def _equity_words(portfolio: Row, points: Sequence[Row]) -> str:
    if len(points) < 2:
        return "Each trading cycle adds a point; there are too few of them in this range to draw."
    first, last = points[0]["equity"], points[-1]["equity"]
    low, high = min(row["lowest"] for row in points), max(row["highest"] for row in points)
    return (
        f"From ${first:,.2f} to ${last:,.2f} in this range, between ${low:,.2f} and ${high:,.2f}; it began with "
        f"${portfolio['initial_balance']:,.2f}."
    )


def _fall_words(points: Sequence[Row], deepest: Decimal) -> str:
    if not points:
        return "No cycle has taken a point in this range yet."
    if not deepest:
        return "It has not been below its highest point in this range."
    return f"In this range it was at most {deepest * 100:.2f} % below its highest point so far."


def _with_gaps(points: Sequence[Row], figure: str, factor: int) -> tuple[list[int], list[float | None]]:
    """Where nobody looked for long, the line breaks."""
    times = [_seconds(row["taken_at"]) for row in points]
    distances = [after - before for before, after in pairwise(times)]
    usual = median(distances) if distances else 0
    shown_at: list[int] = []
    values: list[float | None] = []
    for place, row in enumerate(points):
        if place and distances[place - 1] > factor * usual:
            shown_at.append(times[place - 1] + 1)
            values.append(None)
        shown_at.append(times[place])
        values.append(None if row[figure] is None else float(row[figure]))
    return shown_at, values


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
