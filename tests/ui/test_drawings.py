"""Pictures without a script: what is drawn is what is known, gaps are gaps, and names of strangers stay words."""

import xml.dom.minidom as xml

import pytest

from shared.ui.drawings import LEFT, NULL_COLOR, Chart, Mark, Series, bar, color_of, interval, lines, sparkline

HOSTILE = '"><script>alert(1)</script>'


def chart(*series: Series, **facts: object) -> Chart:
    return Chart("equity", "Equity", "$", [0, 60, 120, 180], series, **facts)  # type: ignore[arg-type]


def drawn(svg: str) -> xml.Element:
    root = xml.parseString(svg).documentElement
    assert root is not None
    return root


def test_each_series_is_a_line_with_its_name_at_its_end() -> None:
    svg = drawn(lines(chart(Series("Ann", "#111111", [1, 2, 3, 4]), Series("Bob", "#222222", [4, 3, 2, 1]))))

    assert len(svg.getElementsByTagName("path")) == 2
    assert "".join(each.toxml() for each in svg.getElementsByTagName("text")).count("Ann") == 1
    assert "Bob" in svg.toxml()


def test_words_and_marks_keep_their_size_at_every_width() -> None:
    marks = [Mark(60, 2.0, "a bet", "#111111", shape) for shape in ("dot", "up")]
    svg = drawn(lines(chart(Series("Ann", "#111111", [1, 2, 3, 4]), marks=marks)))

    stretched = [each for each in svg.getElementsByTagName("svg") if each.hasAttribute("viewBox")]
    assert not svg.hasAttribute("viewBox") and len(stretched) == 1
    assert {each.nodeName for each in stretched[0].childNodes} == {"path"}
    assert [each.getAttribute("cx") for each in svg.getElementsByTagName("circle")] == ["33.33%", "100%"]


def test_a_gap_is_a_gap() -> None:
    [path] = drawn(lines(chart(Series("Ann", "#111", [1, None, 3, 4])))).getElementsByTagName("path")

    assert path.getAttribute("d").count("M") == 2


def test_null_entrants_are_dashed() -> None:
    [path] = drawn(lines(chart(Series("Null: cash", NULL_COLOR, [1, 1, 1, 1], dashed=True)))).getElementsByTagName(
        "path"
    )

    assert path.getAttribute("stroke-dasharray")


@pytest.mark.parametrize(
    "values", [[0.5, 0.6, 0.55, 0.52], [0, 1, 2, 3], [9_990, 10_010, 10_000, 10_005], [-0.004, 0, 0.004, 0]]
)
def test_the_figures_at_an_axis_differ(values: list[float]) -> None:
    svg = drawn(lines(chart(Series("Ann", "#111", values))))
    texts = [each for each in svg.getElementsByTagName("text") if each.getAttribute("x") == str(LEFT)]
    figures = [each.toxml().partition(">")[2] for each in texts]

    assert 0 < len(set(figures)) == len(figures)


def test_a_line_that_never_moves_is_drawn_in_the_middle() -> None:
    [path] = drawn(lines(chart(Series("Ann", "#111", [5, 5, 5, 5])))).getElementsByTagName("path")

    assert "nan" not in path.getAttribute("d")


@pytest.mark.parametrize("values", [[None, None, None, None], []])
def test_nothing_known_is_no_picture(values: list[float | None]) -> None:
    empty = Chart("a", "A", "$", [0, 60, 120, 180][: len(values)], [Series("Ann", "#111", values)])

    assert lines(empty) == ""


def test_names_and_words_of_strangers_are_escaped() -> None:
    marks = [Mark(60, 2.0, HOSTILE, "#111111")]
    svg = lines(chart(Series(HOSTILE, "#111111", [1, 2, 3, 4]), marks=marks, alternative=HOSTILE))

    assert "<script>" not in svg
    assert drawn(svg).getAttribute("aria-label") == HOSTILE
    assert "<script>" not in interval(0, 1, 2, 0, 3, HOSTILE) + sparkline([1, 2], HOSTILE) + bar(0.5, HOSTILE)


def test_intervals_of_one_table_share_their_axis() -> None:
    narrow, wide = (drawn(interval(-1, 0, 1, -2, most, "words")) for most in (2, 4))
    middle = [each.getElementsByTagName("circle")[0].getAttribute("cx") for each in (narrow, wide)]

    assert middle[0] == "90.0"
    assert float(middle[1]) < 90


def test_the_zero_line_is_marked_where_it_lies_within() -> None:
    assert 'class="zero"' in interval(-1, 0, 1, -2, 2, "words")
    assert 'class="zero"' not in interval(1, 2, 3, 1, 4, "words")


def test_a_model_keeps_its_documented_colour_and_others_keep_theirs() -> None:
    assert color_of(1, "ai_model", "bg-green-500") == color_of(99, "ai_model", "text-green-500")
    assert color_of(3) == color_of(3)
    assert len({color_of(number) for number in range(10)}) == 10
    assert color_of(7, "baseline") == NULL_COLOR


@pytest.mark.parametrize("share", [-1.0, 0.0, 0.5, 7.0])
def test_a_bar_stays_within_its_frame(share: float) -> None:
    [_, part] = drawn(bar(share, "words")).getElementsByTagName("rect")

    assert 0 <= float(part.getAttribute("width")) <= 100
