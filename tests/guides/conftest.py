"""Newcomers for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.embedded.cluster import Cluster
from tests.guides.newcomer import Newcomer
from tests.launcher.arena import free_offset

Arrive = Callable[..., Newcomer]


@pytest.fixture
def arrive(tmp_path: Path) -> Iterator[Arrive]:
    """Somebody with a copy of the checkout and these settings; what he leaves running ends with the test."""
    newcomers: list[Newcomer] = []

    def come(**variables: str) -> Newcomer:
        newcomers.append(Newcomer(tmp_path / "checkout", free_offset(), **variables))
        return newcomers[-1]

    yield come
    for newcomer in newcomers:
        newcomer.leave()
    Cluster(tmp_path / "checkout" / ".data" / "postgres").stop()
