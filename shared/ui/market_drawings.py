"""Pictures of one market in SVG, which need no script: candles over time, and the depth of a book."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from markupsafe import Markup, escape

from shared.ui.drawings import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, written

AXIS = 56  # pixels for the figures at the left
EDGE = 8
STICK_MAX = 10.0  # pixels
REACH_MIN = 12.0  # cents around the middle that the depth shows
DAYS = 2 * 86_400


class Stick(NamedTuple):
    """Open, high, low and close in cents, from this moment (seconds since 1970)."""

    at: int
    open: float
    high: float
    low: float
    close: float
    words: str


class Step(NamedTuple):
    """So many contracts stand at this price (cents) or better."""

    price: float
    contracts: float


def candles(sticks: Sequence[Stick], first: int, last: int, minutes: int, words: str) -> Markup:
    """Rising candles are hollow, falling ones are filled."""
    if not sticks:
        return Markup("")
    low, high = _padded(min(each.low for each in sticks), max(each.high for each in sticks))
    room, step = WIDTH - AXIS - EDGE, minutes * 60
    wide = max(1.2, min(STICK_MAX, room * step / max(last - first, 1) * 0.66))

    def x(at: float) -> float:
        return AXIS + min(max((at - first) / max(last - first, 1), 0.0), 1.0) * room

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    pieces = [_opened("candles", words), *_grid(low, high, y), *_moments(first, last)]
    for each in sticks:
        middle = x(each.at + step / 2)
        kind = "rise" if each.close > each.open else "fall" if each.close < each.open else "even"
        top, bottom = y(max(each.open, each.close)), y(min(each.open, each.close))
        pieces.append(
            f'<g class="{kind}"><title>{escape(each.words)}</title>'
            f'<path d="M{middle:.1f} {y(each.high):.1f}V{top:.1f}M{middle:.1f} {bottom:.1f}V{y(each.low):.1f}"/>'
            f'<rect x="{middle - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{max(bottom - top, 1):.1f}"/>'
            "</g>"
        )
    return Markup("".join(pieces) + "</svg>")


def depth(bids: Iterable[tuple[float, float]], asks: Iterable[tuple[float, float]], words: str) -> Markup:
    """Contracts added up from the best price outwards: bids to the left, offers to the right. Levels are best first."""
    left, right = _added(bids), _added(asks)
    if not left and not right:
        return Markup("")
    best = [steps[0].price for steps in (left, right) if steps]
    reach = max(REACH_MIN, (max(best) - min(best)) * 3)
    low, high = max(0.0, min(best) - reach), min(100.0, max(best) + reach)
    left, right = [s for s in left if s.price > low], [s for s in right if s.price < high]
    most = max(each.contracts for each in (*left, *right))
    room = WIDTH - AXIS - EDGE

    def x(price: float) -> float:
        return AXIS + (price - low) / ((high - low) or 1.0) * room

    def y(contracts: float) -> float:
        return TOP + (1 - contracts / (most or 1.0)) * (HEIGHT - TOP - BOTTOM)

    pieces = [_opened("depth", words)]
    for share in (0.5, 1.0):
        at = y(most * share)
        pieces.append(f'<line class="grid" x1="{AXIS}" x2="{WIDTH - EDGE}" y1="{at:.1f}" y2="{at:.1f}"/>')
        said = _short(most * share)
        pieces.append(f'<text class="axis" text-anchor="end" x="{AXIS - 5}" y="{max(at + 4, 16):.1f}">{said}</text>')
    for kind, steps, edge in (("bids", left, low), ("asks", right, high)):
        if steps:
            pieces.append(f'<path class="{kind}" d="{_stairs(steps, edge, x, y)}"/>')
    labels = [(low, "start", 0), (high, "end", 0)]
    labels += [(left[0].price, "end", -3)] if left else []
    labels += [(right[0].price, "start", 3)] if right else []
    pieces += [
        f'<text class="axis" text-anchor="{anchor}" x="{x(price) + aside:.1f}" y="{HEIGHT - 6}">{_cents(price)}</text>'
        for price, anchor, aside in labels
    ]
    return Markup("".join(pieces) + "</svg>")


def _stairs(steps: Sequence[Step], edge: float, x: object, y: object) -> str:
    assert callable(x) and callable(y)
    ground = HEIGHT - BOTTOM
    moves = [f"M{x(steps[0].price):.1f} {ground}"]
    for at, each in enumerate(steps):
        following = steps[at + 1].price if at + 1 < len(steps) else edge
        moves.append(f"V{y(each.contracts):.1f}H{x(following):.1f}")
    return "".join(moves) + f"V{ground}Z"


def _added(levels: Iterable[tuple[float, float]]) -> list[Step]:
    found, contracts = [], 0.0
    for price, size in levels:
        contracts += size
        found.append(Step(price, contracts))
    return found


def _opened(kind: str, words: str) -> str:
    return f'<svg class="lines {kind}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}">'


def _grid(low: float, high: float, y: object) -> list[str]:
    assert callable(y)
    step = next((each for each in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if (high - low) / each <= 5), 25)
    at, pieces = -(-low // step) * step, []
    while at <= high:
        pieces.append(f'<line class="grid" x1="{AXIS}" x2="{WIDTH - EDGE}" y1="{y(at):.1f}" y2="{y(at):.1f}"/>')
        said = _cents(round(at, 1))
        pieces.append(f'<text class="axis" text-anchor="end" x="{AXIS - 5}" y="{y(at) + 4:.1f}">{said}</text>')
        at += step
    return pieces


def _moments(first: int, last: int) -> list[str]:
    form = "%d %b" if last - first > DAYS else "%H:%M UTC"
    return [
        f'<text class="axis" text-anchor="{anchor}" x="{at}" y="{HEIGHT - 6}">'
        f"{datetime.fromtimestamp(moment, UTC).strftime(form)}</text>"
        for moment, anchor, at in ((first, "start", AXIS + LEFT), (last, "end", WIDTH - EDGE))
    ]


def _padded(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.08 or 0.6
    return max(0.0, low - room), min(100.0, high + room)


def _cents(price: float) -> str:
    return f"{price:.2f}".rstrip("0").rstrip(".") + "¢"


def _short(contracts: float) -> str:
    return f"{contracts / 1000:,.0f}k" if contracts >= 10_000 else written(round(contracts), "").strip()
