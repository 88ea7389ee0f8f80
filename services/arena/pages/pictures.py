"""Pictures of probabilities and differences: one axis for many, an interval, a strip of events, a calibration plot."""

# Places along an axis are percentages, so that a picture fits any width and its marks stay round.

from collections.abc import Sequence

from markupsafe import Markup, escape

STRIP_HEIGHT = 72
STRIP_MAX = 160  # events of a strip, the newest
PLOT = 232  # pixels of a calibration plot, with its words
EDGE = 40


def axis(value: float | None, crowd: float | None, words: str, color: str) -> Markup:
    """A probability on an axis from 0 to 100 %, and how far it is from the crowd's, which is an upright line."""
    pieces = [_opened("stated", 20, words), '<line class="grid" x1="0" x2="100%" y1="10" y2="10"/>']
    pieces += [f'<line class="grid" x1="{x}%" x2="{x}%" y1="7" y2="13"/>' for x in (0, 25, 50, 75, 100)]
    if crowd is not None:
        pieces.append(f'<line class="crowd" x1="{_share(crowd)}" x2="{_share(crowd)}" y1="0" y2="20"/>')
    if value is not None:
        if crowd is not None:
            pieces.append(
                f'<line class="gap" x1="{_share(crowd)}" x2="{_share(value)}" y1="10" y2="10" stroke="{color}"/>'
            )
        pieces.append(f'<circle cx="{_share(value)}" cy="10" r="5" fill="{color}"/>')
    return Markup("".join(pieces) + "</svg>")


def reach(low: float | None, mean: float, high: float | None, most: float, words: str, color: str) -> Markup:
    """A mean with its interval on an axis from −most to most; zero is marked."""

    def x(value: float) -> str:
        return _share(0.5 + value / (most or 1.0) / 2)

    pieces = [_opened("reach-wide", 34, words), '<line class="grid" x1="0" x2="100%" y1="17" y2="17"/>']
    pieces.append('<line class="zero" x1="50%" x2="50%" y1="0" y2="34"/>')
    if low is not None and high is not None:
        pieces.append(f'<line class="span" x1="{x(low)}" x2="{x(high)}" y1="17" y2="17"/>')
        pieces += [f'<line class="span" x1="{x(end)}" x2="{x(end)}" y1="9" y2="25"/>' for end in (low, high)]
    pieces.append(f'<circle cx="{x(mean)}" cy="17" r="6" fill="{color}"/>')
    return Markup("".join(pieces) + "</svg>")


def strip(differences: Sequence[float], words: str, up: str, down: str) -> Markup:
    """One bar an event in their order: upwards where the first was better, downwards where the second was."""
    shown = list(differences)[-STRIP_MAX:]
    most = max((abs(each) for each in shown), default=0.0) or 1.0
    middle, width = STRIP_HEIGHT / 2, 100 / max(len(shown), 20)
    pieces = [_opened("many", STRIP_HEIGHT, words)]
    for number, each in enumerate(shown):
        tall = abs(each) / most * (middle - 3)
        y, color = (middle - tall, up) if each > 0 else (middle, down)
        pieces.append(
            f'<rect x="{number * width + width * 0.12:.3f}%" width="{width * 0.76:.3f}%" y="{y:.1f}" '
            f'height="{max(tall, 0.6):.1f}" fill="{color}"/>'
        )
    pieces.append(f'<line class="zero" x1="0" x2="100%" y1="{middle}" y2="{middle}"/>')
    return Markup("".join(pieces) + "</svg>")


def calibration_plot(bins: Sequence[tuple[float, float, int]], words: str, color: str) -> Markup:
    """What was stated against what happened, each tenth a dot as large as it has forecasts; the diagonal is honest."""
    side = PLOT - EDGE - 18

    def place(stated: float, happened: float) -> tuple[str, str]:
        return f"{EDGE + stated * side:.1f}", f"{6 + (1 - happened) * side:.1f}"

    pieces = [f'<svg class="calibration" viewBox="0 0 {PLOT} {PLOT}" width="{PLOT}" height="{PLOT}" role="img" '
              f'aria-label="{escape(words)}"><title>{escape(words)}</title>']  # fmt: skip
    for share in (0.0, 0.5, 1.0):
        (x, _), (_, y) = place(share, 0), place(0, share)
        pieces.append(f'<line class="grid" x1="{EDGE}" x2="{EDGE + side}" y1="{y}" y2="{y}"/>')
        pieces.append(f'<text class="axis end" x="{EDGE - 4}" y="{float(y) + 4:.1f}">{share * 100:.0f} %</text>')
        pieces.append(f'<text class="axis middle" x="{x}" y="{6 + side + 16:.1f}">{share * 100:.0f} %</text>')
    (left, bottom), (right, top) = place(0, 0), place(1, 1)
    pieces.append(f'<line class="start" x1="{left}" y1="{bottom}" x2="{right}" y2="{top}"/>')
    largest = max((count for _, _, count in bins), default=1)
    for stated, happened, count in bins:
        (x, y), radius = place(stated, happened), 3 + 6 * (count / largest) ** 0.5
        told = f"stated {stated * 100:.0f} %, happened {happened * 100:.0f} %, {count} forecasts"
        pieces.append(f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="{color}"><title>{told}</title></circle>')
    return Markup("".join(pieces) + "</svg>")


def _opened(kind: str, height: int, words: str) -> str:
    return (
        f'<svg class="{kind}" width="100%" height="{height}" role="img" aria-label="{escape(words)}">'
        f"<title>{escape(words)}</title>"
    )


def _share(value: float) -> str:
    return f"{min(max(value, 0.0), 1.0) * 100:.2f}%"
