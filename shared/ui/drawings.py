"""Small pictures in SVG, which need no script: intervals on a shared axis, lines over time, bars, and their colours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import floor, log10
from typing import Any

from markupsafe import Markup, escape

# What an AI model's documented colour looks like.
DOCUMENTED = {
    "red": "#ef4444", "orange": "#f97316", "amber": "#d97706", "yellow": "#ca8a04", "lime": "#65a30d",
    "green": "#22a55e", "emerald": "#10a371", "teal": "#0d9488", "cyan": "#0891b2", "sky": "#0284c7",
    "blue": "#3b82f6", "indigo": "#6366f1", "violet": "#8b5cf6", "purple": "#a855f7", "fuchsia": "#c026d3",
    "pink": "#ec4899", "rose": "#e11d48", "gray": "#7b8494", "slate": "#64748b",
}  # fmt: skip
# For everybody else: told apart also by those who do not see red and green as different (after Okabe and Ito).
SERIES = ("#0072b2", "#d55e00", "#009e73", "#b8860b", "#cc79a7", "#56a0d3", "#8a6d3b", "#7a5195", "#4d8b31", "#a04000")
NULL_COLOR = "#7b8494"
NULL_ENTRANTS = "baseline"  # the type of the portfolios that stand for chance, habit and doing nothing

WIDTH, HEIGHT = 720, 220
LEFT, TOP, BOTTOM = 4, 10, 22  # pixels; style.css leaves room for labels at the right
LABEL_STEP = 14  # pixels between two labels at the ends of lines
LABELS_MAX = 12


def color_of(portfolio_id: int, strategy_type: str = "", documented: str | None = None) -> str:
    """Fixed for a portfolio. `documented` is the colour of an AI model, such as bg-green-500."""
    for part in (documented or "").split("-"):
        if part in DOCUMENTED:
            return DOCUMENTED[part]
    return NULL_COLOR if strategy_type == NULL_ENTRANTS else SERIES[portfolio_id % len(SERIES)]


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    color: str
    values: Sequence[float | None]  # one for each time of the chart; none: a gap
    dashed: bool = False
    faint: bool = False
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment, such as a bet."""

    at: int
    value: float
    words: str
    color: str
    shape: str = "dot"  # or up, down


@dataclass(frozen=True, slots=True)
class Chart:
    name: str  # of its element, unique on the page
    title: str
    unit: str  # $, ¢ or %
    times: Sequence[int]  # seconds since 1970
    series: Sequence[Series]
    start: float | None = None  # a line to compare with: the deposit, zero
    marks: Sequence[Mark] = ()
    alternative: str = ""  # the same in a sentence
    csv: str | None = None
    data: str | None = None  # where the script finds all series; none: these are all
    ranges: Sequence[tuple[str, str, bool]] = field(default_factory=tuple)  # words, address, whether it is this one

    @property
    def island(self) -> dict[str, Any]:
        """What the script draws from."""
        return {
            "unit": self.unit,
            "start": self.start,
            "times": list(self.times),
            "data": self.data,
            "series": [
                {"name": each.name, "color": each.color, "dashed": each.dashed, "faint": each.faint,
                 "href": each.href, "values": list(each.values)}
                for each in self.series
            ],
            "marks": [
                {"at": mark.at, "value": mark.value, "words": mark.words, "color": mark.color, "shape": mark.shape}
                for mark in self.marks
            ],
        }  # fmt: skip


