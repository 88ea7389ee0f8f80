"""Text that goes through COPY: whatever it holds, it arrives as it was."""

from datetime import UTC
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from shared.copy_text import copied_json, copied_row, copied_texts
from shared.database import copy_out, copy_rows

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
AWKWARD = st.sampled_from(
    ["\\N", "\\.", "\\", "\t", "\n", "\r", "\r\n", "\\\\n", "NULL", "", "\\x41", "\u2028", "{}", '"', "\x00"]
)
NUMBERS = st.decimals(min_value=-(10**15), max_value=10**15, places=8)
MOMENTS = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999)
ROWS = st.tuples(
    st.none() | TEXTS | AWKWARD,
    st.none() | NUMBERS,
    st.none() | st.booleans(),
    st.none() | MOMENTS,
    st.none() | st.binary(max_size=20),
    st.lists(TEXTS | AWKWARD, max_size=5),
    st.none() | st.integers(-(2**31), 2**31 - 1),
)
COLUMNS = ("words", "number", "flag", "moment", "bytes", "tags", "whole")


def arrived(connection: Connection, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    connection.execute(
        text("""CREATE TEMP TABLE IF NOT EXISTS arriving (place serial, words text, number numeric, flag boolean,
            moment timestamptz, bytes bytea, tags text[], whole integer)""")
    )
    connection.execute(text("TRUNCATE arriving"))
    lines = [copied_row((*row[:5], copied_texts(row[5]), row[6])) for row in rows]
    copy_rows(connection, "arriving", COLUMNS, lines)
    found = connection.execute(text(f"SELECT {', '.join(COLUMNS)} FROM arriving ORDER BY place"))
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in found]


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    return [without_nul(each) for each in value] if isinstance(value, list) else value


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=8))
def test_every_row_arrives_as_it_was_but_for_the_character_0(
    connection: Connection, rows: list[tuple[Any, ...]]
) -> None:
    wanted = [tuple(without_nul(value) for value in row) for row in rows]

    assert arrived(connection, rows) == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=TEXTS | AWKWARD, number=NUMBERS)
def test_json_arrives_with_its_words_and_all_its_digits(connection: Connection, words: str, number: Decimal) -> None:
    connection.execute(text("CREATE TEMP TABLE IF NOT EXISTS arriving_json (said jsonb)"))
    connection.execute(text("TRUNCATE arriving_json"))
    plain = words.replace("\x00", "")

    copy_rows(connection, "arriving_json", ("said",), [copied_row((copied_json({"words": plain, "number": number}),))])

    query = text("SELECT said ->> 'words', (said ->> 'number')::numeric FROM arriving_json")
    assert tuple(connection.execute(query).one()) == (plain, number)


def test_rows_come_out_one_a_line(connection: Connection) -> None:
    lines = list(copy_out(connection, "SELECT n, 'a' || chr(10) || 'b' FROM generate_series(1, 3) n"))

    assert lines == ["1\ta\\nb\n", "2\ta\\nb\n", "3\ta\\nb\n"]
