"""Drawings of the page of one portfolio: where its profit comes from, and how true its probabilities were."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

from services.paper_trading.pages.decided import dollars
from shared.scoring.calibration import Calibration

WIDTH, ROW, LABELS, FIGURES = 460, 28, 104, 112  # pixels
SIDE, EDGE = 300, 34
DOT_MIN, DOT_MAX = 3.0, 11.0


@dataclass(frozen=True, slots=True)
class Step:
    """A term on the way from nothing to the realised profit."""

    name: str
    amount: Decimal
    total: bool = False  # the sum itself, from nothing


def waterfall(steps: Sequence[Step], words: str) -> Markup:
    """Each bar begins where the one above ended; the last one is their sum."""
    spans, at = [], Decimal(0)
    for step in steps:
        begins = Decimal(0) if step.total else at
        spans.append((step, begins, begins + step.amount))
        at = begins + step.amount
    ends = [Decimal(0), *(end for _, *both in spans for end in both)]
    low, high = min(ends), max(ends)
    reach = float(high - low) or 1.0
    room = WIDTH - LABELS - FIGURES

    def x(value: Decimal) -> float:
        return LABELS + float(value - low) / reach * room

    height = ROW * len(spans) + 8
    pieces = [
        f'<svg class="waterfall" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(words)}">',
        f'<line class="zero" x1="{x(Decimal(0)):.1f}" x2="{x(Decimal(0)):.1f}" y1="0" y2="{height}"/>',
    ]
    for number, (step, begins, stops) in enumerate(spans):
        y = 4 + number * ROW
        kind = "sum" if step.total else "gain" if step.amount >= 0 else "loss"
        left, wide = min(x(begins), x(stops)), max(abs(x(stops) - x(begins)), 1.5)
        pieces.append(f'<text x="0" y="{y + 17}">{escape(step.name)}</text>')
        pieces.append(
            f'<rect class="{kind}" x="{left:.1f}" y="{y + 4}" width="{wide:.1f}" height="{ROW - 10}" rx="2"/>'
        )
        if number + 1 < len(spans):
            pieces.append(
                f'<line class="link" x1="{x(stops):.1f}" x2="{x(stops):.1f}" y1="{y + 4}" y2="{y + ROW + 8}"/>'
            )
        figure = f"{'+' if step.amount > 0 else ''}{dollars(step.amount)}"
        pieces.append(f'<text class="figure" x="{WIDTH}" y="{y + 17}" text-anchor="end">{figure}</text>')
    return Markup("".join(pieces) + "</svg>")


def calibration_plot(found: Calibration, color: str) -> Markup:
    """What was said against what came, by tenths; on the diagonal is who was right. Larger dots hold more forecasts."""
    room = SIDE - 2 * EDGE + 10
    most = max(each.forecasts for each in found.bins)

    def x(share: float) -> float:
        return EDGE + share * room

    def y(share: float) -> float:
        return 10 + (1 - share) * room

    pieces = [
        f'<svg class="reliability" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" role="img" '
        f'aria-label="{escape(calibration_words(found))}">',
        f'<line class="diagonal" x1="{x(0):.1f}" y1="{y(0):.1f}" x2="{x(1):.1f}" y2="{y(1):.1f}"/>',
    ]
    for share in (0.0, 0.5, 1.0):
        pieces.append(f'<line class="grid" x1="{x(0):.1f}" x2="{x(1):.1f}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>')
        pieces.append(f'<line class="grid" y1="{y(0):.1f}" y2="{y(1):.1f}" x1="{x(share):.1f}" x2="{x(share):.1f}"/>')
        pieces.append(f'<text x="{EDGE - 5}" y="{y(share) + 4:.1f}" text-anchor="end">{share * 100:.0f}%</text>')
        pieces.append(f'<text x="{x(share):.1f}" y="{SIDE - 12}" text-anchor="middle">{share * 100:.0f}%</text>')
    pieces.append(f'<text x="{x(0.5):.1f}" y="{SIDE - 1}" text-anchor="middle">said</text>')
    pieces.append(f'<text x="{x(0) + 5:.1f}" y="{y(1) + 4:.1f}">came</text>')
    for each in found.bins:
        radius = max(DOT_MIN, DOT_MAX * (each.forecasts / most) ** 0.5)
        words = f"said {each.stated:.0%}, came {each.happened:.0%}, {each.forecasts} forecasts"
        pieces.append(
            f'<circle cx="{x(each.stated):.1f}" cy="{y(each.happened):.1f}" r="{radius:.1f}" fill="{color}">'
            f"<title>{words}</title></circle>"
        )
        beside = x(each.stated) + radius + 2
        at = beside if beside < SIDE - 24 else x(each.stated) - radius - 2
        anchor = "start" if at == beside else "end"
        place = f'x="{at:.1f}" y="{y(each.happened) + 4:.1f}" text-anchor="{anchor}"'
        pieces.append(f'<text class="count" {place}>{each.forecasts}</text>')
    return Markup("".join(pieces) + "</svg>")


def calibration_words(found: Calibration) -> str:
    bins = "; ".join(
        f"{each.forecasts} said about {each.stated:.0%} and {each.happened:.0%} came" for each in found.bins
    )
    return f"Of {found.forecasts} settled forecasts: {bins}."