def lines(chart: Chart) -> Markup:
    """The chart as a still picture, for readers without script and for the first moment. It is as wide as its place and
    as high as it is: lines alone are stretched, while words, marks and strokes keep their size at every width."""
    values = [value for each in chart.series for value in each.values if value is not None]
    values += [mark.value for mark in chart.marks] + ([] if chart.start is None else [chart.start])
    if len(chart.times) < 2 or not values:
        return Markup("")
    low, high = _padded(min(values), max(values))
    scale = _Scale(chart.times[0], chart.times[-1], low, high)
    pieces = [f'<svg class="lines" width="100%" height="{HEIGHT}" role="img" aria-label="{escape(chart.alternative)}">']
    pieces += _ticks(scale, chart.unit)
    if chart.start is not None:
        y = scale.y(chart.start)
        pieces.append(f'<line class="start" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
    pieces.append(
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" '
        'overflow="visible">'
    )
    pieces += [_path(chart.times, each, scale) for each in sorted(chart.series, key=lambda each: not each.faint)]
    pieces += ["</svg>", *(_marked(mark, scale) for mark in chart.marks)]
    pieces += _labels(chart, scale)
    return Markup("".join(pieces) + "</svg>")


def _marked(mark: Mark, scale: "_Scale") -> str:
    """A dot, or a triangle that points up or down: colour alone says nothing."""
    x, y, title = f"{scale.share(mark.at) * 100:.2f}%", scale.y(mark.value), f"<title>{escape(mark.words)}</title>"
    if mark.shape == "dot":
        return f'<circle cx="{x}" cy="{y}" r="3.5" fill="{mark.color}">{title}</circle>'
    turn = -4.5 if mark.shape == "up" else 4.5
    points = f"0,{turn} -4.5,{-turn} 4.5,{-turn}"
    drawn = f'<polygon points="{points}" fill="{mark.color}">{title}</polygon>'
    return f'<svg x="{x}" y="{y}" width="1" height="1" overflow="visible">{drawn}</svg>'


def interval(
    low: float | None, middle: float | None, high: float | None, least: float, most: float, words: str, color: str = ""
) -> Markup:
    """A dot with its interval on an axis that the rows of a table share; the zero line is marked."""
    width, height = 180, 18
    reach = (most - least) or 1.0

    def x(value: float) -> str:
        return f"{4 + (min(max(value, least), most) - least) / reach * (width - 8):.1f}"

    pieces = [f'<svg class="interval" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
              f'aria-label="{escape(words)}"><title>{escape(words)}</title>']  # fmt: skip
    if least <= 0 <= most:
        pieces.append(f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{height}"/>')
    if low is not None and high is not None:
        pieces.append(f'<path class="reach" d="M{x(low)} 6v6m0-3H{x(high)}m0-3v6"/>')
    if middle is not None:
        painted = f' fill="{color}"' if color else ""
        pieces.append(f'<circle cx="{x(middle)}" cy="9" r="4"{painted}/>')
    return Markup("".join(pieces) + "</svg>")


def sparkline(
    values: Sequence[float | None], words: str, color: str = "", width: int = 120, height: int = 28
) -> Markup:
    """A line without axes, with its last point marked."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = _padded(min(known), max(known))
    step = (width - 6) / (len(values) - 1)
    points = [
        None if value is None else (2 + index * step, height - 3 - (value - low) / (high - low) * (height - 6))
        for index, value in enumerate(values)
    ]
    last = next(point for point in reversed(points) if point is not None)
    stroke = f' stroke="{color}"' if color else ""
    return Markup(
        f'<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(words)}"><title>{escape(words)}</title><path d="{_moves(points)}"{stroke}/>'
        f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2.2"/></svg>'
    )


def bar(share: float, words: str, kind: str = "") -> Markup:
    """A share of the whole, from 0 to 1."""
    wide = max(0.0, min(1.0, share)) * 100
    return Markup(
        f'<svg class="bar {escape(kind)}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}"><title>{escape(words)}</title><rect class="all" width="100" height="8"/>'
        f'<rect class="part" width="{wide:.2f}" height="8"/></svg>'
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: int
    last: int
    low: float
    high: float

    def share(self, at: float) -> float:
        """Of the way from the first moment to the last."""
        return (at - self.first) / ((self.last - self.first) or 1)

    def x(self, at: float) -> str:
        return f"{self.share(at) * WIDTH:.1f}"

    def y(self, value: float) -> str:
        return f"{TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM):.1f}"


def _padded(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    return low - room, high + room


def _path(times: Sequence[int], series: Series, scale: _Scale) -> str:
    points = [
        None if value is None else (float(scale.x(at)), float(scale.y(value)))
        for at, value in zip(times, series.values, strict=True)
    ]
    dash = ' stroke-dasharray="4 3"' if series.dashed else ""
    kind = ' class="faint"' if series.faint else ""
    title = f"<title>{escape(series.name)}</title>"
    return f'<path d="{_moves(points)}" stroke="{series.color}"{dash}{kind}>{title}</path>'


def _moves(points: Sequence[tuple[float, float] | None]) -> str:
    """A gap is a gap."""
    moves, drawing = [], False
    for point in points:
        if point is not None:
            moves.append(f"{'L' if drawing else 'M'}{point[0]:.1f} {point[1]:.1f}")
        drawing = point is not None
    return "".join(moves)


def _labels(chart: Chart, scale: _Scale) -> list[str]:
    """At the ends of lines, moved apart where they would lie on each other."""
    ends = []
    for each in chart.series:
        known = [value for value in each.values if value is not None]
        if known and not each.faint:
            ends.append((float(scale.y(known[-1])), each))
    ends.sort(key=lambda end: end[0])
    pieces, free = [], float(TOP)
    room = HEIGHT - BOTTOM - LABEL_STEP * min(len(ends), LABELS_MAX)
    for number, (y, each) in enumerate(ends[:LABELS_MAX]):
        at = max(free, min(y, room + LABEL_STEP * (number + 1)))
        free = at + LABEL_STEP
        name = each.name if len(each.name) <= 18 else f"{each.name[:17]}…"
        pieces.append(
            f'<circle cx="100%" cy="{at:.1f}" r="3" fill="{each.color}" transform="translate(8)"/>'
            f'<text x="100%" dx="15" y="{at + 4:.1f}">{escape(name)}</text>'
        )
    return pieces


def _ticks(scale: _Scale, unit: str) -> list[str]:
    """Light horizontal lines at round figures, and when it begins and ends."""
    step = round_step((scale.high - scale.low) / 3)
    at, pieces = (int(scale.low / step) + (scale.low > 0)) * step, []
    while at < scale.high:
        y = scale.y(at)
        pieces.append(f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        pieces.append(f'<text class="axis" x="{LEFT}" y="{float(y) - 3:.1f}">{written(at, unit, step)}</text>')
        at += step
    days = scale.last - scale.first > 2 * 86_400
    for moment, anchor, x in ((scale.first, "start", "0"), (scale.last, "end", "100%")):
        shown = datetime.fromtimestamp(moment, UTC).strftime("%d %b" if days else "%H:%M UTC")
        pieces.append(f'<text class="axis" text-anchor="{anchor}" x="{x}" y="{HEIGHT - 6}">{shown}</text>')
    return pieces


def round_step(rough: float) -> float:
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 1.0
    while rough < power:
        power /= 10
    return next((power * factor for factor in (1, 2, 5) if rough <= power * factor), power * 10)


def written(value: float, unit: str, step: float = 1.0) -> str:
    """A figure at an axis, with as many digits as tell it from the next one."""
    digits = max(0, -floor(log10(step) + 1e-9))
    figure = f"{abs(value):,.{digits}f}"
    sign = "−" if value < 0 and figure.strip("0.,") else ""
    return f"{sign}${figure}" if unit == "$" else f"{sign}{figure}\u2009{unit}" if unit != "¢" else f"{sign}{figure}¢"
