"""Metrics in small pictures: how things went over the last cycles, syncs and hours, from rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from services.orchestrator.storage import operating
from shared.trading.reasons import DONE
from shared.ui.drawings import sparkline

HOURS = 24
SYNCS = 40
HOUR = timedelta(hours=1)
WIDTH, HEIGHT = 240, 40

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    title: str
    now: str
    over: str  # what the line goes over
    drawn: Markup  # empty: there is not enough to draw
    empty: str  # what will appear


def pictures(connection: Connection, cycles: Sequence[Row], now: datetime) -> list[Picture]:
    """`cycles` are the newest first."""
    ended = [cycle for cycle in reversed(cycles) if cycle["finished_at"] is not None]
    since = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
    hours = [since + number * HOUR for number in range(HOURS)]
    costs = operating.costs_by_hour(connection, since)
    traded, skipped = _decided(operating.decisions_by_hour(connection, since), hours)
    over = f"the last {len(ended)} cycles"
    empty = "Appears with the second cycle."
    return [
        _picture("A cycle takes", [cycle["seconds"] for cycle in ended], "{:.1f} s", over, empty),
        _picture("Trades a cycle", [cycle["trades_executed"] for cycle in ended], "{:,.0f}", over, empty),
        *[
            _picture(
                f"A sync of {entity} takes",
                [sync["seconds"] for sync in syncs],
                "{:.1f} s",
                f"the last {len(syncs)} syncs",
                "Appears with the second sync.",
            )
            for entity in ("events", "markets")
            for syncs in [operating.sync_seconds(connection, entity, SYNCS)]
        ],
        _hourly("Signals that traded", traded, "{:,.0f}"),
        _hourly("Signals that did not", skipped, "{:,.0f}"),
        _hourly("Models cost", [costs[hour]["dollars"] if hour in costs else 0 for hour in hours], "${:.2f}"),
        _hourly("Calls of models", [costs[hour]["calls"] if hour in costs else 0 for hour in hours], "{:,.0f}"),
    ]


def _decided(rows: Iterable[Row], hours: Sequence[datetime]) -> tuple[list[int], list[int]]:
    traded, skipped = dict.fromkeys(hours, 0), dict.fromkeys(hours, 0)
    for row in rows:
        counted = traded if row["outcome"] in DONE else skipped
        if row["hour"] in counted:
            counted[row["hour"]] += row["signals"]
    return list(traded.values()), list(skipped.values())


def _hourly(title: str, values: Sequence[Any], shape: str) -> Picture:
    """From the first hour in which there was something."""
    first = next((place for place, value in enumerate(values) if value), len(values))
    shown = values[min(first, len(values) - 2) :] if first < len(values) else []
    empty = "Nothing of it in the last day."
    return _picture(title, shown, shape, f"each of the last {len(shown)} hours", empty, " this hour")


def _picture(title: str, values: Sequence[Any], shape: str, over: str, empty: str, moment: str = "") -> Picture:
    known = [None if value is None else float(value) for value in values]
    seen = [value for value in known if value is not None]
    if len(seen) < 2:
        return Picture(title, shape.format(seen[0]) + moment if seen else "", "", Markup(""), empty)
    reach = f"{over}, from {shape.format(min(seen))} to {shape.format(max(seen))}"
    drawn = sparkline(known, f"{title}: {reach}", width=WIDTH, height=HEIGHT)
    return Picture(title, shape.format(seen[-1]) + moment, reach, drawn, empty)


def latencies(values: Sequence[Any], component: str) -> Markup:
    """How fast a service answered at the last looks."""
    known = [None if value is None else float(value) for value in values]
    words = f"How fast {component} answered at the last {len(known)} looks, in milliseconds"
    return sparkline(known, words, width=90, height=20)
