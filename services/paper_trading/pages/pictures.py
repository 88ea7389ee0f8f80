"""A drawing of the page of one portfolio: where its profit comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

from shared.trading.passing import dollars

WIDTH, ROW, LABELS, FIGURES = 460, 28, 104, 112  # pixels


@dataclass(frozen=True, slots=True)
class Step:
    """A term on the way from nothing to the realised profit."""

    name: str
    amount: Decimal
    shown: Decimal  # in cents
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
        figure = f"{'+' if step.shown > 0 else ''}{dollars(step.shown)}"
        exact = f"<title>{step.amount:f} dollars</title>"
        pieces.append(f'<text class="figure" x="{WIDTH}" y="{y + 17}" text-anchor="end">{exact}{figure}</text>')
    return Markup("".join(pieces) + "</svg>")
