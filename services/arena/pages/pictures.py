"""Pictures of probabilities and differences: one axis for many, an interval, a strip of events."""

# Places along an axis are percentages, so that a picture fits any width and its marks stay round.

from collections.abc import Sequence

from markupsafe import Markup, escape

STRIP_HEIGHT = 72
STRIP_MAX = 160  # bars of a strip


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
    """One bar an event in their order: upwards where the first was better, downwards where the second was. Where there
    are more events than bars, each bar stands for those around it."""
    step = max(len(differences) / STRIP_MAX, 1.0)
    shown = [differences[int((number + 0.5) * step)] for number in range(min(len(differences), STRIP_MAX))]
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


def _opened(kind: str, height: int, words: str) -> str:
    return (
        f'<svg class="{kind}" width="100%" height="{height}" role="img" aria-label="{escape(words)}">'
        f"<title>{escape(words)}</title>"
    )


def _share(value: float) -> str:
    return f"{min(max(value, 0.0), 1.0) * 100:.2f}%"
