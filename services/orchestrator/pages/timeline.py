"""Cycles as pictures: one as a line for each step, the last ones as bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import jiter

from services.orchestrator.domain.cycles import COLLECTION, ORDER

WIDE = 1_000  # units of a picture from its left to its right
THIN = 4  # units that the shortest piece takes, so that it is seen
HIGH, LOW = 100, 6  # of a bar

DOES = {
    "collect_events": "collect events",
    "collect_markets": "collect markets",
    "update_prices": "mark what is held",
    "settle": "pay what is settled",
    "signals": "decide",
    "execute": "trade",
    "snapshot": "write equity down",
    "archive": "archive signals",
}


@dataclass(frozen=True, slots=True)
class Piece:
    left: Decimal
    wide: Decimal
    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a cycle."""

    step: str
    does: str
    status: str  # done, running, failed, partial or waiting
    pieces: Sequence[Piece]
    seconds: Decimal | None
    portfolios: int | None  # none: all share it
    done: int | None
    failed: int | None
    told: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Timeline:
    seconds: Decimal  # from the left to the right
    lines: Sequence[Line]

    @property
    def marks(self) -> list[Decimal]:
        return [self.seconds * share / 4 for share in range(5)]


def timeline(
    cycle: Mapping[str, Any],
    groups: Sequence[Mapping[str, Any]],
    pieces: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Timeline:
    """`groups` are the steps, `pieces` the groups of portfolios within them; what runs goes on until now."""
    running = cycle["status"] == "running"
    began = min([cycle["started_at"], *(group["started_at"] for group in groups)])
    end = now if running else cycle["finished_at"] or cycle["reported_at"]
    seconds = max(_seconds(began, end), Decimal("0.001"))
    known = {group["step"]: group for group in groups}
    steps = [step for step in ORDER if step in known or (running and _still_comes(step, known))]
    lines = [
        _line(step, known.get(step), [each for each in pieces if each["step"] == step], cycle, began, end, seconds)
        for step in steps
    ]
    return Timeline(seconds, lines)


def _still_comes(step: str, known: Mapping[str, Any]) -> bool:
    """One that is not there while a later one is was left out, as collecting is for who trades on what is stored."""
    return not any(later in known for later in ORDER[ORDER.index(step) :])


def _line(
    step: str,
    group: Mapping[str, Any] | None,
    pieces: Sequence[Mapping[str, Any]],
    cycle: Mapping[str, Any],
    began: datetime,
    end: datetime,
    seconds: Decimal,
) -> Line:
    if group is None:
        return Line(step, DOES[step], "waiting", (), None, None, None, None, "", None)
    shared = group["portfolios"] is None
    drawn = [group] if shared or not pieces else pieces
    last = group["finished_at"] or end
    return Line(
        step,
        DOES.get(step, step.replace("_", " ")),
        group["status"],
        [_piece(each, began, end, seconds) for each in drawn],
        _seconds(group["started_at"], last),
        None if shared else cycle["portfolios"],
        None if shared else group["portfolios"] - group["failed"],
        group["failed"],
        told_of(step, jiter.from_json(group["counts"].encode()) if group["counts"] else {}),
        group["error"],
    )


def _piece(each: Mapping[str, Any], began: datetime, end: datetime, seconds: Decimal) -> Piece:
    first, last = _seconds(began, each["started_at"]), _seconds(began, each["finished_at"] or end)
    left = min(max(first / seconds, Decimal(0)), Decimal(1)) * WIDE
    wide = max(min(last / seconds, Decimal(1)) * WIDE - left, Decimal(THIN))
    whole = f"{each['portfolios']} portfolios, " if each.get("portfolios") else ""
    words = f"{whole}from {first:.1f} s to {last:.1f} s: {each['status']}"
    return Piece(round(min(left, Decimal(WIDE - THIN)), 1), round(wide, 1), each["status"], words)


def told_of(step: str, counts: Mapping[str, Any]) -> str:
    """What a step that all share says it did."""
    if step in COLLECTION:
        venues = counts.get("platforms") or {}
        seen = sum(venue.get("seen") or 0 for venue in venues.values())
        moved = sum((venue.get("new") or 0) + (venue.get("changed") or 0) for venue in venues.values())
        away = [venue for venue, said in venues.items() if said.get("error")]
        words = f"{seen:,} seen, {moved:,} new or changed" if venues else ""
        return f"{words}; {', '.join(away)} failed" if away else words
    if step == "update_prices" and "positions" in counts:
        stale = f", {counts['stale']:,} without a bid" if counts.get("stale") else ""
        return f"{counts['positions']:,} positions{stale}"
    if step == "settle" and "positions_settled" in counts:
        return f"{counts['positions_settled']:,} positions paid"
    return ""


@dataclass(frozen=True, slots=True)
class Bar:
    cycle: Mapping[str, Any]
    high: int
    words: str
    chosen: bool


def bars(cycles: Sequence[Mapping[str, Any]], chosen: str | None) -> list[Bar]:
    """The oldest first; as high as it took long, beside the longest one. One that runs has no length yet."""
    lengths = [None if cycle["status"] == "running" else Decimal(cycle["seconds"]) for cycle in cycles]
    longest = max([*(length for length in lengths if length is not None), Decimal("0.001")])
    return [
        Bar(
            cycle,
            LOW if length is None else max(LOW, int(length / longest * HIGH)),
            _words(cycle, length),
            cycle["cycle_id"] == chosen,
        )
        for cycle, length in zip(reversed(cycles), reversed(lengths), strict=True)
    ]


def _words(cycle: Mapping[str, Any], length: Decimal | None) -> str:
    began, trades = f"{cycle['started_at']:%d %b %H:%M} UTC", cycle["trades_executed"]
    if length is None:
        return f"{began}: running"
    failed = f", {cycle['portfolios_failed']} failed" if cycle["portfolios_failed"] else ""
    return (
        f"{began}: {cycle['status']} in {length:.1f} s, {trades:,} trade{'' if trades == 1 else 's'}, "
        f"{cycle['portfolios_done']} of {cycle['portfolios']} portfolios{failed}"
    )


def _seconds(first: datetime, last: datetime) -> Decimal:
    return max(Decimal(round((last - first).total_seconds() * 1_000)) / 1_000, Decimal(0))
