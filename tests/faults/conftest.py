"""The town in which faults happen; one for all tests of this folder that a worker runs."""

from collections.abc import Iterator

import pytest

from tests.faults.town import Town


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("town"))
    try:
        town.open()
        yield town
    finally:
        town.close()
