"""Stances on one line, and sheets for spreadsheets."""

from decimal import Decimal
from xml.etree import ElementTree

from shared.ui.stances import Stance, strip

HOSTILE = '"><script>alert(1)</script>'


def circles(drawn: str) -> list[tuple[str, str]]:
    return [(each.get("cx", ""), each.get("cy", "")) for each in ElementTree.fromstring(drawn).iter("circle")]


def test_dots_that_would_cover_each_other_stand_above_each_other() -> None:
    near = [Stance(f"M{number}", Decimal("0.5"), "#000000", "YES") for number in range(3)]

    places = circles(strip([*near, Stance("far", Decimal("0.9"), "#111111", "NO")], Decimal("0.4")))

    assert len(set(places)) == 4
    assert [x for x, _ in places] == ["120.0", "120.0", "120.0", "211.2"]
    assert places[3][1] == "13.0"


def test_what_cannot_be_seen_is_said_and_names_are_text() -> None:
    drawn = strip([Stance(HOSTILE, Decimal("0.63"), "#000000", "YES")], Decimal("0.4"))

    picture = ElementTree.fromstring(drawn)
    assert picture.get("aria-label") == f"{HOSTILE} 63 %, YES; the crowd 40 %"
    assert "<script>" not in drawn


def test_nobody_has_spoken_is_said_too() -> None:
    assert 'aria-label="nobody has spoken"' in strip([], None)
    assert circles(strip([], None)) == []
