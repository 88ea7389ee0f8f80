"""Launchers for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.embedded.cluster import Cluster
from tests.launcher.arena import Arena

Launch = Callable[..., Arena]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts a launcher with a data folder of its own; whatever is left of it ends with the test."""
    arenas: list[Arena] = []

    def start(*services: str, **variables: str) -> Arena:
        arena = Arena(tmp_path / "data", services or ("first",), **variables)
        arena.output = tmp_path / f"{len(arenas)}.output"
        arenas.append(arena)
        return arena.start()

    yield start
    for arena in reversed(arenas):
        arena.kill()
    Cluster(tmp_path / "data" / "postgres").stop()
