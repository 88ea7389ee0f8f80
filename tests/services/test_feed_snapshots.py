"""Snapshots of Postgres, as readers of the feed compare them."""

import pytest

from shared.feed import Seen


@pytest.mark.parametrize(
    ("snapshot", "other", "covers"),
    [
        ("5:5:", "5:5:", True),
        ("5:9:5,7", "5:9:5,7", True),
        ("5:9:5,7", "5:8:5,7", True),
        ("5:8:5,7", "5:9:5,7", False),
        ("7:9:7", "5:9:5,7", True),
        ("5:9:5,7", "7:9:7", False),
        ("8:12:8,11", "5:8:5", True),
    ],
)
def test_of_two_snapshots_the_later_one_covers_the_other(snapshot: str, other: str, covers: bool) -> None:
    assert Seen.by(snapshot).covers(Seen.by(other)) is covers
