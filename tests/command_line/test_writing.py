"""Figures, tables and drawings as a terminal shows them."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.command_line.figures import ago, amount, cents, dollars, gain, growth, many, percent, signed
from shared.command_line.leaderboard import Axis, Span
from shared.command_line.tables import Column, say_table
from shared.command_line.terminal import Painted, Terminal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS = (
    Column("id", right=True),
    Column("name", name=True),
    Column("status", spare=1),
    Column("equity", right=True),
    Column("trades", right=True, spare=2),
)
ROWS = [
    ["1", "Aggressive Momentum of the third kind", "active", "$9,700.00", "12"],
    ["12", "東京のポートフォリオ", "paused", "$1,000,000.00", "3"],
]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (dollars(Decimal("9700")), "$9,700.00"),
        (dollars(Decimal("-0.004")), "$0.00"),
        (dollars(Decimal("-12.345")), "−$12.34"),
        (dollars(None), "—"),
        (gain(Decimal("150")).text, "▲ +$150.00"),
        (gain(Decimal("-10756.80137")).text, "▼ −$10,756.80"),
        (gain(0).text, "$0.00"),
        (gain(None).text, "—"),
        (growth(Decimal("0.0131022")).text, "▲ +1.31 %"),
        (signed(Decimal("-0.0253")).text, "▼ −0.0253"),
        (percent(Decimal("0.53")), "53 %"),
        (cents(Decimal("0.527")), "52.7¢"),
        (amount(Decimal("1913.3900")), "1,913.39"),
        (amount(Decimal("1E+3")), "1,000"),
        (many(1, "trade"), "1 trade"),
        (many(1200, "trade"), "1,200 trades"),
        (many(None, "trade"), "— trades"),
        (ago(NOON - timedelta(seconds=19), NOON), "19 s ago"),
        (ago(NOON + timedelta(minutes=3, seconds=20), NOON), "in 3 min"),
        (ago(NOON - timedelta(days=3), NOON), "3 days ago"),
        (ago(NOON, NOON), "now"),
        (ago(None, NOON), "—"),
    ],
)
def test_figures_are_signed_and_missing_ones_are_dashes(written: str, expected: str) -> None:
    assert written == expected


def written(columns: int | None) -> list[str]:
    out = io.StringIO()
    say_table(Terminal(out, out, {"COLUMNS": str(columns)} if columns else {}), COLUMNS, ROWS)
    return out.getvalue().splitlines()


def test_a_table_without_bounds_shows_everything() -> None:
    assert written(None) == [
        "id  name                                   status         equity  trades",
        " 1  Aggressive Momentum of the third kind  active      $9,700.00      12",
        "12  東京のポートフォリオ                   paused  $1,000,000.00       3",
    ]


def test_names_are_cut_before_anything_is_left_out() -> None:
    assert written(60) == [
        "id  name                       status         equity  trades",
        " 1  Aggressive Momentum of t…  active      $9,700.00      12",
        "12  東京のポートフォリオ       paused  $1,000,000.00       3",
    ]


def test_where_it_is_narrow_columns_are_left_out_and_numbers_never_cut() -> None:
    assert written(30) == [
        "id  name                equity",
        " 1  Aggressive…      $9,700.00",
        "12  東京のポー…  $1,000,000.00",
        "not shown for want of room: status, trades",
    ]


def test_a_hostile_name_keeps_the_columns_straight() -> None:
    out = io.StringIO()

    say_table(Terminal(out, out, {}), COLUMNS[:2], [["1", Painted("\x1b[2J\u202eevil\n", "bad")], ["2", "good"]])

    assert out.getvalue().splitlines() == ["id  name", " 1  ␛[2J�evil", " 2  good"]


def span(low: str, middle: str, high: str) -> Span:
    return Span(Decimal(low), Decimal(middle), Decimal(high))


def test_intervals_share_one_axis_with_the_zero_marked() -> None:
    spans = [
        span("0.1", "0.2", "0.3"),
        span("-0.1", "0", "0.1"),
        span("-0.1", "-0.05", "0.2"),
        span("-0.1", "-0.1", "-0.02"),
    ]

    axis = Axis(spans, 41)

    assert [axis.drawn(each).text for each in spans] == [
        "          ┊         ├─────────●─────────┤",
        "├─────────●─────────┤                    ",
        "├────●────┼───────────────────┤          ",
        "●───────┤ ┊                              ",
    ]
    assert axis.heading("return") == "−10.0%    0                        +30.0%"
    assert [axis.drawn(each).style for each in spans] == ["good", "", "", "bad"]


def test_an_axis_of_one_side_begins_at_zero() -> None:
    axis = Axis([span("0.2", "0.3", "0.4")], 21)

    assert axis.heading("skill") == "0              +0.400"
    assert axis.drawn(span("0.2", "0.3", "0.4")).text == "┊         ├────●────┤"
