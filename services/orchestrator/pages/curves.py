"""The curves of all portfolios as growth since their deposit: drawn for the page, whole for the script, as CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection

from services.orchestrator.storage import showing
from shared import topology
from shared.ui.drawings import NULL_ENTRANTS, Chart, Series, color_of
from shared.ui.places import Visit

Range = Literal["1h", "6h", "1d", "1w", "all"]

SPANS: Mapping[Range, timedelta | None] = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "1w": timedelta(days=7),
    "all": None,
}
POINTS = 96
LEADERS = 6  # that are drawn strongly, beside the best null entrant
CYCLES_MISSED = 2  # from which on there is a gap
SOON = timedelta(minutes=2)
NAME_MAX = 40
LEAST = timedelta(minutes=5)  # that a picture spans


@dataclass(frozen=True, slots=True)
class Curves:
    """The growth of each portfolio in percent on one grid of times, the last of which is now."""

    times: Sequence[datetime]
    rows: Sequence[Mapping[str, Any]]
    values: Sequence[Sequence[Decimal | None]]

    @property
    def seconds(self) -> list[int]:
        return [round(moment.timestamp()) for moment in self.times]


def read_curves(
    connection: Connection, span: Range, now: datetime, cycle_seconds: int, ids: Sequence[int] | None = None
) -> Curves:
    first = showing.first_moment(connection)
    reach = SPANS[span]
    age = LEAST if first is None else max(now - first, LEAST)
    step = (age if reach is None else min(reach, age)) / (POINTS - 1)
    old = max(step, CYCLES_MISSED * timedelta(seconds=cycle_seconds) + SOON)
    rows = showing.curves(connection, now, step, POINTS, old, ids)
    times = [now - (POINTS - 1 - number) * step for number in range(POINTS)]
    return Curves(times, rows, [[*row["before"], row["now"]] for row in rows])


def chart_of(connection: Connection, visit: Visit, span: Range, now: datetime, cycle_seconds: int, kept: str) -> Chart:
    """Those that matter, for the page itself; its script asks for all of them."""
    strong = showing.leading(connection, LEADERS)
    curves = read_curves(connection, span, now, cycle_seconds, strong)
    there = bool(curves.rows)
    return Chart(
        "curves",
        "Growth since the deposit",
        "%",
        curves.seconds if there else [],
        series_of(curves, visit, strong),
        start=0.0,
        alternative=_in_words(curves, span),
        csv=f"/curves.csv?range={span}",
        data=f"/curves.json?range={span}" if there else None,
        ranges=[(each, f"/?{kept}&range={each}", each == span) for each in SPANS],
    )


def series_of(curves: Curves, visit: Visit, strong: Sequence[int]) -> list[Series]:
    """The strong ones last, so that they lie above the others."""
    home = visit.address_of(topology.PAPER_TRADING)
    made = [
        Series(
            _short(row["name"]),
            color_of(row["portfolio_id"], row["strategy_type"], row["color"]),
            [None if value is None else round(float(value), 2) for value in values],
            dashed=row["strategy_type"] == NULL_ENTRANTS,
            faint=row["portfolio_id"] not in strong,
            href=f"{home}/portfolio/{row['portfolio_id']}",
        )
        for row, values in zip(curves.rows, curves.values, strict=True)
    ]
    return sorted(made, key=lambda each: not each.faint)


def _short(name: str) -> str:
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"


def _in_words(curves: Curves, span: Range) -> str:
    if not curves.rows:
        return "The curves appear here once there is a portfolio."
    now = sorted(curves.rows, key=lambda row: -row["now"])
    said = ", ".join(f"{_short(row['name'])} {row['now']:+.2f} %".replace("-", "−") for row in now)
    since = "since they began" if span == "all" else f"over the last {span}"
    return f"Growth since the deposit, shown {since}; now: {said}."
