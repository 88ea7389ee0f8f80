"""The calibration plot: what somebody said against what came, drawn and in words."""

from markupsafe import Markup, escape

from shared.scoring.calibration import Calibration

SIDE, EDGE = 300, 34  # pixels
DOT_MIN, DOT_MAX = 3.0, 11.0


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
