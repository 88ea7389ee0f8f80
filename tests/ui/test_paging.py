"""Long tables in leaves: every row is on exactly one, and no address leads to none."""

import pytest

from shared.ui.paging import LEAF, leaf_number, leaf_of


@pytest.mark.parametrize("total", [0, 1, LEAF - 1, LEAF, LEAF + 1, 3 * LEAF])
def test_every_row_is_on_exactly_one_leaf(total: int) -> None:
    rows = list(range(total))
    count = leaf_of(1, total).count

    assert [row for number in range(1, count + 1) for row in leaf_of(number, total).of(rows)] == rows


def test_beyond_the_last_leaf_is_the_last_one() -> None:
    assert leaf_of(9, LEAF + 1) == leaf_of(2, LEAF + 1)
    assert (leaf_of(2, LEAF + 1).first, leaf_of(2, LEAF + 1).last) == (LEAF + 1, LEAF + 1)


@pytest.mark.parametrize("asked", ["", "0", "-1", "x", "1.5", "²", "9" * 5_000])
def test_what_is_no_number_of_a_leaf_is_the_first(asked: str) -> None:
    assert leaf_number(asked) == 1
