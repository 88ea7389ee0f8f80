"""What models think of an event, on one line from 0 to 100 percent, with the crowd's price marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

from shared.ui.figures import percent_of

WIDTH, HEIGHT = 240, 26
EDGE = 6
NEAR = 7  # pixels within which two dots would lie on each other


@dataclass(frozen=True, slots=True)
class Stance:
    name: str
    probability: Decimal
    color: str
    words: str  # what it did, such as YES


def strip(stances: Sequence[Stance], crowd: Decimal | None) -> Markup:
    """Dots that would cover each other stand above each other. The words are for those who do not see it."""
    said = [f"{each.name} {percent_of(each.probability)}, {each.words}" for each in stances]
    words = "; ".join([*said, *([] if crowd is None else [f"the crowd {percent_of(crowd)}"])]) or "nobody has spoken"
    middle = HEIGHT / 2
    pieces = [
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(words)}">',
        f'<line class="axis" x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{middle}" y2="{middle}"/>',
        *(f'<line class="axis" x1="{_x(at)}" x2="{_x(at)}" y1="{middle - 3}" y2="{middle + 3}"/>' for at in MARKS),
    ]
    if crowd is not None:
        pieces.append(
            f'<line class="crowd" x1="{_x(crowd)}" x2="{_x(crowd)}" y1="2" y2="{HEIGHT - 2}">'
            f"<title>the crowd {percent_of(crowd)}</title></line>"
        )
    pieces += [
        f'<circle cx="{_x(each.probability)}" cy="{y}" r="4" fill="{each.color}"><title>{escape(one)}</title></circle>'
        for (each, y), one in zip(_apart(stances), said, strict=True)
    ]
    return Markup("".join(pieces) + "</svg>")


MARKS = (Decimal(0), Decimal("0.5"), Decimal(1))
_LEVELS = (0, -6, 6, -3, 3)


def _apart(stances: Sequence[Stance]) -> list[tuple[Stance, str]]:
    places: list[tuple[Stance, str]] = []
    run, last = 0, Decimal(-1)
    for each in stances:  # which come in the order of their probability
        x = Decimal(_x(each.probability))
        run = run + 1 if x - last < NEAR else 0
        last = x
        places.append((each, f"{HEIGHT / 2 + _LEVELS[run % len(_LEVELS)]:.1f}"))
    return places


def _x(share: Decimal) -> str:
    return f"{EDGE + min(max(share, Decimal(0)), Decimal(1)) * (WIDTH - 2 * EDGE):.1f}"
