"""`coliseum leaderboard`: places and tiers, with the intervals drawn on one axis, because a place alone says little."""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.figures import ago, dollars, growth, many, moment_of, signed
from shared.command_line.harmless import cut
from shared.command_line.tables import Column, say_table
from shared.command_line.terminal import Painted, Part, Terminal

DRAWN_MIN, DRAWN_MAX = 17, 41
BESIDE = 68  # columns that the other cells take, with a name of some length
MEANS = {
    "return": "settled return with its 95 % interval",
    "skill": "mean skill against the crowd with its 95 % interval",
}


class Span(NamedTuple):
    low: Decimal
    middle: Decimal | None
    high: Decimal


def run(options: Namespace, system: System, terminal: Terminal, clock: Callable[[], datetime]) -> int:
    board = system[topology.ARENA].every("/leaderboard", "leaderboard", by=options.by)
    if options.json:
        terminal.data(board)
    elif not board["leaderboard"]:
        terminal.say("Nobody is on the board yet: it is computed once there are portfolios.")
    else:
        _say(terminal, board, clock())
    return 0


def _say(terminal: Terminal, board: Mapping[str, Any], now: datetime) -> None:
    by, rows = board["by"], board["leaderboard"]
    spans = [_span(row, by) for row in rows]
    axis = Axis([span for span in spans if span], _room(terminal))
    columns = (
        Column("#", right=True),
        Column("tier", right=True, spare=1),
        Column("name", name=True),
        Column("worth", right=True, spare=4),
        Column("return", right=True, spare=3 if by == "return" else 2),
        Column("settled" if by == "return" else "skill", right=True),
        Column("events", right=True, spare=5),
        Column(axis.heading(by) if axis.known else "place"),
    )
    say_table(terminal, columns, [_row(row, span, by, axis) for row, span in zip(rows, spans, strict=True)])
    terminal.say("")
    computed = moment_of(board["computed_at"])
    as_of = "not computed yet" if computed is None else f"of {ago(computed, now)}"
    terminal.say(f"{many(len(rows), 'entrant')} by {by}; ranks are {as_of}.")
    if axis.known:
        terminal.say(f"Drawn: {MEANS[by]}; ┊ is zero. Whoever crosses ┊ may have been lucky or unlucky.")
    terminal.say("Nobody in a tier can be told from its first.")


def _room(terminal: Terminal) -> int:
    return DRAWN_MAX if terminal.columns is None else max(DRAWN_MIN, min(DRAWN_MAX, terminal.columns - BESIDE))


def _span(row: Mapping[str, Any], by: str) -> Span | None:
    interval = row["interval"]
    if interval is None:
        return None
    middle = row["settled_return"] if by == "return" else (row["skill"] or {}).get("mean")
    return Span(Decimal(interval["low"]), None if middle is None else Decimal(middle), Decimal(interval["high"]))


def _row(row: Mapping[str, Any], span: Span | None, by: str, axis: "Axis") -> list[Part]:
    judged = growth(row["settled_return"]) if by == "return" else signed((row["skill"] or {}).get("mean"))
    return [
        "–" if row["rank"] is None else str(row["rank"]),
        "–" if row["tier"] is None else str(row["tier"]),
        row["name"],
        dollars(row["account_value"]),
        growth(row["return"]),
        judged,
        str(row["settled_events"]),
        _words(row, by) if span is None else axis.drawn(span),
    ]


def _words(row: Mapping[str, Any], by: str) -> Painted:
    """Only models state the forecasts by which skill is judged; nobody else comes nearer to a rank by waiting."""
    needed = row["still_needed"]
    if needed and (by == "return" or row["model"]):
        return Painted(f"needs {needed} more settled event{'' if needed == 1 else 's'}", "dim")
    return Painted(cut(row["missing"].get("interval") or row["standing"] or "not known", DRAWN_MAX), "dim")


class Axis:
    """One scale for all rows, which holds every interval and the zero."""

    def __init__(self, spans: Sequence[Span], room: int) -> None:
        self.known = bool(spans)
        self.room = room
        self.low = min([Decimal(0), *(span.low for span in spans)])
        self.high = max([Decimal(0), *(span.high for span in spans)])

    def place(self, value: Decimal) -> int:
        width = self.high - self.low
        return 0 if not width else round((value - self.low) / width * (self.room - 1))

    def drawn(self, span: Span) -> Painted:
        cells = [" "] * self.room
        first, last, zero = self.place(span.low), self.place(span.high), self.place(Decimal(0))
        cells[first : last + 1] = "─" * (last - first + 1)
        cells[first], cells[last] = "├", "┤"
        cells[zero] = "┼" if first < zero < last else "┊"
        if span.middle is not None:
            cells[self.place(min(max(span.middle, span.low), span.high))] = "●"
        style = "good" if span.low > 0 else "bad" if span.high < 0 else ""
        return Painted("".join(cells), style)

    def heading(self, by: str) -> str:
        """Both ends of the axis and its zero, as far as they do not run into each other."""
        ends = [self.low, self.high]
        low, high = (f"{end * 100:+.1f}%" if by == "return" else f"{end:+.3f}" for end in ends)
        cells = list(f"{low if self.low else ''}".ljust(self.room))
        if self.high:
            cells[self.room - len(high) :] = high
        zero = self.place(Decimal(0))
        if cells[max(0, zero - 1) : zero + 2] == [" "] * len(cells[max(0, zero - 1) : zero + 2]):
            cells[zero] = "0"
        return "".join(cells).replace("-", "−")
