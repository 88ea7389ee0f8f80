"""How figures are written: signs and arrows, exact values in titles, and a dash with its reason for what is missing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from markupsafe import Markup

from shared.ui import figures
from shared.ui.truth import said_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def words(html: Markup | str) -> str:
    return str(Markup(html).striptags()).replace("\u2009", " ")


@pytest.mark.parametrize(
    ("write", "value", "shown"),
    [
        (figures.money, "9700", "$9,700.00"),
        (figures.money, "-3.005", "−$3.00"),
        (figures.money, "-0.001", "$0.00"),
        (figures.gain, "150", "▲ +$150.00"),
        (figures.gain, "-0.40", "▼ −$0.40"),
        (figures.gain, "0.001", "$0.00"),
        (figures.gain, "0", "$0.00"),
        (figures.growth, "0.0123", "▲ +1.23 %"),
        (figures.growth, "-0.5", "▼ −50.00 %"),
        (figures.signed, "-0.0123", "▼ −0.0123"),
        (figures.cents, "0.527", "52.7¢"),
        (figures.cents, "0.0001", "0.01¢"),
        (figures.cents, "1", "100¢"),
        (figures.probability, "0.53", "53 %"),
        (figures.probability, "0.265", "27 %"),
        (figures.probability, "0.125", "13 %"),
        (figures.probability, "0.0055", "0.6 %"),
        (figures.probability, "0.994", "99.4 %"),
        (figures.probability, "0.0004", "under 0.1 %"),
        (figures.probability, "0.9996", "over 99.9 %"),
        (figures.probability, "0", "0 %"),
        (figures.probability, "1", "100 %"),
        (figures.ratio, "-1.234", "−1.23"),
        (figures.amount, "120.500", "120.5"),
        (figures.dollars, "1234567.9", "$1,234,568"),
    ],
)
def test_a_figure_is_written_as_people_read_it(write: Callable[[Decimal], Markup], value: str, shown: str) -> None:
    assert words(write(Decimal(value))) == shown


def test_the_exact_value_stands_in_the_title() -> None:
    assert 'title="0.5271234 dollars"' in figures.cents(Decimal("0.5271234"))
    assert 'title="12.3456789 dollars"' in figures.gain(Decimal("12.3456789"))


@pytest.mark.parametrize(
    "write",
    [
        figures.money, figures.gain, figures.growth, figures.signed, figures.cents, figures.probability, figures.ratio,
        figures.amount, figures.count, figures.dollars, figures.seconds, figures.span,
    ],
)  # fmt: skip
def test_what_is_missing_is_a_dash_with_its_reason_and_never_nothing(write: Callable[..., Markup]) -> None:
    written = write(None, reason="<nobody> knows")

    assert 'title="&lt;nobody&gt; knows"' in written
    assert words(written) == "—<nobody> knows"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(3, "3 s ago"), (-90, "in 2 min"), (7_200, "2 h ago"), (400_000, "5 days ago"), (0, "0 s ago")],
)
def test_times_are_relative_with_the_exact_moment_of_utc(seconds: int, shown: str) -> None:
    written = figures.ago(NOON - timedelta(seconds=seconds), NOON)

    assert words(written) == shown
    assert "UTC" in written


@pytest.mark.parametrize(
    ("venues", "models", "said"),
    [
        ([], [], "NO DATA YET"),
        ([True], [True], "SIMULATED VENUES · SIMULATED MODELS"),
        ([True], [], "SIMULATED VENUES"),
        ([True], [False], "SIMULATED VENUES"),
        ([False], [True], "LIVE DATA · SIMULATED MODELS · PAPER MONEY"),
        ([False], [False], "LIVE DATA · PAPER MONEY"),
        ([False, True], [False, True], "LIVE AND SIMULATED VENUES · REAL AND SIMULATED MODELS"),
    ],
)
def test_the_ribbon_says_what_is_simulated(venues: list[bool], models: list[bool], said: str) -> None:
    assert said_of(venues, models) == said
