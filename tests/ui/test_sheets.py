"""CSV for spreadsheets."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.ui.sheets import cell_of, sheet
from shared.ui.truth import Truth

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0@x"])
def test_no_text_of_a_stranger_becomes_a_formula(formula: str) -> None:
    assert cell_of(formula) == f"'{formula}"


def test_numbers_stay_numbers_and_the_unknown_is_empty() -> None:
    values = (Decimal("-12.50"), Decimal("1E+3"), Decimal("0.00"), -0.25, 7, None, "a - b", NOON)
    cells = ["-12.5", "1000", "0", "-0.25", "7", "", "a - b", "2026-11-21 12:00:00"]

    assert [cell_of(value) for value in values] == cells


def test_every_row_says_what_is_simulated_and_when_it_was_written() -> None:
    truth = Truth("SIMULATED VENUES", simulated=True)

    body = sheet(("name", "value"), [('=cmd|"/c calc"', Decimal(1)), ("two\nlines, and a comma", None)], truth, NOON)

    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert [row["truth"] for row in rows] == ["SIMULATED VENUES"] * 2
    assert {row["as_of_utc"] for row in rows} == {"2026-11-21 12:00:00"}
    assert rows[0]["name"] == '\'=cmd|"/c calc"' and rows[1]["name"] == "two\nlines, and a comma"
