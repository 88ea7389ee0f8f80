"""Text of strangers cannot move the cursor, change colours or turn the writing direction."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.command_line.asking import read_json
from shared.command_line.harmless import cut, harmless, width
from shared.command_line.terminal import Painted, Terminal, json_text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("over\rwritten", "over written"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("a\x9b31mb", "a�31mb"),
        ("a\x7fb", "a�b"),
        ("Yes\u202eoN", "Yes�oN"),
        ("\u2066isolated\u2069", "�isolated�"),
        ("zero\u200bwidth", "zero�width"),
        ("line\u2028separator", "line separator"),
        ("\ud800", "�"),
        ("z" + "\u0301" * 30, "z\u0301\u0301"),
        ("Zürich 東京 ✓ — …", "Zürich 東京 ✓ — …"),
    ],
)
def test_what_a_terminal_would_obey_becomes_a_sign(hostile: str, shown: str) -> None:
    assert harmless(hostile) == shown


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    shown = harmless(text)

    assert shown.isprintable()
    assert harmless(shown) == shown


@given(st.text(), st.integers(2, 40))
def test_what_is_cut_fits_and_shows_that_something_is_missing(text: str, columns: int) -> None:
    shown = harmless(text)

    short = cut(shown, columns)

    assert width(short) <= columns
    assert short == shown or short.endswith("…")


def test_wide_letters_take_two_columns_and_accents_none() -> None:
    assert width("東京") == 4
    assert width("e\u0301") == 1
    assert cut("東京都庁", 5) == "東京…"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text(), st.text(), st.sampled_from(["good", "bad", "dim", ""]))
def test_nothing_reaches_a_terminal_but_our_own_colours(plain: str, painted: str, style: str) -> None:
    screen = Screen()
    terminal = Terminal(screen, io.StringIO(), {"COLUMNS": "80"})

    terminal.say(plain, Painted(painted, style))

    written = re.sub(r"\x1b\[(?:0|1|2|31|32|33)m", "", screen.getvalue())
    assert written.endswith("\n")
    assert written[:-1].isprintable()


def test_colours_are_left_out_where_nobody_wants_them() -> None:
    for out, environment in ((Screen(), {"NO_COLOR": "1"}), (Screen(), {"TERM": "dumb"}), (io.StringIO(), {})):
        Terminal(out, io.StringIO(), environment).say(Painted("✗ away", "bad"))

        assert out.getvalue() == "✗ away\n"


def test_a_complaint_is_harmless_too() -> None:
    complaints = io.StringIO()

    Terminal(io.StringIO(), complaints, {}).complain("said: \x1b[2J\u202e")

    assert complaints.getvalue() == "coliseum: said: ␛[2J�\n"


def test_json_keeps_every_digit_and_is_ascii() -> None:
    text = '{"amount":0.10000000000000000000001,"big":12345678901234567890,"name":"\\u202e\\u001b[31m","none":null}'

    assert json_text(read_json(text)) == text
